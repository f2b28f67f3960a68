/**
 * Exports within takeouts: what the data centre receives, and what becomes of the takeout however the job ends.
 */
import assert from "node:assert/strict";
import { createWorld } from "../../sandbox/world/mod.ts";
import type { Job } from "../../src/exports/job.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { until } from "../cli/command.ts";
import { idsOf, readExport } from "../cli/exports.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { createSleeper, type Sleeper } from "../mtproto/telegram.ts";
import { type Jobs, ME, openJobs, undated } from "./jobs.ts";

const [GROUP, MIGRATED, ANN, NEWS] = ["-1002000000003", "-1002000000013", "734201334", "@sandbox_news"];
const IDS = Array.from(createWorld().messages(GROUP), ({ id }) => id);
const TAKEOUT = { takeout: true } as const;
const hasWritten = ({ position }: Job): boolean => (position?.written ?? 0) > 0;
const waits = ({ state, waiting }: Job): boolean => state === "waiting" && waiting?.reason === "takeout";

/** What reads, among all that was received. */
const READING = /^(channels|messages|users)\./;

/** Every takeout as `state success`. */
async function ends(sandbox: TestSandbox): Promise<string[]> {
  return (await sandbox.takeouts()).map(({ state, success }) => success === undefined ? state : `${state} ${success}`);
}

/** Sleeps that the test ends, one by one. */
function held(): {
  readonly sleeper: Sleeper;
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
} {
  const sleeper = createSleeper();
  return { sleeper, sleep: (seconds, signal = new AbortController().signal) => sleeper.sleep(seconds * 1000, signal) };
}

/** Starts a job after which everything that was received is the job's. */
async function startAlone(sandbox: TestSandbox, jobs: Jobs, chats: readonly string[]): Promise<string> {
  await jobs.start(chats, { type: "poll" }).then((id) => jobs.end(id));
  await sandbox.forgetMethods();
  return await jobs.start(chats, TAKEOUT);
}

Deno.test("takeout: it is opened for the job's kinds of chats, holds all its requests, and is closed as a success", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const cases = [
    [[GROUP], ["messageMegagroups"]],
    [[MIGRATED, ANN], ["messageUsers", "messageChats", "messageMegagroups"]],
    [[NEWS, "me"], ["messageUsers", "messageChannels"]],
  ] as const;
  for (const [chats, flags] of cases) {
    const before = await sandbox.takeouts();
    const job = await jobs.end(await startAlone(sandbox, jobs, chats));
    assert.deepEqual([job.state, job.complete, job.query.takeout], ["completed", true, true]);
    const [takeout, ...more] = (await sandbox.takeouts()).slice(before.length);
    assert.deepEqual([takeout?.flags, takeout?.state, takeout?.success, more], [flags, "finished", true, []]);
    const all = (await sandbox.requests()).filter(({ method }) => !/^(MsgsAck|PingDelayDisconnect)$/.test(method));
    assert.deepEqual([all[0]?.method, all[0]?.takeoutId], ["account.InitTakeoutSession", undefined]);
    assert.equal(all.at(-1)?.method, "account.FinishTakeoutSession");
    assert.deepEqual([...new Set(all.slice(1).map(({ takeoutId }) => takeoutId))], [takeout?.id]);
    assert.ok(all.filter(({ method }) => method === "messages.GetHistory").length > 2);
    const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(job.id)));
    assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  }
  assert.deepEqual([jobs.problems, jobs.store.takeouts.all()], [[], []]);
});

Deno.test("takeout: a job that asks for none has none, and is another one", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 40 });
  const [plain, within] = [await jobs.start([GROUP]), await jobs.start([GROUP], TAKEOUT)];
  assert.notEqual(plain, within);
  await sandbox.clearFaults();
  for (const id of [plain, within]) await jobs.end(id);
  assert.equal(await undated(jobs.path(plain)), await undated(jobs.path(within)));
  const reading = (await sandbox.requests()).filter(({ method }) => method === "messages.GetHistory");
  assert.ok(reading.some(({ takeoutId }) => takeoutId === undefined));
  assert.equal((await sandbox.takeouts()).length, 1);
});

