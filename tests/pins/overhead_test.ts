/** What a message costs on a page besides its text: the whole page less the texts, over the messages. */
import assert from "node:assert/strict";
import { z } from "zod";
import { startSandbox } from "../e2e/sandbox.ts";
import { startServer, type TestServer } from "../e2e/server.ts";

const daySchema = z.object({ rows: z.array(z.array(z.unknown())) });
const fullSchema = z.object({ text: z.string() });
const pageSchema = z.object({
  count: z.int().positive(),
  columns: z.array(z.string()).optional(),
  messages: z.array(z.unknown()),
});

/** Characters a message of the newest hundred, texts taken away. */
async function overhead(server: TestServer, chat: string, fields: "compact" | "full"): Promise<number> {
  const { status, body } = await server.call("fetch_history", { chat, fields, limit: 100, max_chars: 80_000 });
  assert.equal(status, 200, JSON.stringify(body));
  const { count, columns, messages } = pageSchema.parse(body);
  assert.ok(count >= 50, `${chat}: ${count} messages`);
  const texts = fields === "full"
    ? z.array(fullSchema).parse(messages).map(({ text }) => text)
    : z.array(daySchema).parse(messages).flatMap(({ rows }) => rows.map((row) => row[columns?.indexOf("text") ?? -1]));
  const characters = texts.reduce<number>((sum, text) => sum + JSON.stringify(z.string().parse(text)).length - 2, 0);
  return (JSON.stringify(body).length - characters) / count;
}

/** The most characters a message may cost; pages have media, reactions, replies and edits as the sandbox's world has them. */
const BOUNDS: readonly (readonly [kind: string, chat: string, most: number])[] = [
  ["group", "@sandbox_group", 88],
  ["private chat", "@annlee", 75],
  ["channel", "@sandbox_news", 123],
];

Deno.test("overhead: a message of a compact page costs little besides its text, and far less than a full one", async (test) => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const [kind, chat, most] of BOUNDS) {
    await test.step(kind, async () => {
      const [compact, full] = [await overhead(server, chat, "compact"), await overhead(server, chat, "full")];
      assert.ok(compact <= most, `${compact} characters a message`);
      assert.ok(compact < full / 3, `${compact} of ${full} characters a message`);
    });
  }
});
