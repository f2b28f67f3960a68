import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
// The door comes first: it settles where `telegram` looks for its schema.
import { Api, bigInt, LAYER, trustServerKey } from "../../src/mtproto/gram.ts";
import { AuthKey } from "telegram/crypto/AuthKey.js";
import { BinaryReader } from "telegram/extensions/index.js";
import { socketFor } from "../../src/mtproto/socket.ts";
import { startRelay } from "./relay.ts";
import {
  assertSilence,
  connect,
  eventually,
  getFolders,
  getHistory,
  openTo,
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

Deno.test("openWire: without a key one is exchanged, with which the data centre answers", async () => {
  trustServerKey(await Deno.readTextFile(telegram.keyFile));
  const keys = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const wire = await openTo(telegram, { authKey: undefined });
    assert.equal(wire.authKey.length, 256);
    keys.add(Buffer.from(wire.authKey).toString("hex"));
    const query = new Api.InitConnection({
      apiId: 1,
      deviceModel: "test",
      systemVersion: "1",
      appVersion: "1",
      systemLangCode: "en",
      langPack: "",
      langCode: "en",
      query: new Api.help.GetConfig(),
    });
    const config = await wire.send<unknown>(new Api.InvokeWithLayer({ layer: LAYER, query })).answer;
    assert.ok(config instanceof Api.Config);
    assert.equal(config.thisDc, 2);
    await wire.close();
  }
  assert.equal(keys.size, 3);
});

Deno.test("openWire: an agreed key that begins with zeros keeps all its 256 bytes", async () => {
  const whole = Buffer.concat([Buffer.alloc(2), randomBytes(254)]);
  const key = new AuthKey();
  await key.setKey(whole.subarray(2));
  assert.deepEqual(key.getKey(), whole);
  const digest = createHash("sha1").update(whole).digest();
  assert.equal(String(key.keyId), String(digest.readBigUInt64LE(12)));
  assert.equal(String(Reflect.get(key, "auxHash")), String(digest.readBigUInt64LE(0)));
});

Deno.test("openWire: aborted before or during the key exchange it rejects with the reason and leaves nothing behind", async () => {
  trustServerKey(await Deno.readTextFile(telegram.keyFile));
  const reason = new Error("enough");
  await assert.rejects(openTo(telegram, { signal: AbortSignal.abort(reason) }), reason);
  // req_pq_multi is 52 bytes long, what follows the first answer some 400.
  for (const [target, bytes] of [[undefined, 1], [telegram.sandbox.port, 53], [telegram.sandbox.port, 450]] as const) {
    await using relay = startRelay(target);
    const controller = new AbortController();
    const opening = assert.rejects(
      openTo(telegram, { port: relay.port, authKey: undefined, signal: controller.signal }),
      reason,
    );
    await eventually(() => relay.sent >= bytes || undefined, `${bytes} bytes`);
    controller.abort(reason);
    await opening;
  }
});

Deno.test("socket: what is written at once arrives whole and in order", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const socket = new (socketFor(new AbortController().signal))();
  await socket.connect(listener.addr.port, "127.0.0.1");
  using server = await accepting;
  const parts = [1, 2, 3].map((byte) => Buffer.alloc(5_000_000, byte));
  for (const part of parts) socket.write(part);
  const received = Buffer.alloc(15_000_000);
  for (let at = 0; at < received.length;) at += await server.read(received.subarray(at)) ?? assert.fail("the end");
  assert.ok(received.equals(Buffer.concat(parts)));
  await socket.close();
});

/** A socket whose connection has some methods replaced. */
async function withConnection(
  methods: Partial<Pick<Deno.TcpConn, "write" | "setNoDelay">>,
  action: (socket: InstanceType<ReturnType<typeof socketFor>>) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const socket = new (socketFor(new AbortController().signal))();
  const { connect } = Deno;
  Reflect.set(Deno, "connect", async (options: Deno.ConnectOptions) => Object.assign(await connect(options), methods));
  try {
    await socket.connect(listener.addr.port, "127.0.0.1");
  } finally {
    Reflect.set(Deno, "connect", connect);
  }
  using _server = await accepting;
  await action(socket);
  await socket.close();
}

Deno.test("socket: small requests in a row do not wait for each other", async () => {
  const told: (boolean | undefined)[] = [];
  await withConnection({ setNoDelay: (noDelay) => void told.push(noDelay) }, () => Promise.resolve());
  assert.ok(told.length === 1 && told[0] !== false);
});

Deno.test("socket: where writing fails, reading ends", async () => {
  const write = (): Promise<number> => Promise.reject(new Deno.errors.TimedOut("it got nowhere"));
  await withConnection({ write }, async (socket) => {
    let hasEnded = false;
    const reading = assert.rejects(socket.readAll()).then(() => hasEnded = true);
    socket.write(Buffer.alloc(1));
    await eventually(() => hasEnded || undefined, "the end of reading");
    await reading;
  });
});

Deno.test("socket: closing ends when writing has ended", async () => {
  const written = Promise.withResolvers<number>();
  await withConnection({ write: () => written.promise }, async (socket) => {
    socket.write(Buffer.alloc(1));
    await Promise.resolve();
    let isClosed = false;
    const closing = socket.close().then(() => isClosed = true);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(isClosed, false);
    written.resolve(1);
    await closing;
  });
});

Deno.test("socket: connecting is given up with the signal", async () => {
  const socket = new (socketFor(AbortSignal.abort(new Error("enough"))))();
  await assert.rejects(socket.connect(telegram.sandbox.port, "127.0.0.1"), /enough/);
});

Deno.test("wire: 64-bit numbers keep their sign and all their bits", () => {
  for (const text of ["0", "-1", "-9223372036854775808", "9223372036854775807", "-4611686018427387905"]) {
    const written = new Api.InputPeerChannel({ channelId: bigInt(1), accessHash: bigInt(text) }).getBytes();
    const read: unknown = new BinaryReader(written).tgReadObject();
    assert.ok(read instanceof Api.InputPeerChannel);
    assert.equal(String(read.accessHash), text);
  }
});

Deno.test("call: a request given up before it was sent is not sent", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  await connection.until("ready");
  const controller = new AbortController();
  const first = connection.call(getFolders());
  const second = connection.call(getHistory(), { signal: controller.signal });
  queueMicrotask(() => controller.abort(new Error("never mind")));
  await assert.rejects(second, /never mind/);
  await first;
  assert.equal((await telegram.received())["messages.GetHistory"], undefined);
});
