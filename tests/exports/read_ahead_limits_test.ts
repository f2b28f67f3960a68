/**
 * Pages read ahead: how many, what becomes of them when something ends, and who goes first.
 */
import assert from "node:assert/strict";
import { exportLines } from "../../src/exports/ndjson.ts";
import { type Account } from "../../src/telegram/account.ts";
import type { Call, CallOptions } from "../../src/mtproto/invoke.ts";
import type { Peer } from "../../src/telegram/map/peer.ts";
import { readHistory } from "../../src/telegram/history.ts";
import { resolveChat } from "../../src/telegram/resolve.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { createSleeper, eventually, getSelf, rejection } from "../mtproto/telegram.ts";
import { readLines, withEmpty } from "./filled.ts";
import { openJobs, undated } from "./jobs.ts";

const EMPTY = "-1002000000006";
const DATE = 1_600_000_000;
const HISTORY = "messages.GetHistory";

const pages = async (sandbox: TestSandbox): Promise<number> => (await sandbox.methods())[HISTORY] ?? 0;

/** The lines of the supergroup, which has 4,000 messages; `Symbol.asyncIterator` once. */
async function withLines(
  use: (
    sandbox: TestSandbox,
    account: Account,
    chat: Peer,
    lines: (call?: Call, callOptions?: CallOptions) => ReturnType<typeof exportLines>,
  ) => Promise<void>,
): Promise<void> {
  await using sandbox = await startSandbox();
  const ids = await sandbox.fill(EMPTY, [{ skip: 0, count: 4000 }], { date: DATE });
  await withEmpty(sandbox, async (account, chat) => {
    await sandbox.forgetMethods();
    await use(
      sandbox,
      account,
      chat,
      (call = account.call, callOptions = {}) =>
        exportLines(call, { chat, self: "1000", upTo: ids.at(-1) ?? 0 }, { readAhead: 8, callOptions }),
    );
  });
}

Deno.test("read ahead: who does not take what was read is not read for: never more than eight pages wait", async () => {
  await withLines(async (sandbox, { call }, _chat, lines) => {
    let taken = 0;
    for await (const { kept } of lines()) {
      assert.equal(kept.length, 100);
      taken++;
      const most = taken + Math.min(8, taken + 1);
      await eventually(async () => await pages(sandbox) >= Math.min(most, 40) || undefined, `page ${most}`);
      // As many round trips as a further request would need and more.
      for (let again = 0; again < 3; again++) await call(getSelf());
      assert.equal(await pages(sandbox), Math.min(most, 40), `of which ${taken} are taken`);
      if (taken === 20) break;
    }
  });
});

/** Writes down how each call ended. */
function noting(call: Call, ends: string[]): Call {
  return async (request, options) => {
    try {
      const answer = await call(request, options);
      ends.push("answered");
      return answer;
    } catch (error) {
      ends.push(String(error));
      throw error;
    }
  };
}

Deno.test("read ahead: whoever leaves gives up what is under way, and all turns are free again", async () => {
  await withLines(async (sandbox, { call }, chat, lines) => {
    const stuck = { rules: [{ method: HISTORY, after: 4, delayMs: 60_000 }] };
    const leaving: readonly ((walk: ReturnType<typeof lines>, stop: AbortController) => Promise<unknown>)[] = [
      (walk) => walk.return(),
      (walk) => walk.throw(new Error("the disk is full")).catch(() => {}),
      (walk, stop) => {
        const next = walk.next();
        stop.abort(new Error("cancelled"));
        return assert.rejects(next, /cancelled/);
      },
    ];
    for (const leave of leaving) {
      await sandbox.faults(stuck);
      await sandbox.forgetMethods();
      const stop = new AbortController();
      const ends: string[] = [];
      const walk = lines(noting(call, ends), { signal: stop.signal });
      for (let taken = 0; taken < 4; taken++) await walk.next();
      await eventually(async () => await pages(sandbox) > 6 || undefined, "pages that are stuck");
      await leave(walk, stop);
      assert.equal((await walk.next()).done, true);
      assert.deepEqual(ends.splice(0, 4), ["answered", "answered", "answered", "answered"]);
      assert.ok(ends.length > 2 && ends.every((end) => /abort|cancel/.test(end)), `given up, not timed out: ${ends}`);
      await sandbox.clearFaults();
      await sandbox.forgetMethods();
      const { ids } = await readLines(call, { chat, upTo: 4000 }, { readAhead: 16 });
      assert.equal(ids.length, 4000);
    }
  });
});

