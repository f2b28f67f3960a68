import assert from "node:assert/strict";
import type { Exports, Started } from "../../src/exports/runner.ts";
import type { Wanted } from "../../src/exports/store.ts";
import { resolveChat } from "../../src/telegram/resolve.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { ME, openJobs } from "./jobs.ts";

const WANTED: Wanted = {
  query: { chats: ["@sandbox_public"], format: "ndjson" },
  targets: [{ id: "-1002000000007", kind: "channel", title: "Public", range: {} }],
};

/** As the command does it. */
function ask(exports: Exports): Started {
  return exports.start(ME, { ...WANTED, isForCommand: true });
}

Deno.test("undelivered exports: the command finds its completed one after a crash, once, and nobody else does", async () => {
  await using sandbox = await startSandbox();
  let id: string;
  {
    await using jobs = openJobs(sandbox);
    await resolveChat(jobs.account, "@sandbox_public");
    const started = ask(jobs.exports);
    id = started.id;
    assert.deepEqual(started, { id, isNew: true, isOwn: true });
    assert.deepEqual(ask(jobs.exports), { id, isNew: false, isOwn: true }, "unfinished it is its own, too");
    await jobs.end(id);
  }
  await using jobs = openJobs(sandbox);
  const other = jobs.exports.start(ME, WANTED);
  assert.deepEqual([other.isNew, other.isOwn], [true, false]);
  await jobs.end(other.id);
  assert.deepEqual(ask(jobs.exports), { id, isNew: false, isOwn: true });
  await jobs.exports.discard(id, ME);
  await assert.rejects(Deno.stat(jobs.path(id)), Deno.errors.NotFound);
  assert.ok((await Deno.stat(jobs.path(other.id))).size > 0, "an equal one of somebody else stays");
  const newer = ask(jobs.exports);
  assert.equal(newer.isNew, true);
  await jobs.end(newer.id);
  await Deno.remove(jobs.exports.folder(newer.id), { recursive: true });
  assert.equal(ask(jobs.exports).isNew, true, "one whose files a sweep has removed is made anew");
});

Deno.test("undelivered exports: one that somebody else asks for meanwhile is not the command's own any more", async () => {
  await using sandbox = await startSandbox();
  await sandbox.faults({ latencyMs: 20 });
  await using jobs = openJobs(sandbox);
  await resolveChat(jobs.account, "@sandbox_public");
  const { id } = ask(jobs.exports);
  assert.deepEqual(jobs.exports.start(ME, WANTED), { id, isNew: false, isOwn: false });
  assert.deepEqual(ask(jobs.exports), { id, isNew: false, isOwn: false });
  await jobs.end(id);
  await jobs.exports.discard(id, ME);
  assert.ok((await Deno.stat(jobs.path(id))).size > 0);
  assert.equal(ask(jobs.exports).isNew, true);
});

Deno.test("undelivered exports: earlier ones that failed go with the one that is delivered", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await resolveChat(jobs.account, "@sandbox_public");
  const failed = ask(jobs.exports).id;
  const job = await jobs.end(failed);
  jobs.store.save({ ...job, state: "failed" });
  const { id, isNew } = ask(jobs.exports);
  assert.equal(isNew, true);
  await jobs.end(id);
  assert.ok((await Deno.stat(jobs.path(failed))).size > 0);
  await jobs.exports.discard(id, ME);
  for (const each of [failed, id]) await assert.rejects(Deno.stat(jobs.path(each)), Deno.errors.NotFound);
});
