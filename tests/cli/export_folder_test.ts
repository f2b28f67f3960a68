import assert from "node:assert/strict";
import { join } from "node:path";
import { createWorld } from "../../sandbox/world/mod.ts";
import { manifestSchema } from "../../src/model/manifest.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { command, run, until } from "./command.ts";
import { idsOf, sizeOfPart } from "./exports.ts";

const NEWS = "-1002000000001";

const manifestIn = async (folder: string): Promise<ReturnType<typeof manifestSchema.parse>> =>
  manifestSchema.parse(JSON.parse(await Deno.readTextFile(join(folder, "manifest.json"))));

Deno.test("export to a folder: its manifest counts what the world has, and verify finds it complete", async () => {
  await using sandbox = await startSandbox();
  const folder = join(sandbox.directory, "deep", "news");
  const ran = await run(["export", "@sandbox_news", "--out", `${folder}/`], sandbox.environment);
  assert.equal(ran.code, 0, ran.err);
  const ids = Array.from(createWorld().messages(NEWS), ({ id }) => id);
  assert.deepEqual(await idsOf(join(folder, "messages.ndjson")), ids);
  const { complete, totals, chats: [chat] } = await manifestIn(folder);
  assert.deepEqual([complete, totals.messages, chat?.first?.id, chat?.last?.id], [true, 10_000, ids[0], ids.at(-1)]);
  const { from, to, deleted, unknown } = chat?.gaps ?? {};
  assert.deepEqual([from, to, deleted, unknown], [1, ids.at(-1), (ids.at(-1) ?? 0) - ids.length, 0]);
  const verified = await run(["verify", folder]);
  assert.equal(verified.code, 0, verified.out + verified.err);
  const again = await run(["export", "@sandbox_news", "--out", `${folder}/`], sandbox.environment);
  assert.match(again.err, /manifest\.json exists already/);
});

Deno.test("export to a folder: killed and continued it is the folder of an undisturbed run", async () => {
  await using sandbox = await startSandbox();
  const folder = join(sandbox.directory, "news");
  const args = ["export", "@sandbox_news", "--out", `${folder}/`, "--from", "#5000"];
  await sandbox.faults({ latencyMs: 300 });
  await using first = command(args, sandbox.environment);
  await until(async () => await sizeOfPart(sandbox.environment) > 0, "the first writes");
  first.signal("SIGKILL");
  await first.ended();
  await assert.rejects(Deno.stat(join(folder, "manifest.json")));
  await sandbox.faults({});
  const second = await run(args, sandbox.environment);
  assert.match(second.err, /An equal export was unfinished already/);
  const wanted = Array.from(createWorld().messages(NEWS), ({ id }) => id).filter((id) => id >= 5000);
  assert.deepEqual(await idsOf(join(folder, "messages.ndjson")), wanted);
  const { chats: [chat] } = await manifestIn(folder);
  assert.deepEqual([chat?.gaps?.from, chat?.gaps?.unknown, chat?.messages], [5000, 0, wanted.length]);
  assert.equal((await run(["verify", folder])).code, 0);
});

Deno.test("export to a folder: one that was limited says so, and a group that was another before is whole", async () => {
  await using sandbox = await startSandbox();
  const news = join(sandbox.directory, "news");
  const limited = await run(["export", "@sandbox_news", "--out", `${news}/`, "--limit", "50"], sandbox.environment);
  assert.equal(limited.code, 0, limited.err);
  const manifest = await manifestIn(news);
  assert.deepEqual([manifest.complete, manifest.chats[0]?.reasons], [false, [
    "No more than 50 messages were asked for.",
  ]]);
  assert.ok((manifest.chats[0]?.gaps?.unknown ?? 0) > 1000, "what lies behind was not looked at");
  const verified = await run(["verify", news]);
  assert.deepEqual([verified.code, /warn/.test(verified.out)], [0, true]);
  const town = join(sandbox.directory, "town");
  const former = await run(["export", "Old Town", "--out", `${town}/`], sandbox.environment);
  assert.equal(former.code, 0, former.err);
  const { chats, complete } = await manifestIn(town);
  assert.deepEqual([chats.length, complete, chats[0]?.kind, chats[1]?.kind], [2, true, "group", "supergroup"]);
});
