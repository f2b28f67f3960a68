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

/** A call that answers a page, and in what form. */
interface Asked {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly fields: "compact" | "full";
}

/** Characters a message of a page of a hundred, texts taken away. */
async function overhead(server: TestServer, { tool, args, fields }: Asked): Promise<number> {
  const { status, body } = await server.call(tool, { ...args, fields, limit: 100, max_chars: 80_000 });
  assert.equal(status, 200, JSON.stringify(body));
  const { count, columns, messages } = pageSchema.parse(body);
  assert.ok(count >= 50, `${tool}: ${count} messages`);
  const texts = fields === "full"
    ? z.array(fullSchema).parse(messages).map(({ text }) => text)
    : z.array(daySchema).parse(messages).flatMap(({ rows }) => rows.map((row) => row[columns?.indexOf("text") ?? -1]));
  const characters = texts.reduce<number>((sum, text) => sum + JSON.stringify(z.string().parse(text)).length - 2, 0);
  return (JSON.stringify(body).length - characters) / count;
}

/** The most characters a message may cost; pages have media, reactions, replies and edits as the sandbox's world has them. */
const BOUNDS: readonly (readonly [kind: string, tool: string, args: Asked["args"], most: number])[] = [
  ["group", "fetch_history", { chat: "@sandbox_group" }, 88],
  ["private chat", "fetch_history", { chat: "@annlee" }, 75],
  ["channel", "fetch_history", { chat: "@sandbox_news" }, 123],
  ["scattered search", "search_messages", { query: "parser" }, 135],
];

Deno.test("overhead: a message of a compact page costs little besides its text, and much less than a full one", async (test) => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const [kind, tool, args, most] of BOUNDS) {
    await test.step(kind, async () => {
      const compact = await overhead(server, { tool, args, fields: "compact" });
      const full = await overhead(server, { tool, args, fields: "full" });
      assert.ok(compact <= most, `${compact} characters a message`);
      assert.ok(compact < full / 2.5, `${compact} of ${full} characters a message`);
    });
  }
});
