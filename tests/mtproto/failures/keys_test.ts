/** Rows: the key is unknown, the session revoked, used twice, or its account gone. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { patient } from "../../../src/mtproto/flood.ts";
import { fullPacket, int } from "../packets.ts";
import { startRelay } from "../relay.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getFolders,
  getHistory,
  getSelf,
  hurried,
  isBackoff,
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

const FATAL = [
  [401, "AUTH_KEY_UNREGISTERED"],
  [401, "SESSION_REVOKED"],
  [401, "SESSION_EXPIRED"],
  [401, "USER_DEACTIVATED"],
  [401, "USER_DEACTIVATED_BAN"],
  [406, "AUTH_KEY_DUPLICATED"],
] as const;

for (const [code, message] of FATAL) {
  Deno.test(`${message} while running: it ends the connection and says so`, async () => {
    await using relay = startRelay(telegram.sandbox.port);
    await using connection = connect(relay.port, { session: telegram.session });
    await connection.until("ready");
    await telegram.faults({ rules: [{ method: "messages.getHistory", error: { code, message } }] });
    const answers = [getHistory(), getHistory()].map((request) =>
      rejection(connection.call(request), "SESSION_INVALID")
    );
    const [first] = await Promise.all(answers);
    const { reason } = await connection.until("needs_login");
    assert.equal(reason, first?.message);
    await rejection(connection.call(getFolders()), "SESSION_INVALID");
    assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready", "needs_login"]);
    await eventually(() => relay.open === 0 || undefined, "the end of the connection");
    assert.equal(relay.accepted, 1);
  });
}

for (const [code, message] of FATAL) {
  Deno.test(`${message} at the start: the session is not tried again`, async () => {
    await telegram.faults({ rules: [{ method: "users.getUsers", error: { code, message } }] });
    await using connection = connect(telegram.sandbox.port, { session: telegram.session });
    const { reason } = await connection.until("needs_login");
    const error = await rejection(connection.call(getSelf()), "SESSION_INVALID");
    assert.equal(error.message, reason);
    assert.deepEqual(await telegram.received(), { "users.GetUsers": 1 });
  });
}

Deno.test("unknown auth key (transport error -404), at the start or later: needs a login", async () => {
  const stranger = { ...telegram.session, authKey: new Uint8Array(randomBytes(256)) };
  await using unknown = connect(telegram.sandbox.port, { session: stranger });
  await rejection(unknown.call(getSelf()), "SESSION_INVALID");
  assert.match((await unknown.until("needs_login")).reason, /key/);

  await using relay = startRelay(telegram.sandbox.port);
  await using connection = connect(relay.port, { session: telegram.session });
  await connection.until("ready");
  await telegram.faults({ rules: [{ method: "messages.getHistory", drop: true }] });
  const answer = rejection(connection.call(getHistory()), "SESSION_INVALID");
  await relay.inject(fullPacket(int(-404)));
  await answer;
  await connection.until("needs_login");
  await rejection(connection.call(getSelf()), "SESSION_INVALID");
  assert.equal(relay.accepted, 1, "a revoked key is not tried again");
});

Deno.test("unknown auth key (transport error -404) when reconnecting: needs a login, and no caller waits on", async () => {
  const sleeper = createSleeper();
  await using other = await startTelegram();
  await using relay = startRelay(telegram.sandbox.port);
  await using connection = connect(relay.port, { session: telegram.session, sleep: sleeper.sleep });
  await connection.until("ready");
  relay.lead(other.sandbox.port);
  relay.cut();
  await connection.until("reconnecting");
  const sleep = (): Promise<void> => setTimeout(1);
  const waiting = rejection(patient(connection.call, { seconds: Infinity, sleep })(getSelf()), "SESSION_INVALID");
  await sleeper.wake(isBackoff);
  await connection.until("needs_login");
  await waiting;
  assert.ok(!sleeper.asleep.includes(20_000), "it is not dialled again");
});

Deno.test("session revoked while reading: all eight readers, however patient, are told SESSION_INVALID", async () => {
  await using relay = startRelay(telegram.sandbox.port);
  await using connection = connect(relay.port, { session: telegram.session });
  await connection.until("ready");
  const error = { code: 401, message: "SESSION_REVOKED" };
  await telegram.faults({ latencyMs: 2, rules: [{ method: "messages.getHistory", after: 40, error }] });
  const pages = Array.from({ length: 8 }, () => 0);
  await Promise.all(pages.map(async (_, reader) => {
    const call = patient(connection.call, hurried(Infinity));
    const read = async (): Promise<never> => {
      for (;; pages[reader] = (pages[reader] ?? 0) + 1) await call(getHistory());
    };
    await rejection(read(), "SESSION_INVALID");
  }));
  assert.equal(pages.reduce((sum, count) => sum + count), 40, "every page before that was answered");
  await connection.until("needs_login");
  await eventually(() => relay.open === 0 || undefined, "the end of the connection");
});
