import assert from "node:assert/strict";
import { z } from "zod";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { AppError } from "../../src/errors.ts";
import { patient } from "../../src/mtproto/flood.ts";
import type { Session } from "../../src/mtproto/session.ts";
import { startRelay } from "./relay.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getFolders,
  getHistory,
  getSelf,
  rejection,
  startTelegram,
  type Telegram,
} from "./telegram.ts";

const PING = 30_000;
const isPing = (ms: number): boolean => ms === PING;
const isBackoff = (ms: number): boolean => ms < 15_000;

let telegram: Telegram;
Deno.test.beforeAll(async () => {
  telegram = await startTelegram();
});
Deno.test.afterAll(async () => await telegram[Symbol.asyncDispose]());
Deno.test.beforeEach(async () => await telegram.faults());
Deno.test.afterEach(assertSilence);

/** Milliseconds that an action took. */
async function took(action: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action;
  return performance.now() - begun;
}

/** A packet of the full transport: https://core.telegram.org/mtproto/mtproto-transports#full. */
function fullPacket(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(payload.length + 12);
  const content = Buffer.concat([head, payload]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(content));
  return Buffer.concat([content, checksum]);
}

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

Deno.test("call: a dropped request and a lost answer are TIMEOUT in time, and the connection goes on", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  for (const fault of [{ drop: true }, { lose: true }]) {
    await telegram.faults({ rules: [{ method: "messages.getHistory", ...fault }] });
    const ms = await took(rejection(connection.call(getHistory(), { timeout: 60 }), "TIMEOUT"));
    assert.ok(ms >= 59 && ms < 1000, `${ms} ms`);
    await connection.call(getFolders());
  }
  assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready"]);
});

Deno.test("call: the connection's own limit holds when the caller names none", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, requestTimeout: 400 });
  await connection.until("ready");
  await telegram.faults({ rules: [{ method: "*", drop: true }] });
  const { message } = await rejection(connection.call(getHistory()), "TIMEOUT");
  assert.match(message, /messages\.GetHistory within 0\.4 s/);
});

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

