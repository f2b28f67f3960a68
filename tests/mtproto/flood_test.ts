import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { floodGate, type OnFlood, patient } from "../../src/mtproto/flood.ts";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { createFloods } from "../../src/mtproto/floods.ts";
import type { Call } from "../../src/mtproto/invoke.ts";
import { openDatabase } from "../../src/storage/open.ts";
import {
  assertSilence,
  connect,
  eventually,
  getFolders,
  getHistory,
  getSelf,
  hurried,
  inTurns,
  type Observed,
  rejection,
  startTelegram,
  type Telegram,
} from "./telegram.ts";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
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

const gate = (call: Call, now: () => number, onFlood?: OnFlood): Call =>
  floodGate(call, createFloods(openDatabase(":memory:"), "a", { now }), { now, onFlood });
const flood = (seconds: number): { code: number; message: string } => ({ code: 420, message: `FLOOD_WAIT_${seconds}` });
const history = async (): Promise<number> => (await telegram.received())["messages.GetHistory"] ?? 0;

connected(
  "floodGate: once told to wait, no caller's request of that method leaves before the time",
  async (connection) => {
    let now = 1_000_000;
    const floods: unknown[] = [];
    const call = gate(connection.call, () => now, (flood) => floods.push(flood));
    await telegram.faults({ rules: [{ method: "messages.getHistory", times: 1, error: flood(30) }] });
    assert.equal((await rejection(call(getHistory()), "FLOOD_WAIT")).retryAfter, 30);
    for (const [passed, left] of [[0, 30], [1, 30], [500, 30], [1000, 29], [29_999, 1]] as const) {
      now = 1_000_000 + passed;
      assert.equal((await rejection(call(getHistory()), "FLOOD_WAIT")).retryAfter, left);
    }
    assert.equal(await history(), 1);
    await call(getFolders());
    now = 1_030_000;
    await call(getHistory());
    assert.equal(await history(), 2);
    assert.deepEqual(floods, [{ method: "messages.GetHistory", seconds: 30, until: 1_030_000 }]);
  },
);

connected(
  "floodGate: a takeout's requests share the gate of their method, not one of all takeouts",
  async (connection) => {
    const call = gate(connection.call, () => 0);
    const inTakeout = (query: Api.AnyRequest): Api.InvokeWithTakeout =>
      new Api.InvokeWithTakeout({ takeoutId: bigInt(1), query });
    await telegram.faults({ rules: [{ method: "messages.getHistory", times: 1, error: flood(30) }] });
    const { message } = await rejection(call(inTakeout(getHistory())), "FLOOD_WAIT");
    assert.match(message, /messages\.GetHistory/);
    await rejection(call(getHistory()), "FLOOD_WAIT");
    assert.equal(await history(), 1);
    // The sandbox knows no such takeout: that it says so shows that the request left.
    await rejection(call(inTakeout(getFolders())), "INTERNAL");
    assert.equal((await telegram.received())["messages.GetDialogFilters"], 1);
  },
);

connected("floodGate: of two waits told at once the longer holds", async (connection) => {
  let now = 0;
  const call = gate(connection.call, () => now);
  const rules = [flood(60), flood(5)].map((error) => ({ method: "messages.getHistory", times: 1, error }));
  await telegram.faults({ rules });
  await Promise.allSettled([call(getHistory()), call(getHistory())]);
  now = 6000;
  assert.equal((await rejection(call(getHistory()), "FLOOD_WAIT")).retryAfter, 54);
});

connected("floodGate: a call that waited its turn while the gate closed does not leave", async (connection) => {
  const call = inTurns(gate(connection.call, () => 0), { limit: 1, longestWait: 60_000 });
  await telegram.faults({ rules: [{ method: "messages.getHistory", error: flood(30), delayMs: 20 }] });
  await Promise.all(
    [getHistory(), getHistory(), getHistory()].map((request) => rejection(call(request), "FLOOD_WAIT")),
  );
  assert.equal(await history(), 1);
});

connected(
  "patient: without a limit it outlasts anything but never pauses for more than 30 s of its own accord",
  async (connection) => {
    const patience = hurried(Infinity);
    const rules = [
      { method: "messages.getHistory", times: 8, error: { code: 500, message: "INTERNAL" } },
      { method: "messages.getHistory", times: 1, error: flood(86_400) },
      { method: "messages.getHistory", times: 1, drop: true },
    ];
    await telegram.faults({ rules });
    await patient(connection.call, patience)(getHistory(), { timeout: 100 });
    assert.deepEqual(patience.slept, [1, 2, 4, 8, 16, 30, 30, 30, 86_400, 30]);
  },
);

connected("patient: a time-out is repeated only without a limit, a refusal never", async (connection) => {
  await telegram.faults({ rules: [{ method: "messages.getHistory", times: 1, drop: true }] });
  const limitedOne = hurried(15);
  await rejection(patient(connection.call, limitedOne)(getHistory(), { timeout: 50 }), "TIMEOUT");
  const error = { code: 400, message: "CHANNEL_PRIVATE" };
  await telegram.faults({ rules: [{ method: "messages.getHistory", times: 1, error }] });
  const unlimited = hurried(Infinity);
  await rejection(patient(connection.call, unlimited)(getHistory()), "CHANNEL_PRIVATE");
  assert.deepEqual([...limitedOne.slept, ...unlimited.slept], []);
});