Deno.test("takeout: a job that fails or is cancelled closes it as no success, also when it is cancelled in the queue", async () => {
  await using sandbox = await startSandbox();
  {
    await using jobs = openJobs(sandbox);
    const error = { code: 400, message: "CHANNEL_PRIVATE" };
    await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 20, error }] });
    const failed = await jobs.end(await jobs.start([GROUP], TAKEOUT));
    assert.deepEqual([failed.state, failed.error?.code], ["failed", "CHANNEL_PRIVATE"]);
    assert.deepEqual(await ends(sandbox), ["finished false"]);
    await sandbox.faults({ latencyMs: 400 });
    const id = await jobs.start([GROUP], TAKEOUT);
    await jobs.until(id, hasWritten, "it has a checkpoint");
    assert.equal((await jobs.exports.cancel(id, ME)).job.state, "cancelled");
    assert.deepEqual(await ends(sandbox), ["finished false", "finished false"]);
    const last = await jobs.start([GROUP], TAKEOUT);
    await jobs.until(last, hasWritten, "it has a checkpoint");
    await jobs.exports.drain();
    assert.equal((await ends(sandbox)).at(-1), "open", "what stays in the queue keeps it");
  }
  await using jobs = openJobs(sandbox);
  const [open] = jobs.store.takeouts.all();
  assert.ok(open);
  // In the same turn of the event loop: it has not run again yet.
  const others = jobs.exports.list(ME, { limit: 9 }).jobs;
  const cancelled = await jobs.exports.cancel(open.jobId, ME);
  assert.equal(others.length, 3);
  assert.equal(cancelled.job.state, "cancelled");
  assert.equal((await ends(sandbox)).at(-1), "finished false");
  assert.deepEqual([(await ends(sandbox)).length, jobs.store.takeouts.all(), jobs.problems], [3, [], []]);
});

Deno.test("takeout: a server that was stopped goes on with the same one, and closes it", async () => {
  await using sandbox = await startSandbox();
  await sandbox.faults({ latencyMs: 400 });
  let id: string;
  {
    await using jobs = openJobs(sandbox);
    id = await jobs.start([GROUP], TAKEOUT);
    await jobs.until(id, hasWritten, "it has a checkpoint");
  }
  await sandbox.clearFaults();
  await sandbox.forgetMethods();
  const [takeout] = await sandbox.takeouts();
  assert.equal(takeout?.state, "open");
  await using jobs = openJobs(sandbox);
  assert.deepEqual(jobs.store.takeouts.all(), [{ jobId: id, id: takeout?.id }]);
  assert.equal((await jobs.end(id)).state, "completed");
  const pages = (await sandbox.requests()).filter(({ method }) => method === "messages.GetHistory");
  assert.deepEqual([...new Set(pages.map(({ takeoutId }) => takeoutId))], [takeout?.id]);
  assert.deepEqual(await ends(sandbox), ["finished true"]);
  assert.deepEqual(await idsOf(jobs.path(id)), IDS);
});

Deno.test("takeout: one that Telegram ends is opened anew, as often as that happens, and no message is lost or doubled", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 40 });
  const id = await jobs.start([GROUP, ANN], TAKEOUT);
  for (let round = 1; round <= 3; round++) {
    const pages = async (): Promise<number> => (await sandbox.methods())["messages.GetHistory"] ?? 0;
    await until(async () => await pages() > round * 10, "it goes on");
    await sandbox.invalidateTakeouts();
    await until(async () => (await sandbox.takeouts()).length > round, "there is a new one");
  }
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete, job.position?.lost], ["completed", true, []]);
  assert.deepEqual(await ends(sandbox), ["invalidated", "invalidated", "invalidated", "finished true"]);
  const found = Map.groupBy(await readExport(jobs.path(id)), ({ chat_id }) => chat_id);
  assert.deepEqual(found.get(GROUP)?.map(({ id }) => id), IDS);
  assert.deepEqual(jobs.problems, []);
});

Deno.test("takeout: TAKEOUT_REQUIRED opens one anew too, and one that is never good fails the job instead of asking for ever", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const required = { code: 403, message: "TAKEOUT_REQUIRED" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 9, times: 1, error: required }] });
  const job = await jobs.end(await jobs.start([GROUP], TAKEOUT));
  assert.equal(job.state, "completed");
  assert.deepEqual(await idsOf(jobs.path(job.id)), IDS);
  const invalid = { code: 400, message: "TAKEOUT_INVALID" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 9, error: invalid }] });
  await sandbox.forgetMethods();
  const failed = await jobs.end(await jobs.start([GROUP], TAKEOUT));
  assert.deepEqual([failed.state, failed.error?.code], ["failed", "INTERNAL"]);
  assert.match(failed.error?.message ?? "", /TAKEOUT_INVALID/);
  assert.equal((await sandbox.methods())["account.InitTakeoutSession"], 3);
});

