/** Rows: garbage and byte-by-byte input, in both directions. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { AppError } from "../../../src/errors.ts";
import { trustServerKey } from "../../../src/mtproto/gram.ts";
import { fullPacket, int } from "../packets.ts";
import { byteByByte, type Shape, startRelay } from "../relay.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getFolders,
  getHistory,
  getSelf,
  isBackoff,
  openTo,
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

Deno.test("byte by byte from the server: answers are read", async () => {
  await using relay = startRelay(telegram.sandbox.port);
  relay.shape("down", byteByByte);
  await using connection = connect(relay.port, { session: telegram.session });
  const [folders, again, self] = await Promise.all([
    connection.call(getFolders()),
    connection.call(getFolders()),
    connection.call(getSelf()),
  ]);
  assert.deepEqual(folders, again);
  assert.equal(self.length, 1);
});

Deno.test("byte by byte to the server: requests, a key exchange among them, are taken", async () => {
  trustServerKey(await Deno.readTextFile(telegram.keyFile));
  await using relay = startRelay(telegram.sandbox.port);
  relay.shape("up", byteByByte);
  await using connection = connect(relay.port, { session: telegram.session });
  assert.equal((await Promise.all([connection.call(getSelf()), connection.call(getFolders())])).length, 2);
  const wire = await openTo(telegram, { port: relay.port, authKey: undefined });
  assert.equal(wire.authKey.length, 256);
  await wire.close();
  assert.equal(relay.accepted, 2);
});

Deno.test("garbage from the server: it breaks the connection, never the process", async () => {
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

Deno.test("packets that are not of our key: passed over", async () => {
  await using relay = startRelay(telegram.sandbox.port);
  await using connection = connect(relay.port, { session: telegram.session });
  await connection.until("ready");
  await relay.inject(fullPacket(randomBytes(104)));
  await connection.call(getFolders());
  assert.equal(connection.status().state, "ready");
});

const DAMAGES: Readonly<Record<string, Shape>> = {
  "a bit that turned over": (chunk) => [chunk.map((byte, i) => i === 20 ? byte ^ 1 : byte)],
  "a byte too many": (chunk) => [new Uint8Array([7, ...chunk])],
  "a byte too few": (chunk) => [chunk.subarray(1)],
  "nothing but noise": (chunk) => [randomBytes(chunk.length)],
};

for (const direction of ["up", "down"] as const) {
  for (const [name, shape] of Object.entries(DAMAGES)) {
    Deno.test(`garbage on the way ${direction}, ${name}: CONNECTION or TIMEOUT in time, and all is well once it ends`, async () => {
      await using relay = startRelay(telegram.sandbox.port);
      await using connection = connect(relay.port, {
        session: telegram.session,
        sleep: (ms, signal) => setTimeout(isBackoff(ms) ? 1 : ms, undefined, { signal }),
      });
      await connection.until("ready");
      relay.shape(direction, shape);
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => connection.call(getHistory(), { timeout: 300 })));
      for (const outcome of outcomes) {
        assert.ok(outcome.status === "rejected" && outcome.reason instanceof AppError, outcome.status);
        assert.match(outcome.reason.code, /^(CONNECTION|TIMEOUT)$/);
      }
      relay.heal();
      const before = connection.statuses.length;
      // A side that lost its place in the stream may wait for the rest of a packet.
      relay.cut();
      await eventually(
        () => connection.statuses.slice(before).some(({ state }) => state === "ready") || undefined,
        "it",
      );
      await connection.call(getFolders());
    });
  }
}

Deno.test("half a packet and then the end: CONNECTION at once", async () => {
  await using relay = startRelay(telegram.sandbox.port);
  const sleeper = createSleeper();
  await using connection = connect(relay.port, { session: telegram.session, sleep: sleeper.sleep });
  await connection.until("ready");
  relay.shape("down", function* (chunk): Iterable<Uint8Array> {
    yield chunk.subarray(0, chunk.length >> 1);
    relay.cut();
  });
  await rejection(connection.call(getHistory()), "CONNECTION");
});
