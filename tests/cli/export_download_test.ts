/** From a call over MCP to checked files on another machine, although the server restarts in between. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { createWorld } from "../../sandbox/world/mod.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { call, events, open, post } from "../mcp/raw.ts";
import { command, run, start, until } from "./command.ts";
import { idsOf, sizeOf } from "./exports.ts";
import { urlOf } from "./signed_in.ts";

const ARCHIVE = "-1002000000002";

const answerSchema = z.object({
  structuredContent: z.object({
    id: z.string(),
    state: z.string(),
    complete: z.boolean().optional(),
    files: z.array(z.object({ name: z.string(), bytes: z.int(), url: z.string() })).optional(),
  }),
});
type Export = z.infer<typeof answerSchema>["structuredContent"];

async function tool(url: string, name: string, args: Record<string, unknown>): Promise<Export> {
  const headers = await open(url);
  const sent = await events(await post(url, call(1, name, args), headers));
  const answer = sent.find(({ message }) => message?.id === 1)?.message?.result;
  return answerSchema.parse(answer).structuredContent;
}

Deno.test("start_export over MCP: its files are downloaded by curl across a restart of the server, and hold", async () => {
  await using sandbox = await startSandbox();
  const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0" };
  const copy = join(sandbox.directory, "copy");
  await Deno.mkdir(copy);
  let one: Export;
  let port: string;
  {
    await using server = command(["serve"], environment);
    const url = await urlOf(server);
    ({ port } = new URL(url));
    one = await tool(url, "start_export", { chat: "@sandbox_archive" });
    while (!["completed", "failed"].includes(one.state)) {
      one = await tool(url, "get_export", { id: one.id, wait_seconds: 45 });
    }
    assert.deepEqual([one.state, one.complete], ["completed", true]);
    const [log] = one.files ?? [];
    assert.ok(log?.name === "messages.ndjson" && log.bytes > 10_000_000);
    const slowly = ["-sS", "--fail", "--limit-rate", "4M", "-o", join(copy, log.name), log.url];
    await using curl = start("curl", slowly);
    await until(async () => await sizeOf(join(copy, log.name)) > 1_000_000, "some of it has come");
    server.signal("SIGKILL");
    await server.ended();
    assert.notEqual(await curl.ended(), 0);
    assert.ok(await sizeOf(join(copy, log.name)) < log.bytes, "it broke off");
  }
  await using server = command(["serve"], { ...environment, MCP_SERVER_PORT: port });
  await urlOf(server);
  for (const { name, bytes, url } of one.files ?? []) {
    await using curl = start("curl", ["-sS", "--fail", "-C", "-", "-o", join(copy, name), url]);
    assert.equal(await curl.ended(), 0, curl.err.text());
    assert.equal(await sizeOf(join(copy, name)), bytes);
  }
  const verified = await run(["verify", copy]);
  assert.deepEqual([verified.code, /^ok {4}complete: yes$/m.test(verified.out)], [0, true], verified.out);
  assert.deepEqual(
    await idsOf(join(copy, "messages.ndjson")),
    Array.from(createWorld().messages(ARCHIVE), ({ id }) => id),
  );
});