Deno.test("call: a connection lost mid-request is CONNECTION, and a patient caller gets its answer after it is back", async () => {
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

Deno.test("createConnection: a server that goes away and comes back on the same port is found again", async () => {
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

Deno.test("createConnection: nobody there at the start is CONNECTION at once, with growing pauses of at most 30 s", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const sleeper = createSleeper();
  await using connection = connect(port, { session: telegram.session, sleep: sleeper.sleep, random: () => 1 });
  const ms = await took(rejection(connection.call(getSelf()), "CONNECTION"));
  assert.ok(ms < 1000, `${ms} ms`);
  const pauses: number[] = [];
  for (let i = 0; i < 9; i++) pauses.push(await sleeper.wake((ms) => ms !== 20_000));
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

Deno.test("createConnection: a server that accepts and stays silent is given up after 20 s, and tried again", async () => {
  const sleeper = createSleeper();
  await using relay = startRelay(undefined);
  await using connection = connect(relay.port, { session: telegram.session, sleep: sleeper.sleep });
  await rejection(connection.call(getSelf(), { timeout: 30 }), "CONNECTION");
  assert.equal(await sleeper.wake(), 20_000);
  const { reason } = await connection.until("reconnecting");
  assert.match(reason, /did not answer while connecting/);
  await sleeper.wake(isBackoff);
  await eventually(() => relay.accepted === 2 || undefined, "a second attempt");
});

Deno.test("createConnection: garbage from the server breaks the connection, never the process", async () => {
  const garbage = {
    "another protocol": Buffer.alloc(1000, "HTTP/1.1 400 Bad Request\r\n"),
    "a packet without a body": fullPacket(Buffer.alloc(0)),
    "a length of zero": Buffer.alloc(64),
    "a length of two gigabytes": Buffer.concat([int(2 ** 31 - 1), randomBytes(64)]),
    "a negative length": Buffer.concat([int(-429), int(-429), int(-429)]),
    "a wrong checksum": fullPacket(randomBytes(100)).fill(0, 104),
    "a transport error": fullPacket(int(-429)),
  };
  for (const [name, bytes] of Object.entries(garbage)) {
    const sleeper = createSleeper();
    await using relay = startRelay(telegram.sandbox.port);
    await using connection = connect(relay.port, { session: telegram.session, sleep: sleeper.sleep });
    await connection.until("ready");
    await telegram.faults({ rules: [{ method: "messages.getHistory", drop: true }] });
    const answer = rejection(connection.call(getHistory()), "CONNECTION");
    await relay.inject(bytes);
    await answer.catch((error) => assert.fail(`${name}: ${error.message}`));
    await connection.until("reconnecting");
    await sleeper.wake(isBackoff);
    await connection.until("ready");
    await connection.call(getFolders());
    await telegram.faults();
  }
});

Deno.test("createConnection: packets that are not from the server's key are passed over", async () => {
  await using relay = startRelay(telegram.sandbox.port);
  await using connection = connect(relay.port, { session: telegram.session });
  await connection.until("ready");
  await relay.inject(fullPacket(randomBytes(104)));
  await connection.call(getFolders());
  assert.equal(connection.status().state, "ready");
});

Deno.test("createConnection: a key that the server does not know, at the start or later, needs a login", async () => {
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

/** What the sandbox tells of the requests it received. */
const journal = z.object({ order: z.array(z.object({ method: z.string(), wrappers: z.array(z.string()) })) });

const FATAL = [
  [401, "AUTH_KEY_UNREGISTERED"],
  [401, "SESSION_REVOKED"],
  [401, "SESSION_EXPIRED"],
  [401, "USER_DEACTIVATED"],
  [401, "USER_DEACTIVATED_BAN"],
  [406, "AUTH_KEY_DUPLICATED"],
] as const;

for (const [code, message] of FATAL) {
  Deno.test(`createConnection: ${message} while running ends the connection and says so`, async () => {
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

Deno.test("createConnection: a session that is refused at the start is not tried again", async () => {
  const error = { code: 401, message: "AUTH_KEY_UNREGISTERED" };
  await telegram.faults({ rules: [{ method: "users.getUsers", error }] });
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("needs_login");
  await rejection(connection.call(getSelf()), "SESSION_INVALID");
  assert.deepEqual(await telegram.received(), { "users.GetUsers": 1 });
});

Deno.test("keep-alive: pings every 30 s; one that gets no answer means a new connection within a minute", async () => {
  const sleeper = createSleeper();
  await using relay = startRelay(telegram.sandbox.port);
  await using connection = connect(relay.port, { session: telegram.session, sleep: sleeper.sleep });
  await connection.until("ready");
  let total = await sleeper.wake(isPing);
  await eventually(async () => (await telegram.received()).PingDelayDisconnect, "a ping");
  await eventually(() => sleeper.asleep.some(isPing) || undefined, "the pong");
  assert.equal(connection.status().state, "ready");
  relay.mute();
  total = await sleeper.wake(isPing);
  total += await sleeper.wake((ms) => !isPing(ms));
  const { reason } = await connection.until("reconnecting");
  assert.match(reason, /ping/);
  assert.ok(total <= 60_000, `${total} ms`);
});

Deno.test("call: what Telegram answers becomes a code of the catalogue", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  const cases = [
    [500, "INTERNAL", "CONNECTION"],
    [503, "TIMEOUT", "CONNECTION"],
    [-503, "TIMEOUT", "CONNECTION"],
    [420, "FLOOD_WAIT_7", "FLOOD_WAIT"],
    [420, "FLOOD_PREMIUM_WAIT_7", "FLOOD_WAIT"],
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
    assert.equal(error.retryAfter, expected === "FLOOD_WAIT" ? 7 : undefined);
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

Deno.test("createConnection: a flood wait at the greeting is waited for before the next attempt", async () => {
  const error = { code: 420, message: "FLOOD_WAIT_60" };
  await telegram.faults({ rules: [{ method: "users.getUsers", error }] });
  const sleeper = createSleeper();
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, sleep: sleeper.sleep });
  const { reason } = await connection.until("reconnecting");
  assert.match(reason, /asks to wait 60 s/);
  assert.equal(await sleeper.wake((ms) => ms !== 20_000), 60_000);
  await telegram.faults();
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
