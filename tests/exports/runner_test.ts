/**
 * Which exports run, and who may ask about them.
 */
import assert from "node:assert/strict";
import { createWorld } from "../../sandbox/world/mod.ts";
import type { Job } from "../../src/exports/job.ts";
import type { Owner } from "../../src/exports/store.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { idsOf } from "../cli/exports.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { rejection } from "../mtproto/telegram.ts";
import { ME, openJobs } from "./jobs.ts";

const GROUP = "-1002000000003";
const IDS = Array.from(createWorld().messages(GROUP), ({ id }) => id);
const SMALL = ["@sandbox_live", "@annlee", "me", "Empty Hall", "@sandbox_news", "@sandbox_forum"];
const YOU: Owner = { id: "you", accountId: "default" };
const hasStarted = ({ started }: Job): boolean => started !== undefined;
const hasWritten = ({ position }: Job): boolean => (position?.written ?? 0) > 0;

Deno.test("exports: two run at once, owners take turns, and an owner's are in the order of their creation", async () => {
  await using sandbox = await startSandbox();
  let now = 1_700_000_000_000;
  await using jobs = openJobs(sandbox, { now: () => now++ });
  await sandbox.faults({ rules: [{ method: "messages.GetHistory", after: 0, delayMs: 150 }] });
  const mine: string[] = [];
  for (const chat of SMALL.slice(0, 5)) mine.push(await jobs.start([chat]));
  const yours = [await jobs.start(["@sandbox_live"], {}, YOU), await jobs.start(["@annlee"], {}, YOU)];
  const states = (): string[] => [
    ...mine.map((id) => jobs.exports.get(id, ME).job.state),
    ...yours.map((id) => jobs.exports.get(id, YOU).job.state),
  ];
  assert.deepEqual(states(), ["running", "running", "queued", "queued", "queued", "queued", "queued"]);
  await sandbox.clearFaults();
  for (const id of mine) await jobs.end(id);
  for (const id of yours) await jobs.end(id, YOU);
  const all = [...mine.map((id) => jobs.exports.get(id, ME).job), ...yours.map((id) => jobs.exports.get(id, YOU).job)];
  assert.deepEqual(all.map(({ state }) => state), all.map(() => "completed"));
  const order = all.toSorted((a, b) => Date.parse(a.started ?? "") - Date.parse(b.started ?? "")).map(({ id }) => id);
  assert.deepEqual(order.slice(0, 3), [mine[0], mine[1], yours[0]], "the third is of whoever has waited");
  assert.deepEqual(order.filter((id) => mine.includes(id)), mine);
  assert.deepEqual(order.filter((id) => yours.includes(id)), yours);
});

Deno.test("exports: another owner, or the same one at another account, finds and stops nothing", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 50 });
  const id = await jobs.start([GROUP]);
  for (const other of [YOU, { ...ME, accountId: "other" }]) {
    assert.throws(() => jobs.exports.get(id, other), /no export with this id/);
    await rejection(jobs.exports.cancel(id, other), "EXPORT_NOT_FOUND");
    await rejection(jobs.exports.wait(id, other, { seconds: 1 }), "EXPORT_NOT_FOUND");
    assert.deepEqual(jobs.exports.list(other, { limit: 9 }), { jobs: [], total: 0 });
    assert.notEqual(await jobs.start([GROUP], {}, { ...other, accountId: "default", id: "third" }), id);
  }
  assert.throws(() => jobs.exports.get("nothing", ME), /no export with this id/);
  assert.equal(jobs.exports.list(ME, { limit: 9 }).total, 1);
});

Deno.test("exports: the same query is the same job while it is unfinished, and a new one afterwards", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 50 });
  const id = await jobs.start(["@sandbox_live"]);
  assert.equal(await jobs.start(["-1002000000017"]), id);
  assert.notEqual(await jobs.start(["@sandbox_live"], { format: "csv" }), id);
  await sandbox.clearFaults();
  await jobs.end(id);
  assert.notEqual(await jobs.start(["@sandbox_live"]), id);
});

Deno.test("exports: too many unfinished ones are refused with what to do", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 100 });
  for (let number = 1; number <= 20; number++) await jobs.start([GROUP], { from: `${number}d` });
  const error = await rejection(jobs.start([GROUP]), "RESOURCE_EXHAUSTED");
  assert.deepEqual(error.suggest, { tool: "list_exports", arguments: {} });
  await jobs.start([GROUP], {}, YOU);
});