Deno.test("read ahead: a failure is told after all that lies before it, whatever came behind it", async () => {
  await withLines(async (sandbox, { call }, _chat, lines) => {
    const error = { code: 400, message: "CHANNEL_PRIVATE" };
    // The tenth fails at once, while the ninth takes its time.
    const [slow, failing] = [{ times: 1, delayMs: 200 }, { times: 1, error }];
    await sandbox.faults({ rules: [slow, failing].map((fault) => ({ method: HISTORY, after: 8, ...fault })) });
    let ids: number[] = [];
    await rejection(
      (async () => {
        for await (const { kept } of lines(call)) ids = [...ids, ...kept.map(({ id }) => id)];
      })(),
      "CHANNEL_PRIVATE",
    );
    assert.deepEqual(ids, Array.from({ length: 900 }, (_, index) => index + 1));
  });
});

Deno.test("read ahead: one job's flood wait is waited for by all its pages, which then come one at a time", async () => {
  await using sandbox = await startSandbox();
  await sandbox.fill(EMPTY, [{ skip: 0, count: 6000 }], { date: DATE });
  await using jobs = openJobs(sandbox);
  const error = { code: 420, message: "FLOOD_WAIT_2" };
  await sandbox.faults({ latencyMs: 20, rules: [{ method: HISTORY, after: 30, times: 1, error }] });
  const id = await jobs.start(["Empty Hall"]);
  await jobs.until(id, ({ waiting }) => waiting?.reason === "flood", "it waits for the flood");
  const atOnce = (await sandbox.atOnce())[HISTORY] ?? 0;
  assert.ok(atOnce > 1 && atOnce <= 10, `${atOnce} at once before it`);
  // Those that were under way are answered.
  await eventually(async () => {
    const before = await pages(sandbox);
    for (let again = 0; again < 5; again++) await jobs.account.call(getSelf());
    return await pages(sandbox) === before || undefined;
  }, "silence");
  const { state } = jobs.exports.get(id, { id: "local", accountId: "default" }).job;
  assert.equal(state, "waiting");
  await sandbox.forgetMethods();
  for (let again = 0; again < 10; again++) await jobs.account.call(getSelf());
  assert.equal(await pages(sandbox), 0, "nothing is asked for during the wait");
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete, job.waiting], ["completed", true, undefined]);
  assert.equal((await sandbox.atOnce())[HISTORY], 1, "and one at a time after it");
  const ids = (await undated(jobs.path(id))).trimEnd().split("\n").map((line) => JSON.parse(line).id);
  assert.deepEqual(ids, Array.from({ length: 6000 }, (_, index) => index + 1));
});

Deno.test("read ahead: a job waits as long as one of its pages does", async () => {
  await using sandbox = await startSandbox();
  await sandbox.fill(EMPTY, [{ skip: 0, count: 6000 }], { date: DATE });
  const sleeper = createSleeper();
  await using jobs = openJobs(sandbox, {
    sleep: (seconds, signal) => sleeper.sleep(seconds * 1000, signal ?? new AbortController().signal),
  });
  const error = { code: 500, message: "INTERNAL" };
  await sandbox.faults({ latencyMs: 20, rules: [{ method: HISTORY, after: 30, times: 2, error }] });
  const id = await jobs.start(["Empty Hall"]);
  await eventually(() => sleeper.asleep.length === 2 || undefined, "two pages that wait");
  const before = await pages(sandbox);
  await sleeper.wake();
  await eventually(async () => await pages(sandbox) > before || undefined, "one of them again");
  for (let again = 0; again < 5; again++) await jobs.account.call(getSelf());
  const { job: { state, waiting } } = jobs.exports.get(id, { id: "local", accountId: "default" });
  assert.deepEqual([state, waiting?.reason], ["waiting", "connection"]);
  await sleeper.wake();
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.waiting, job.position?.written], ["completed", undefined, 6000]);
});

Deno.test("read ahead: two exports leave whoever reads at once: no request of theirs is waited for", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const { peer: forum } = await resolveChat(jobs.account, "@sandbox_forum");
  const topic = async (): Promise<void> => {
    const query = { chat: forum, direction: "newest_first", topic: 1 } as const;
    for await (const { seen } of readHistory(jobs.account.call, query)) return assert.ok(seen.length > 0);
    assert.fail("nothing was read");
  };
  const ids = [await jobs.start(["@sandbox_archive"]), await jobs.start(["@sandbox_archive"], { format: "csv" })];
  for (const id of ids) await jobs.until(id, ({ position }) => (position?.written ?? 0) > 0, "it has begun");
  await sandbox.faults({ rules: [{ method: HISTORY, delayMs: 60_000 }] });
  await sandbox.forgetMethods();
  await eventually(async () => (await sandbox.atOnce())[HISTORY] === 10 || undefined, "all turns of exports");
  await topic();
  assert.equal((await sandbox.methods())["messages.GetReplies"], 1);
  assert.equal((await sandbox.atOnce())[HISTORY], 10, "both together have no more");
  for (const id of ids) await jobs.exports.cancel(id, { id: "local", accountId: "default" });
});
