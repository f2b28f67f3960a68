/**
 * What all exports together may take of the disk.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createWorld } from "../../sandbox/world/mod.ts";
import { isFinished, type Job } from "../../src/exports/job.ts";
import { type Quota, QuotaError } from "../../src/exports/quota.ts";
import { bytesBelow } from "../../src/exports/tree.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { idsOf } from "../cli/exports.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { rejection } from "../mtproto/telegram.ts";
import { HOUR, openHouse } from "./house.ts";
import { type Jobs, ME, openJobs, undated } from "./jobs.ts";

const GROUP = "-1002000000003";
const IDS = Array.from(createWorld().messages(GROUP), ({ id }) => id);
const DAY = 24 * HOUR;
const waitsForRoom = ({ waiting }: Job): boolean => waiting?.reason === "quota";

/** What an export of the group comes to when nothing limits it. */
interface Whole {
  readonly text: string;
  readonly messages: number;
  /** All its files. */
  readonly bytes: number;
}

async function whole(sandbox: TestSandbox, format: "ndjson" | "csv" = "ndjson"): Promise<Whole> {
  await using jobs = openJobs(sandbox, { directory: join(sandbox.directory, `whole-${format}`) });
  const { id, state } = await jobs.end(await jobs.start([GROUP], { format }));
  assert.equal(state, "completed");
  const bytes = await bytesBelow(jobs.exports.folder(id));
  return { text: await undated(jobs.path(id)), messages: (await Deno.stat(jobs.path(id))).size, bytes };
}

/** A clock that can be moved. */
function clock(): { readonly now: () => number; readonly pass: (ms: number) => void } {
  let moved = 0;
  return { now: () => Date.now() + moved, pass: (ms) => void (moved += ms) };
}

const onDisk = ({ environment }: TestSandbox): Promise<number> =>
  bytesBelow(join(String(environment["DATA_DIR"]), "exports"));

async function assertWhole(jobs: Jobs, job: Job, { text }: Whole): Promise<void> {
  assert.deepEqual([job.state, job.complete, job.error, job.waiting], ["completed", true, undefined, undefined]);
  assert.equal(await undated(jobs.path(job.id)), text);
  const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(job.id)));
  assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
}

Deno.test("quota: amid messages an export waits, within the limit, and goes on when an older one has expired", async () => {
  await using sandbox = await startSandbox();
  const one = await whole(sandbox);
  const { now, pass } = clock();
  const maxBytes = one.bytes + Math.floor(one.messages / 2);
  await using jobs = openJobs(sandbox, { maxBytes, now });
  const first = await jobs.end(await jobs.start([GROUP]));
  const second = await jobs.start([GROUP]);
  const { state, waiting, position } = await jobs.until(second, waitsForRoom, "it waits for room");
  assert.deepEqual([state, Date.parse(waiting?.until ?? "") > now()], ["waiting", true]);
  const written = position?.written ?? 0;
  assert.ok(written > 1500 && written < 3000, `${written} messages`);
  assert.equal((await Deno.stat(jobs.path(second, "messages.ndjson.part"))).size, position?.bytes);
  const taken = await onDisk(sandbox);
  assert.ok(taken <= maxBytes && taken > maxBytes - 100_000, `${taken} of ${maxBytes}`);
  assert.equal(jobs.housekeeping.bytes(), taken);
  pass(DAY);
  await assertWhole(jobs, await jobs.end(second), one);
  assert.equal(jobs.store.get(first.id)?.state, "completed");
  await assert.rejects(Deno.stat(jobs.exports.folder(first.id)), Deno.errors.NotFound);
  assert.equal(jobs.housekeeping.bytes(), await onDisk(sandbox));
});

Deno.test("quota: amid a render an export waits without a trace of it, and renders when there is room", async () => {
  await using sandbox = await startSandbox();
  const one = await whole(sandbox, "csv");
  const { now, pass } = clock();
  await using jobs = openJobs(sandbox, { maxBytes: 2 * one.bytes - 200_000, now });
  const first = await jobs.end(await jobs.start([GROUP], { format: "csv" }));
  assert.equal(first.state, "completed");
  const second = await jobs.start([GROUP], { format: "csv" });
  const { position } = await jobs.until(second, waitsForRoom, "it waits for room");
  assert.equal(position?.written, IDS.length);
  const names = [...Deno.readDirSync(jobs.exports.folder(second))].map(({ name }) => name);
  assert.deepEqual(names.filter((name) => name.includes("csv") || name.includes("manifest")), []);
  assert.equal(jobs.housekeeping.bytes(), await onDisk(sandbox));
  pass(DAY);
  await assertWhole(jobs, await jobs.end(second), one);
  assert.ok((await Deno.stat(jobs.path(second, "messages.csv"))).size > 0);
});