Deno.test("exports: a cancelled one keeps what was written and says that it is incomplete", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 400 });
  const id = await jobs.start([GROUP], { format: "csv" });
  await jobs.start(["@sandbox_archive"]);
  const queued = await jobs.start(["@sandbox_archive"], { format: "csv" });
  assert.equal(jobs.exports.get(queued, ME).job.state, "queued");
  await jobs.until(id, hasWritten, "it has a checkpoint");
  const { job } = await jobs.exports.cancel(id, ME);
  assert.deepEqual([job.state, job.complete, job.waiting], ["cancelled", false, undefined]);
  const ids = await idsOf(jobs.path(id));
  assert.ok(ids.length > 0 && ids.length < IDS.length);
  assert.deepEqual(ids, IDS.slice(0, ids.length));
  const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(id)));
  assert.deepEqual(findings.filter(({ status }) => status === "fail"), []);
  assert.match(findings.at(-1)?.message ?? "", /^no\. It was cancelled\.$/);
  assert.deepEqual(await jobs.exports.cancel(id, ME), { job: jobs.store.get(id) }, "a finished one is left as it is");
  assert.equal((await jobs.exports.cancel(queued, ME)).job.state, "cancelled");
  assert.deepEqual(jobs.exports.list(ME, { state: "cancelled", limit: 9 }).total, 2);
});

Deno.test("exports: whoever waits hears of progress and the end, and after so long how far it is", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 400 });
  const id = await jobs.start([GROUP]);
  const short = await jobs.exports.wait(id, ME, { seconds: 0.001 });
  assert.ok(["running", "queued"].includes(short.job.state));
  const gone = await jobs.exports.wait(id, ME, { seconds: 60, signal: AbortSignal.abort() });
  assert.notEqual(gone.job.state, "completed");
  const heard: number[] = [];
  let state = "";
  while (state !== "completed") {
    const status = await jobs.exports.wait(id, ME, {
      seconds: 60,
      onChange: ({ job, rate = 0 }) => {
        heard.push(job.position?.written ?? 0);
        assert.ok(rate >= 0);
      },
    });
    state = status.job.state;
  }
  assert.deepEqual(heard, heard.toSorted((a, b) => a - b));
  assert.equal(heard.at(-1), IDS.length);
  assert.ok(new Set(heard).size > 2, `${new Set(heard).size} steps`);
});

Deno.test("exports: what is drained stays unfinished, goes on at the next start, and its owner finds it", async () => {
  await using sandbox = await startSandbox();
  await sandbox.faults({ latencyMs: 400 });
  let ids: string[];
  let written = 0;
  {
    await using jobs = openJobs(sandbox);
    ids = [await jobs.start([GROUP]), await jobs.start(["@annlee"]), await jobs.start(["@sandbox_live"], {}, YOU)];
    await jobs.until(ids[0] ?? "", hasWritten, "it has a checkpoint");
    const pending = jobs.exports.wait(ids[0] ?? "", ME, { seconds: 60 });
    await jobs.exports.drain();
    assert.equal((await pending).job.state, "running", "whoever waits is answered");
    written = jobs.store.get(ids[0] ?? "")?.position?.written ?? 0;
    assert.ok(written > 0);
    const late = await jobs.start(["me"]);
    assert.equal(jobs.exports.get(late, ME).job.state, "queued");
    assert.deepEqual(jobs.ended.filter(({ state }) => state !== "completed"), []);
  }
  await sandbox.clearFaults();
  await using jobs = openJobs(sandbox);
  const job = await jobs.until(ids[0] ?? "", hasStarted, "it runs");
  assert.ok((job.position?.written ?? 0) >= written);
  assert.equal((await jobs.end(ids[0] ?? "")).state, "completed");
  assert.equal((await jobs.end(ids[2] ?? "", YOU)).state, "completed");
  assert.deepEqual(await idsOf(jobs.path(ids[0] ?? "")), IDS);
});

Deno.test("exports: one that may have to wait for days holds no place", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.delayTakeouts(86_400);
  const parked = await jobs.start(["@annlee"], { takeout: true });
  await jobs.until(parked, ({ waiting }) => waiting?.reason === "takeout", "it waits");
  await sandbox.faults({ latencyMs: 100 });
  const long = await jobs.start(["@sandbox_archive"]);
  const short = await jobs.start(["@sandbox_live"]);
  assert.equal((await jobs.end(short)).state, "completed");
  assert.equal(jobs.exports.get(long, ME).job.state, "running");
  assert.equal(jobs.exports.get(parked, ME).job.state, "waiting");
  await jobs.exports.cancel(long, ME);
  await jobs.exports.cancel(parked, ME);
});

Deno.test("exports: one that is being cancelled is not found by whoever asks for an equal one", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 100 });
  const first = await jobs.start(["@sandbox_archive"]);
  await jobs.until(first, hasWritten, "it writes");
  const cancelling = jobs.exports.cancel(first, ME);
  const second = await jobs.start(["@sandbox_archive"]);
  assert.notEqual(second, first);
  assert.equal((await cancelling).job.state, "cancelled");
  assert.ok(["queued", "running"].includes(jobs.exports.get(second, ME).job.state));
  await jobs.exports.cancel(second, ME);
});