Deno.test("takeout: the owner's confirmation is waited for, asked for once a minute, and no flood wait", async () => {
  await using sandbox = await startSandbox();
  const { sleeper, sleep } = held();
  await using jobs = openJobs(sandbox, { sleep });
  await sandbox.delayTakeouts(86_400);
  const id = await jobs.start([GROUP], TAKEOUT);
  const states: string[] = [];
  const heard = jobs.exports.wait(id, ME, { seconds: 1e6, onChange: ({ job }) => states.push(job.state) });
  for (let asked = 1; asked <= 4; asked++) {
    const job = await jobs.until(id, waits, "it waits");
    const left = (Date.parse(job.waiting?.until ?? "") - Date.now()) / 1000;
    assert.ok(left > 86_000 && left <= 86_400, `${left} s`);
    assert.equal((await sandbox.methods())["account.InitTakeoutSession"], asked);
    assert.equal(await sleeper.wake((ms) => ms <= 86_400_000), 60_000);
    await until(async () => (await sandbox.methods())["account.InitTakeoutSession"] === asked + 1, "it asks again");
  }
  assert.deepEqual([...new Set(states.slice(1))], ["waiting"], "while it asks it waits still");
  assert.equal(jobs.store.get(id)?.waiting?.reason, "takeout");
  assert.deepEqual((await sandbox.requests()).filter(({ takeoutId }) => takeoutId !== undefined), []);
  // Another export goes on meanwhile, and another one within a takeout comes after this.
  const behind = await jobs.start([ANN], TAKEOUT);
  await jobs.end(await jobs.start([ANN]));
  assert.equal(jobs.exports.get(behind, ME).job.state, "queued");
  await sandbox.confirmTakeout();
  await sleeper.wake((ms) => ms === 60_000);
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete, job.waiting], ["completed", true, undefined]);
  assert.deepEqual(await idsOf(jobs.path(id)), IDS);
  assert.equal((await jobs.end(behind)).state, "completed");
  assert.deepEqual(await ends(sandbox), ["finished true", "finished true"]);
  await heard;
});

Deno.test("takeout: what is left of the delay is waited for when it is less than a minute", async () => {
  await using sandbox = await startSandbox();
  const { sleeper, sleep } = held();
  await using jobs = openJobs(sandbox, { sleep });
  await sandbox.delayTakeouts(7);
  const id = await jobs.start([ANN], TAKEOUT);
  await jobs.until(id, waits, "it waits");
  assert.ok(await sleeper.wake() <= 7000);
  await sandbox.confirmTakeout();
  // It asked before that: what is left is a little less.
  const job = await jobs.until(
    id,
    (job) => job.state === "completed" || sleeper.asleep.length > 0,
    "it has asked again",
  );
  if (job.state !== "completed") await sleeper.wake();
  assert.equal((await jobs.end(id)).state, "completed");
});

Deno.test("takeout: the confirmation that is missing amid a job is waited for, and it goes on from its checkpoint", async () => {
  await using sandbox = await startSandbox();
  const { sleeper, sleep } = held();
  await using jobs = openJobs(sandbox, { sleep });
  await sandbox.faults({ latencyMs: 300 });
  const id = await jobs.start([GROUP, ANN], TAKEOUT);
  await until(async () => ((await sandbox.methods())["messages.GetHistory"] ?? 0) > 10, "it reads");
  await sandbox.delayTakeouts(3600);
  await sandbox.invalidateTakeouts();
  const { position } = await jobs.until(id, waits, "it waits");
  assert.ok((position?.written ?? 0) > 0 && (position?.written ?? 0) < IDS.length);
  assert.deepEqual(position?.lost, [], "no chat is given up for it");
  await sandbox.confirmTakeout();
  await sleeper.wake((ms) => ms === 60_000);
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete], ["completed", true]);
  const found = Map.groupBy(await readExport(jobs.path(id)), ({ chat_id }) => chat_id);
  assert.deepEqual(found.get(GROUP)?.map(({ id }) => id), IDS);
  assert.deepEqual(await ends(sandbox), ["invalidated", "finished true"]);
});