Deno.test("quota: a render that waits is not tried again and again", async () => {
  await using sandbox = await startSandbox();
  const one = await whole(sandbox, "csv");
  let slept = 0;
  const sleep = async (seconds: number): Promise<void> => {
    if (seconds === 30) slept++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await using jobs = openJobs(sandbox, { maxBytes: 2 * one.bytes - 200_000, sleep });
  await jobs.end(await jobs.start([GROUP], { format: "csv" }));
  const { open } = Deno;
  let opened = 0;
  Deno.open = (path, options) => {
    if (String(path).endsWith("messages.csv.part")) opened++;
    return open(path, options);
  };
  try {
    const second = await jobs.start([GROUP], { format: "csv" });
    await jobs.until(second, () => slept > 5, "it was tried a few times");
    assert.equal(opened, 1);
    await jobs.exports.cancel(second, ME);
  } finally {
    Deno.open = open;
  }
});

Deno.test("quota: an export that alone cannot fit fails with what to do, and what there is says that it is incomplete", async () => {
  await using sandbox = await startSandbox();
  const one = await whole(sandbox, "csv");
  const limits = { messages: Math.floor(one.messages / 2), render: one.messages + 100_000 };
  for (const [where, maxBytes] of Object.entries(limits)) {
    await using jobs = openJobs(sandbox, { maxBytes, directory: join(sandbox.directory, where) });
    const heard: (string | undefined)[] = [];
    const id = await jobs.start([GROUP], { format: "csv" });
    const { job } = await jobs.exports.wait(id, ME, {
      seconds: 60,
      onChange: ({ job: { waiting } }) => heard.push(waiting?.reason),
    });
    assert.ok(isFinished(job) || isFinished(await jobs.end(id)));
    const { state, complete, error } = jobs.exports.get(id, ME).job;
    assert.deepEqual([state, complete, error?.code], ["failed", false, "RESOURCE_EXHAUSTED"], where);
    assert.match(error?.message ?? "", /needs more than the [\d.]+ MB/);
    assert.match(error?.hint ?? "", /MAX_EXPORT_BYTES/);
    assert.equal(heard.includes("quota"), false);
    const ids = await idsOf(jobs.path(id));
    assert.deepEqual(ids, IDS.slice(0, ids.length));
    assert.equal(ids.length === IDS.length, where === "render");
    assert.ok(ids.length > 1000);
    const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(id)));
    assert.deepEqual(findings.filter(({ status }) => status === "fail"), []);
  }
});

Deno.test("quota: of two that cannot both fit one is told so, and the other has the room later", async () => {
  await using sandbox = await startSandbox();
  const one = await whole(sandbox);
  const { now, pass } = clock();
  const maxBytes = one.bytes + Math.floor(one.messages / 5);
  await using jobs = openJobs(sandbox, { maxBytes, now });
  // Both are read at the same pace, which is that of the answers.
  await sandbox.faults({ latencyMs: 200 });
  const ids = [await jobs.start([GROUP]), await jobs.start([GROUP], { tz: "Asia/Tokyo" })];
  const settled = (job: Job): boolean => isFinished(job) || waitsForRoom(job);
  await Promise.all(ids.map((id) => jobs.until(id, settled, "it is over, or waits for room")));
  await jobs.until(ids[0] ?? "", () => ids.some((id) => isFinished(jobs.exports.get(id, ME).job)), "one is over");
  const [over, waiting] = ids.map((id) => jobs.exports.get(id, ME).job).toSorted((a) => isFinished(a) ? -1 : 1);
  assert.ok(over && waiting);
  assert.deepEqual([over.state, over.error?.code], ["failed", "RESOURCE_EXHAUSTED"]);
  assert.match(over.error?.message ?? "", /exports that run need more than/);
  await jobs.until(waiting.id, waitsForRoom, "the other one waits");
  await sandbox.clearFaults();
  assert.ok(await onDisk(sandbox) < maxBytes + 10_000, "no more than a manifest is written beyond it");
  pass(DAY);
  await assertWhole(jobs, await jobs.end(waiting.id), one);
});

Deno.test("quota: whoever waits goes on when the limit is raised at a restart, which counts again", async () => {
  await using sandbox = await startSandbox();
  const one = await whole(sandbox);
  const maxBytes = one.bytes + Math.floor(one.messages / 2);
  let id = "";
  {
    await using jobs = openJobs(sandbox, { maxBytes });
    await jobs.end(await jobs.start([GROUP]));
    id = await jobs.start([GROUP]);
    await jobs.until(id, waitsForRoom, "it waits for room");
  }
  {
    await using jobs = openJobs(sandbox, { maxBytes });
    await jobs.until(id, ({ started, waiting }) => started !== undefined && waiting?.reason === "quota", "it waits");
    assert.equal(jobs.housekeeping.bytes(), await onDisk(sandbox));
  }
  await using jobs = openJobs(sandbox, { maxBytes: 2 * one.bytes });
  await assertWhole(jobs, await jobs.end(id), one);
});

