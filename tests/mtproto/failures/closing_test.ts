/** Rows: `disconnect()` and `destroy()`: whatever goes on ends with the connection. Other data centres: data_centres_test.ts. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { socketFor } from "../../../src/mtproto/socket.ts";
import { startRelay } from "../relay.ts";
import {
  assertSilence,
  connect,
  createSleeper,
  eventually,
  getFolders,
  getHistory,
  getSelf,
  isBackoff,
  isPing,
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

Deno.test("disconnect: a socket that is closed while it connects does not stay open", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const socket = new (socketFor(new AbortController().signal))();
  const connecting = assert.rejects(socket.connect(listener.addr.port, "127.0.0.1"), /closed while connecting/);
  await socket.close();
  using server = await accepting;
  await connecting;
  assert.equal(await server.read(new Uint8Array(1)), null);
});

Deno.test("disconnect: while bytes are still being written nothing is left pending and nothing escapes", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  for (const writes of [1, 3]) {
    const accepting = listener.accept();
    const socket = new (socketFor(new AbortController().signal))();
    await socket.connect(listener.addr.port, "127.0.0.1");
    using server = await accepting;
    for (let i = 0; i < writes; i++) socket.write(Buffer.alloc(20_000_000));
    await server.read(new Uint8Array(1));
    await socket.close();
    assert.throws(() => socket.write(Buffer.alloc(1)), /closed/);
    await assert.rejects(socket.readAll(), /closed/);
  }
});

Deno.test("disconnect: with calls under way every promise settles", async () => {
  await telegram.faults({ rules: [{ method: "messages.getHistory", drop: true }] });
  const connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  const answers = Array.from({ length: 20 }, () => rejection(connection.call(getHistory()), "CONNECTION"));
  await eventually(async () => (await telegram.received())["messages.GetHistory"], "the requests");
  await connection[Symbol.asyncDispose]();
  assert.equal((await Promise.all(answers)).length, 20);
  await rejection(connection.call(getSelf()), "CONNECTION");
  await connection[Symbol.asyncDispose]();
});

Deno.test("disconnect: while connecting, calls that wait for the connection end", async () => {
  await using silent = startRelay(undefined);
  const connection = connect(silent.port, { session: telegram.session });
  const answer = rejection(connection.call(getSelf()), "CONNECTION");
  await connection[Symbol.asyncDispose]();
  await answer;
});

Deno.test("disconnect: two hundred times opened and closed, no connection stays open", async () => {
  for (let i = 0; i < 200; i++) {
    const connection = connect(telegram.sandbox.port, { session: telegram.session });
    if (i % 4 === 0) await connection.call(getFolders());
    if (i % 4 === 1) await connection.until("ready");
    if (i % 4 === 2) await Promise.resolve();
    await connection[Symbol.asyncDispose]();
  }
  await eventually(
    async () => Object(await telegram.sandbox.control("GET", "/connections")).open === 0 || undefined,
    "it",
  );
});

Deno.test("disconnect: while pinging, dialling or waiting to dial, nothing sleeps or pings on", async () => {
  await using gone = startRelay(telegram.sandbox.port);
  gone.leave();
  await using silent = startRelay(undefined);
  const ports = { pinging: telegram.sandbox.port, dialling: silent.port, waiting: gone.port };
  for (const [name, port] of Object.entries(ports)) {
    const sleeper = createSleeper();
    const connection = connect(port, { session: telegram.session, sleep: sleeper.sleep });
    const [awaited] = { pinging: [isPing], dialling: [(ms: number) => ms === 20_000], waiting: [isBackoff] }[name] ??
      [];
    await eventually(() => awaited && sleeper.asleep.some(awaited) || undefined, name);
    await connection[Symbol.asyncDispose]();
    assert.deepEqual(sleeper.asleep, [], name);
    assert.equal(connection.status().state, "stopped");
  }
});
