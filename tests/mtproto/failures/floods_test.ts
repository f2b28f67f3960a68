/** Rows: FLOOD_WAIT under and over what a caller has patience for, and at the greeting. */
import assert from "node:assert/strict";
import { patient } from "../../../src/mtproto/flood.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  getHistory,
  hurried,
  type Observed,
  rejection,
  startTelegram,
  type Telegram,
} from "../telegram.ts";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

/** A test with a connection that is ready, and no faults. */
function connected(title: string, body: (connection: Observed) => Promise<void>): void {
  Deno.test(title, async () => {
    await telegram.faults();
    await using connection = connect(telegram.sandbox.port, { session: telegram.session });
    await connection.until("ready");
    await body(connection);
  });
}

const flood = (seconds: number): { code: number; message: string } => ({ code: 420, message: `FLOOD_WAIT_${seconds}` });

connected("FLOOD_WAIT under the patience: waited for, and said so", async (connection) => {
  const patience = hurried(10);
  const call = patient(connection.call, patience);
  await telegram.faults({ rules: [{ method: "messages.getHistory", times: 2, error: flood(4) }] });
  await call(getHistory());
  assert.deepEqual(patience.slept, [4, 4]);
  const wait = { reason: "flood", method: "messages.GetHistory", seconds: 4 };
  assert.deepEqual(patience.waits, [wait, wait]);
});

connected(
  "FLOOD_WAIT over the patience, which is one for all calls: the error passes with its retry_after",
  async (connection) => {
    const patience = hurried(10);
    const call = patient(connection.call, patience);
    await telegram.faults({ rules: [{ method: "messages.getHistory", times: 4, error: flood(4) }] });
    const error = await rejection(call(getHistory()), "FLOOD_WAIT");
    assert.equal(error.retryAfter, 4);
    assert.deepEqual(patience.slept, [4, 4]);
    await rejection(call(getHistory()), "FLOOD_WAIT");
    assert.deepEqual(patience.slept, [4, 4]);
    await telegram.faults({ rules: [{ method: "messages.getHistory", error: flood(1) }] });
    await rejection(patient(connection.call, hurried(0))(getHistory()), "FLOOD_WAIT");
  },
);

Deno.test("FLOOD_WAIT at the greeting: waited for before the next attempt", async () => {
  const error = { code: 420, message: "FLOOD_WAIT_60" };
  await telegram.faults({ rules: [{ method: "users.getUsers", error }] });
  const sleeper = createSleeper();
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, sleep: sleeper.sleep });
  const { reason } = await connection.until("reconnecting");
  assert.match(reason, /asks to wait 60 s/);
  assert.equal(await sleeper.wake((ms) => ms !== 20_000), 60_000);
  await telegram.faults();
});