Deno.test("quota: it costs no look at the disk for each page", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox, { maxBytes: 100_000_000 });
  const { lstat, stat, readDir } = Deno;
  let looks = 0;
  const counted = <A extends unknown[], R>(look: (...args: A) => R) => (...args: A): R => {
    looks++;
    return look(...args);
  };
  Object.assign(Deno, { lstat: counted(lstat), stat: counted(stat), readDir: counted(readDir) });
  try {
    const { state } = await jobs.end(await jobs.start([GROUP]));
    assert.equal(state, "completed");
  } finally {
    Object.assign(Deno, { lstat, stat, readDir });
  }
  assert.ok(looks < 25, `${looks} looks for ${IDS.length / 100} pages`);
});

Deno.test("start: with no room and nothing that has expired an export is refused at once, an equal one is found", async () => {
  await using sandbox = await startSandbox();
  const one = await whole(sandbox);
  const { now, pass } = clock();
  const maxBytes = one.bytes + 50_000;
  await using jobs = openJobs(sandbox, { maxBytes, now });
  await sandbox.faults({ latencyMs: 20 });
  const running = await jobs.start([GROUP]);
  await jobs.until(running, ({ position }) => (position?.bytes ?? 0) > 0, "it runs");
  await sandbox.clearFaults();
  await jobs.end(running);
  const error = await rejection(jobs.start(["me"]), "RESOURCE_EXHAUSTED");
  assert.match(error.hint, /expired.*MAX_EXPORT_BYTES/);
  assert.deepEqual(error.suggest, { tool: "list_exports", arguments: {} });
  assert.equal(jobs.exports.list(ME, { limit: 9 }).total, 1);
  pass(DAY);
  assert.equal((await jobs.end(await jobs.start(["me"]))).state, "completed");
});

Deno.test("quota: two that wait for one another are found, and one that can go on is waited for", async () => {
  await using house = await openHouse({ maxBytes: 1000 });
  const [a, b] = [await house.add("running"), await house.add("running")];
  const [mine, yours] = [house.keeping.quotas.of(a), house.keeping.quotas.of(b)];
  await mine.begin();
  await yours.begin();
  await mine.reserve(500);
  await yours.reserve(300);
  assert.equal(house.keeping.bytes(), 1000);
  const verdict = async (quota: Quota): Promise<boolean> => {
    const error = await rejection(quota.reserve(1), "RESOURCE_EXHAUSTED");
    assert.ok(error instanceof QuotaError);
    return error.isForEver;
  };
  assert.equal(await verdict(yours), false, "mine may come to its end");
  assert.equal(await verdict(mine), true, "each waits for the other");
  assert.equal(await verdict(yours), false, "mine will not wait any more");
  await rejection(yours.begin(), "RESOURCE_EXHAUSTED");
  const job = house.store.get(a) ?? assert.fail();
  house.store.save({ ...job, state: "failed", finished: new Date(Date.UTC(2026, 0, 1)).toISOString() });
  // What was reserved and never written is free again.
  await mine.end();
  assert.equal(house.keeping.bytes(), 200, "and yours has begun anew with what is there");
  await yours.reserve(800);
  assert.equal(await verdict(yours), false, "mine will expire");
  yours.release(300);
  await yours.reserve(300);
});

Deno.test("quota: what is freed by a sweep, or by hand, goes to one of those who ask for it", async () => {
  await using house = await openHouse({ maxBytes: 300 });
  const [expired, byHand] = [await house.add("completed", DAY - 1), await house.add("completed")];
  const [a, b] = [await house.add("running"), await house.add("running")];
  await Deno.remove(house.path(b), { recursive: true });
  await house.keeping.sweep();
  const [mine, yours] = [house.keeping.quotas.of(a), house.keeping.quotas.of(b)];
  await mine.begin();
  await yours.begin();
  house.pass(1);
  const asked = await Promise.allSettled([mine.reserve(80), yours.reserve(80)]);
  assert.deepEqual(asked.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.ok(!house.names().includes(expired));
  assert.ok(house.keeping.bytes() <= 300);
  await Deno.remove(house.path(byHand, "a.bin"));
  await yours.reserve(80);
  assert.equal(house.keeping.bytes(), 300);
  await Deno.remove(house.path(byHand), { recursive: true });
  await yours.reserve(40);
});
