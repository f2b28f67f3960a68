import assert from "node:assert/strict";
import { z } from "zod";
import { randomBytes } from "node:crypto";
import { AppError } from "../../src/errors.ts";
import type { Session } from "../../src/mtproto/session.ts";
import { startRelay } from "./relay.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getFolders,
  getHistory,
  rejection,
  startTelegram,
  type Telegram,
} from "./telegram.ts";

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

Deno.test("call: a signal ends it before it begins, while it waits for the connection, and while it waits for the answer", async () => {
  const reason = new Error("the caller has gone");
  await using silent = startRelay(undefined);
  await using waiting = connect(silent.port, { session: telegram.session });
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  await telegram.faults({ rules: [{ method: "messages.getHistory", delayMs: 5000 }] });
  await assert.rejects(connection.call(getHistory(), { signal: AbortSignal.abort(reason) }), reason);
  for (const call of [waiting.call, connection.call]) {
    const controller = new AbortController();
    const answer = call(getHistory(), { signal: controller.signal });
    await (call === connection.call
      ? eventually(async () => (await telegram.received())["messages.GetHistory"], "it")
      : 0);
    controller.abort(reason);
    await assert.rejects(answer, reason);
  }
  await connection.call(getFolders());
});

/** What the sandbox tells of the requests it received. */
const journal = z.object({ order: z.array(z.object({ method: z.string(), wrappers: z.array(z.string()) })) });

Deno.test("call: what Telegram answers becomes a code of the catalogue", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  const cases = [
    [500, "INTERNAL", "CONNECTION"],
    [503, "TIMEOUT", "CONNECTION"],
    [-503, "TIMEOUT", "CONNECTION"],
    [420, "FLOOD_WAIT_7", "FLOOD_WAIT"],
    [420, "FLOOD_PREMIUM_WAIT_7", "FLOOD_WAIT"],
    [420, "FLOOD", "FLOOD_WAIT"],
    [420, "FROZEN_METHOD_INVALID", "ACCESS_DENIED"],
    [400, "CHANNEL_PRIVATE", "CHANNEL_PRIVATE"],
    [400, "PEER_ID_INVALID", "CHAT_NOT_FOUND"],
    [403, "CHAT_ADMIN_REQUIRED", "ACCESS_DENIED"],
    [400, "LIMIT_INVALID", "INTERNAL"],
    [303, "USER_MIGRATE_4", "INTERNAL"],
  ] as const;
  for (const [code, message, expected] of cases) {
    await telegram.faults({ rules: [{ method: "messages.getHistory", times: 1, error: { code, message } }] });
    const error = await rejection(connection.call(getHistory()), expected);
    assert.match(error.message, expected === "INTERNAL" ? /refused/ : /./);
    assert.equal(error.retryAfter, expected === "FLOOD_WAIT" ? (/_7$/.test(message) ? 7 : 30) : undefined);
  }
  assert.deepEqual(connection.problems, [], "an error that its caller has been given is no problem of the wire");
});

Deno.test("createConnection: an API id that Telegram does not take is said once, not tried again", async () => {
  const error = { code: 400, message: "API_ID_INVALID" };
  await telegram.faults({ rules: [{ method: "users.getUsers", error }] });
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  const { reason } = await connection.until("needs_login");
  assert.equal(reason, "Telegram does not accept TELEGRAM_API_ID.");
  assert.deepEqual(await telegram.received(), { "users.GetUsers": 1 });
});

Deno.test("createConnection: no request subscribes to the account's updates", async () => {
  await telegram.faults();
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.call(getHistory());
  const { order } = journal.parse(await telegram.sandbox.control("GET", "/methods"));
  assert.deepEqual(order.map(({ method }) => method), ["users.GetUsers", "messages.GetHistory"]);
  for (const { method, wrappers } of order) assert.ok(wrappers.includes("InvokeWithoutUpdates"), method);
});

Deno.test("createConnection: a revoked session is followed by the one of a new login, without being asked", async () => {
  const sleeper = createSleeper();
  let session: Session = { ...telegram.session, authKey: new Uint8Array(randomBytes(256)) };
  await using connection = connect(telegram.sandbox.port, {
    findSession: () => Promise.resolve(session),
    sleep: sleeper.sleep,
  });
  await connection.until("needs_login");
  assert.equal(await sleeper.wake((ms) => ms < 15_000), 2000, "it looks every two seconds");
  await eventually(() => sleeper.asleep.includes(2000) || undefined, "the next look");
  assert.equal(connection.status().state, "needs_login", "the same one is not tried again");
  session = telegram.session;
  await sleeper.wake((ms) => ms === 2000);
  await connection.until("ready");
  await connection.call(getFolders());
  assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "needs_login", "connecting", "ready"]);
});

Deno.test("createConnection: what keeps the session from being read is the reason; then it is read", async () => {
  const sleeper = createSleeper();
  let isLocked = true;
  await using connection = connect(telegram.sandbox.port, {
    findSession: () =>
      isLocked
        ? Promise.reject(new AppError("SESSION_INVALID", "No key.", { hint: "Set it." }))
        : Promise.resolve(telegram.session),
    sleep: sleeper.sleep,
  });
  const { message, hint } = await rejection(connection.call(getFolders()), "SESSION_INVALID");
  assert.deepEqual([message, hint], ["No key.", "Set it."]);
  isLocked = false;
  await sleeper.wake((ms) => ms === 2000);
  await connection.until("ready");
});

Deno.test("createConnection: a session that was refused is tried again after a quarter of an hour", async () => {
  const sleeper = createSleeper();
  let clock = 0;
  const error = { code: 400, message: "API_ID_PUBLISHED_FLOOD" };
  await telegram.faults({ rules: [{ method: "users.getUsers", error }] });
  await using connection = connect(telegram.sandbox.port, {
    session: telegram.session,
    sleep: sleeper.sleep,
    now: () => clock,
  });
  await connection.until("needs_login");
  await telegram.faults();
  clock = 899_999;
  await sleeper.wake((ms) => ms === 2000);
  await eventually(() => sleeper.asleep.includes(2000) || undefined, "the next look");
  assert.deepEqual(await telegram.received(), {});
  clock = 900_000;
  await sleeper.wake((ms) => ms === 2000);
  await connection.until("ready");
});