connected("patient: a signal ends the wait", async (connection) => {
  await telegram.faults({ rules: [{ method: "messages.getHistory", error: flood(4) }] });
  const controller = new AbortController();
  const reason = new Error("enough");
  const call = patient(connection.call, {
    seconds: 10,
    sleep: (_, signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
        controller.abort(reason);
      }),
  });
  await assert.rejects(call(getHistory(), { signal: controller.signal }), reason);
});

connected(
  "patient: a caller that gives up during a request is not made to wait, whatever its reason",
  async (connection) => {
    await telegram.faults({ rules: [{ method: "messages.getHistory", drop: true }] });
    const patience = hurried(Infinity);
    const controller = new AbortController();
    const reason = new AppError("CONNECTION", "The client has gone.");
    const answer = patient(connection.call, patience)(getHistory(), { signal: controller.signal });
    await eventually(async () => await history() || undefined, "the request");
    controller.abort(reason);
    await assert.rejects(answer, reason);
    assert.deepEqual(patience.waits, []);
  },
);

connected("inTurns: never more than two requests are under way, and all get their turn", async (connection) => {
  const call = inTurns(connection.call, { limit: 2, longestWait: 60_000 });
  await telegram.faults({ latencyMs: 25 });
  const begun = performance.now();
  await Promise.all(Array.from({ length: 8 }, () => call(getFolders())));
  // Three at once would take 75 ms.
  assert.ok(performance.now() - begun >= 99);

  await telegram.faults({ rules: [{ method: "messages.getHistory", drop: true }] });
  const answers = [1, 2, 3, 4].map(() => rejection(call(getHistory(), { timeout: 60 }), "TIMEOUT"));
  await eventually(async () => await history() === 2 || undefined, "two requests");
  await connection.call(getSelf());
  assert.equal(await history(), 2);
  await Promise.all(answers);
  assert.equal(await history(), 4);
});

connected("inTurns: a signal ends the wait for a turn, and no turn is lost by it", async (connection) => {
  const call = inTurns(connection.call, { limit: 2, longestWait: 60_000 });
  const reason = new Error("enough");
  await telegram.faults({ rules: [{ method: "messages.getHistory", times: 2, delayMs: 60 }] });
  const first = [call(getHistory()), call(getHistory())];
  const [waiting, alsoWaiting] = [new AbortController(), new AbortController()];
  const third = assert.rejects(call(getHistory(), { signal: waiting.signal }), reason);
  const fourth = assert.rejects(call(getHistory(), { signal: alsoWaiting.signal }), reason);
  const fifth = call(getFolders());
  await assert.rejects(call(getHistory(), { signal: AbortSignal.abort(reason) }), reason);
  waiting.abort(reason);
  await third;
  alsoWaiting.abort(reason);
  await Promise.all([...first, fourth, fifth]);
  await Promise.all([call(getFolders()), call(getFolders()), call(getFolders())]);
  assert.equal(await history(), 2);
});

connected(
  "inTurns: a signal in the very moment in which the turn is handed over takes nobody else's turn",
  async (connection) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const onAnswer = (): void => queueMicrotask(() => queueMicrotask(() => controller.abort(reason)));
    const call = inTurns(
      async (request, options) => {
        const answer = await connection.call(request, options);
        onAnswer();
        return answer;
      },
      { limit: 1, longestWait: 60_000 },
    );
    const first = call(getFolders());
    const second = assert.rejects(call(getHistory(), { signal: controller.signal }), reason);
    let isThirdDone = false;
    const third = call(getFolders()).then(() => isThirdDone = true);
    await Promise.all([first, second]);
    await eventually(() => isThirdDone || undefined, "the third turn");
    await third;
  },
);

connected("inTurns, call: nothing stays on a signal that outlives its calls", async (connection) => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>): void => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>): void => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const call = inTurns(connection.call, { limit: 1, longestWait: 60_000 });
  await Promise.all([1, 2, 3].map(() => call(getFolders(), { signal })));
  assert.equal(listeners, 0);
});

connected(
  "inTurns: a call that gets no turn in time is refused with OVERLOADED, and takes nobody's turn",
  async (connection) => {
    const call = inTurns(connection.call, { limit: 1, longestWait: 30 });
    const controller = new AbortController();
    await telegram.faults({ rules: [{ method: "messages.getHistory", drop: true }] });
    const stuck = assert.rejects(call(getHistory(), { signal: controller.signal }), { name: "AbortError" });
    const { retryAfter } = await rejection(call(getFolders()), "OVERLOADED");
    assert.equal(retryAfter, 5);
    controller.abort();
    await stuck;
    await call(getFolders());
  },
);

connected("inTurns: a call that fails gives its turn back", async (connection) => {
  const call = inTurns(connection.call, { limit: 1, longestWait: 60_000 });
  await telegram.faults({ rules: [{ method: "messages.getHistory", drop: true }] });
  for (let i = 0; i < 3; i++) await rejection(call(getHistory(), { timeout: 20 }), "TIMEOUT");
  await call(getFolders());
});