Deno.test("takeout: a job that is stopped or cancelled while it waits leaves none open", async () => {
  await using sandbox = await startSandbox();
  await sandbox.delayTakeouts(3600);
  let id: string;
  {
    await using jobs = openJobs(sandbox);
    id = await jobs.start([GROUP], TAKEOUT);
    await jobs.until(id, waits, "it waits");
  }
  {
    await using jobs = openJobs(sandbox);
    assert.equal(jobs.exports.get(id, ME).job.waiting?.reason, "takeout");
    assert.equal((await jobs.exports.cancel(id, ME)).job.state, "cancelled");
  }
  assert.deepEqual(await sandbox.takeouts(), []);
  // Granted in the very moment in which the job is cancelled.
  await sandbox.confirmTakeout();
  await sandbox.faults({ rules: [{ method: "account.initTakeoutSession", delayMs: 200 }] });
  await sandbox.forgetMethods();
  await using jobs = openJobs(sandbox);
  id = await jobs.start([GROUP], TAKEOUT);
  await until(async () => (await sandbox.methods())["account.InitTakeoutSession"] === 1, "it asks for one");
  assert.equal((await jobs.exports.cancel(id, ME)).job.state, "cancelled");
  assert.deepEqual(await ends(sandbox), ["finished false"]);
});

Deno.test("takeout: a closing that fails is reported and tried again, and the job is what it is", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const trouble = { code: 500, message: "INTERNAL" };
  await sandbox.faults({ rules: [{ method: "account.finishTakeoutSession", times: 3, error: trouble }] });
  const job = await jobs.end(await jobs.start([ANN], TAKEOUT));
  assert.equal(job.state, "completed");
  assert.match(String(jobs.problems), /trouble of its own with account\.FinishTakeoutSession/);
  await until(() => jobs.store.takeouts.all().length === 0, "it is closed");
  assert.deepEqual(await ends(sandbox), ["finished true"]);
});

Deno.test("takeout: what could not be closed before the server stopped is closed at its next start", async () => {
  await using sandbox = await startSandbox();
  const trouble = { code: 400, message: "SOMETHING_ELSE" };
  await sandbox.faults({ rules: [{ method: "account.finishTakeoutSession", error: trouble }] });
  {
    await using jobs = openJobs(sandbox);
    assert.equal((await jobs.end(await jobs.start([ANN], TAKEOUT))).state, "completed");
    assert.equal(jobs.store.takeouts.all().length, 1);
  }
  assert.deepEqual(await ends(sandbox), ["open"]);
  await sandbox.clearFaults();
  await using jobs = openJobs(sandbox);
  await until(() => jobs.store.takeouts.all().length === 0, "it is closed");
  assert.deepEqual([await ends(sandbox), jobs.problems], [["finished true"], []]);
});

Deno.test("takeout: floods, lost answers and cut connections within it cost time only, and are told as what they are", async () => {
  await using sandbox = await startSandbox();
  await sandbox.faults({
    rules: [
      { method: "account.initTakeoutSession", times: 1, error: { code: 420, message: "FLOOD_WAIT_2" } },
      { method: "messages.getHistory", after: 5, times: 1, error: { code: 420, message: "FLOOD_WAIT_1" } },
      { method: "messages.getHistory", after: 10, every: 15, times: 2, close: true, lose: true },
    ],
  });
  await using jobs = openJobs(sandbox);
  const reasons = new Set<string | undefined>();
  const id = await jobs.start([GROUP], TAKEOUT);
  while (jobs.exports.get(id, ME).job.finished === undefined) {
    await jobs.exports.wait(id, ME, { seconds: 60, onChange: ({ job }) => reasons.add(job.waiting?.reason) });
  }
  assert.equal((await jobs.end(id)).state, "completed");
  assert.deepEqual([...reasons].sort(), ["connection", "flood", undefined]);
  assert.deepEqual(await idsOf(jobs.path(id)), IDS);
  assert.deepEqual(await ends(sandbox), ["finished true"]);
  const reading = (await sandbox.requests()).filter(({ method, takeoutId }) => READING.test(method) && takeoutId);
  assert.ok(reading.length > IDS.length / 100);
});

Deno.test("takeout: files of messages are asked for within it too, of whichever data centre, and it is opened for them", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const job = await jobs.end(await jobs.start([GROUP], { ...TAKEOUT, type: "voice", download_media: true }));
  assert.equal(job.state, "completed");
  const [takeout] = await sandbox.takeouts();
  assert.deepEqual(takeout?.flags, ["messageMegagroups", "files"]);
  const parts = (await sandbox.requests()).filter(({ method }) => method === "upload.GetFile");
  assert.ok(parts.length > 10, `${parts.length} parts`);
  assert.deepEqual([...new Set(parts.map(({ takeoutId }) => takeoutId))], [takeout?.id]);
  const vouched = (await sandbox.methods())["auth.ImportAuthorization"] ?? 0;
  assert.ok(vouched > 0, "another data centre was asked");
});
