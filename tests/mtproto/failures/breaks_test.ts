/** Rows: a connection is killed in the middle of a request, or is only half there. */
import assert from "node:assert/strict";
import { patient } from "../../../src/mtproto/flood.ts";
import { startRelay } from "../relay.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getFolders,
  getHistory,
  isBackoff,
  isPing,
  rejection,
  startTelegram,
  type Telegram,
  took,
} from "../telegram.ts";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

Deno.test("connection killed mid-request: CONNECTION, and a patient caller gets its answer after it is back", async () => {
  const sleeper = createSleeper();
  await using relay = startRelay(telegram.sandbox.port);
  await using connection = connect(relay.port, { session: telegram.session, sleep: sleeper.sleep });
  await connection.until("ready");
  await telegram.faults({ rules: [{ method: "messages.getHistory", times: 1, close: true }] });
  const again = connection.call(getHistory()).catch(() => connection.call(getHistory()));
  assert.ok(await took(rejection(again, "CONNECTION")) < 1000, "nor is a request taken in the very moment of the loss");
  const { since, reason } = await connection.until("reconnecting");
  assert.ok(since <= Date.now() && reason !== "", reason);
  await rejection(connection.call(getHistory()), "CONNECTION");
  const waits: number[] = [];
  const call = patient(connection.call, {
    seconds: 15,
    random: () => 0,
    sleep: async (seconds) => {
      waits.push(seconds);
      await sleeper.wake(isBackoff);
      await connection.until("ready");
    },
  });
  const answer = await call(getHistory());
  assert.ok("messages" in answer);
  assert.deepEqual(waits, [0.5]);
  assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready", "reconnecting", "ready"]);
});

const BROKEN = [["nothing goes", ["up"]], ["nothing comes", ["down"]], ["neither", ["up", "down"]]] as const;

for (const [name, directions] of BROKEN) {
  Deno.test(`half-open connection (${name}): no answer to a ping, so within a minute calls are CONNECTION and it is made anew`, async () => {
    const sleeper = createSleeper();
    await using relay = startRelay(telegram.sandbox.port);
    await using connection = connect(relay.port, { session: telegram.session, sleep: sleeper.sleep });
    await connection.until("ready");
    await sleeper.wake(isPing);
    await eventually(async () => (await telegram.received()).PingDelayDisconnect, "a ping");
    await eventually(() => sleeper.asleep.some(isPing) || undefined, "the pong");
    assert.equal(connection.status().state, "ready");
    for (const direction of directions) relay.mute(direction);
    const underWay = rejection(connection.call(getHistory()), "CONNECTION");
    let total = await sleeper.wake(isPing);
    total += await sleeper.wake((ms) => !isPing(ms));
    const { reason } = await connection.until("reconnecting");
    assert.match(reason, /ping/);
    assert.ok(total <= 60_000, `${total} ms`);
    await underWay;
    await eventually(() => relay.open === 0 || undefined, "the end of the connection");
    relay.heal();
    await sleeper.wake(isBackoff);
    await connection.until("ready");
    await connection.call(getFolders());
  });
}
