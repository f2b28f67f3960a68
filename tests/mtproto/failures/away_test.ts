/** Row: the server is away for seconds, a minute, ten minutes. Hours of the test's own time pass in milliseconds. */
import assert from "node:assert/strict";
import { patient } from "../../../src/mtproto/flood.ts";
import { Api } from "../../../src/mtproto/gram.ts";
import { startRelay } from "../relay.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getFolders,
  isBackoff,
  rejection,
  startTelegram,
  type Telegram,
} from "../telegram.ts";
import { createTime } from "./time.ts";

const CALLS = 8;
const PATIENCE_S = 15;
/** The longest pause of the connection and the longest of a caller. */
const LONGEST_RECOVERY_MS = 60_000;

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

/** A question whose answer has so many parts that nobody takes it for another's. */
const askFor = (count: number): Api.users.GetUsers =>
  new Api.users.GetUsers({ id: Array.from({ length: count }, () => new Api.InputUserSelf()) });

for (const seconds of [5, 60, 600]) {
  const isShort = seconds < PATIENCE_S;
  const ending = isShort ? "and those with 15 s too" : "those with 15 s are told CONNECTION in time";
  Deno.test(`server away for ${seconds} s during 8 calls: those without a limit get their answers, ${ending}`, async () => {
    const time = createTime();
    const [network, callers] = [time.sleepers(), time.sleepers()];
    await using relay = startRelay(telegram.sandbox.port);
    await using connection = connect(relay.port, {
      session: telegram.session,
      sleep: network.sleep,
      now: time.now,
      random: () => 0.5,
    });
    await connection.until("ready");
    await telegram.faults({ rules: [{ method: "users.getUsers", drop: true }] });

    const { signal } = new AbortController();
    let underWay = 0;
    const ask = async (patience: number, count: number): Promise<number> => {
      const call = patient(connection.call, {
        seconds: patience,
        random: () => 0.5,
        sleep: async (seconds) => void await callers.sleep(seconds * 1000, signal),
      });
      underWay++;
      try {
        return (await call(askFor(count))).length;
      } finally {
        underWay--;
      }
    };
    const sizes = Array.from({ length: CALLS }, (_, i) => i + 1);
    const unlimited = Promise.all(sizes.map((size) => ask(Infinity, size)));
    const limited = Promise.all(sizes.map(async (size) => {
      if (isShort) return assert.equal(await ask(PATIENCE_S, CALLS + size), CALLS + size);
      await rejection(ask(PATIENCE_S, size), "CONNECTION");
      assert.ok(time.now() <= PATIENCE_S * 1000, `${time.now()} ms`);
    }));
    const received = async (): Promise<number> => (await telegram.received())["users.GetUsers"] ?? 0;
    await eventually(async () => await received() === 2 * CALLS || undefined, "all calls to be under way");
    relay.leave();

    /** Waits until nothing is going on but waiting: not dialling, not a ping, not a call. */
    const rest = (): Promise<true> =>
      eventually(() => {
        const isConnectionWaiting = network.asleep.length === 1 && ![15_000, 20_000].includes(network.asleep[0] ?? 0);
        return isConnectionWaiting && callers.asleep.length === underWay || undefined;
      }, "everybody to wait");
    await rest();
    while (time.now() < seconds * 1000) {
      time.skip();
      await rest();
    }
    const backAt = time.now();
    await telegram.faults();
    relay.lead(telegram.sandbox.port);
    while (underWay > 0) {
      time.skip();
      await rest();
    }
    assert.deepEqual(await unlimited, sizes);
    await limited;
    assert.ok(time.now() - backAt <= LONGEST_RECOVERY_MS, `${time.now() - backAt} ms`);
    const GREETING = 1;
    assert.equal(await received(), GREETING + (isShort ? 2 * CALLS : CALLS), "each is asked once");
    const states = connection.statuses.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1]);
    assert.deepEqual(states, ["connecting", "ready", "reconnecting", "ready"]);
    assert.deepEqual([network.asleep, callers.asleep], [[30_000], []], "nothing but the next ping is waited for");
  });
}

Deno.test("server away and back on the same port: found again, and pauses begin anew", async () => {
  const directory = await Deno.makeTempDir({ prefix: "mtproto-" });
  const sleeper = createSleeper();
  const first = await startTelegram({ directory });
  let clock = 0;
  const now = (): number => clock++;
  await using connection = connect(first.sandbox.port, { session: first.session, sleep: sleeper.sleep, now });
  await connection.until("ready");
  await first[Symbol.asyncDispose]();
  const gone = await connection.until("reconnecting");
  await sleeper.wake(isBackoff);
  await eventually(() => connection.statuses.length > 3 || undefined, "a second attempt");
  const still = await connection.until("reconnecting");
  assert.equal(still.since, gone.since, "it counts from the loss");
  {
    await using _second = await startTelegram({ directory, flags: ["--port", String(first.sandbox.port)] });
    await sleeper.wake(isBackoff);
    await connection.until("ready");
    await connection.call(getFolders());
    clock += 60_000;
  }
  await connection.until("reconnecting");
  assert.ok(await sleeper.wake(isBackoff) <= 500, "pauses begin anew");
  await Deno.remove(directory, { recursive: true });
});

Deno.test("server that accepts, answers the greeting and closes, again and again: it is not dialled ever faster", async () => {
  const sleeper = createSleeper();
  await using relay = startRelay(telegram.sandbox.port);
  const { session } = telegram;
  await using connection = connect(relay.port, { session, sleep: sleeper.sleep, now: () => 0, random: () => 1 });
  const pauses: number[] = [];
  for (let i = 0; i < 5; i++) {
    await connection.until("ready");
    relay.cut();
    await connection.until("reconnecting");
    pauses.push(await sleeper.wake((ms) => ms !== 30_000 && ms !== 20_000));
  }
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000]);
});
