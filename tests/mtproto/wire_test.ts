import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
// The door comes first: it settles where `telegram` looks for its schema.
import { Api, LAYER, openWire, trustServerKey, type Wire, type WireOptions } from "../../src/mtproto/gram.ts";
import { AuthKey } from "telegram/crypto/AuthKey.js";
import { socketFor } from "../../src/mtproto/socket.ts";
import { startRelay } from "./relay.ts";
import {
  assertSilence,
  connect,
  eventually,
  getFolders,
  getHistory,
  getSelf,
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

function open(options: Partial<WireOptions> = {}): Promise<Wire & { readonly authKey: Uint8Array }> {
  return openWire({
    host: "127.0.0.1",
    port: telegram.sandbox.port,
    dcId: 2,
    authKey: telegram.session.authKey,
    guard: () => {},
    onProblem: () => {},
    signal: new AbortController().signal,
    ...options,
  });
}

const messagesOf = (answer: Api.messages.TypeMessages): Api.TypeMessage[] =>
  answer.className === "messages.MessagesNotModified" ? [] : answer.messages;
const textsOf = (answer: Api.messages.TypeMessages): (string | undefined)[] =>
  messagesOf(answer).map((message) => message.className === "Message" ? message.message : undefined);

Deno.test("wire: answers that come byte by byte are read, and so is what comes all at once", async () => {
  await using relay = startRelay(telegram.sandbox.port, function* (chunk): Iterable<Uint8Array> {
    for (let i = 0; i < chunk.length; i++) yield chunk.subarray(i, i + 1);
  });
  await using connection = connect(relay.port, { session: telegram.session });
  const [folders, again, self] = await Promise.all([
    connection.call(getFolders()),
    connection.call(getFolders()),
    connection.call(getSelf()),
  ]);
  assert.deepEqual(folders, again);
  assert.equal(self.length, 1);
});

Deno.test("wire: an rpc_error inside a container takes none of the other answers with it", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, requestTimeout: 1000 });
  await connection.until("ready");
  for (const place of [0, 1, 3]) {
    const error = { code: 400, message: "CHANNEL_PRIVATE" };
    await telegram.faults({ containers: 4, rules: [{ method: "messages.getDialogFilters", error }] });
    const requests = [getSelf(), getSelf(), getSelf()].map((request) => (): Promise<unknown> =>
      connection.call(request)
    );
    const failing = (): Promise<unknown> => connection.call(getFolders());
    const outcomes = await Promise.allSettled(requests.toSpliced(place, 0, failing).map((ask) => ask()));
    const expected = [0, 1, 2, 3].map((i) => i === place ? "rejected" : "fulfilled");
    assert.deepEqual(outcomes.map(({ status }) => status), expected);
  }
  assert.deepEqual(connection.problems, []);
});

Deno.test("wire: an answer of a megabyte, packed, arrives whole", async () => {
  let state = 1;
  const next = (): number => (state = state * 48_271 % 2_147_483_647);
  const texts = Array.from(
    { length: 100 },
    () => String.fromCharCode(...Array.from({ length: 4096 }, () => 0x4e00 + next() % 20_000)),
  );
  await using connection = connect(telegram.sandbox.port, { session: telegram.session });
  const [self] = await connection.call(getSelf());
  const chat = String(self?.className === "User" ? self.id : 0);
  for (const text of texts) await telegram.sandbox.control("POST", "/world/append", { chat, text });
  assert.ok(Buffer.byteLength(texts.join("")) > 1_000_000);
  assert.deepEqual(textsOf(await connection.call(getHistory())), texts.toReversed());
});

Deno.test("wire: a data centre whose clock is an hour off, either way, is understood at once", async () => {
  for (const wire of [3600, -3600]) {
    await using other = await startTelegram();
    await other.sandbox.control("POST", "/clock", { wire });
    await using connection = connect(other.sandbox.port, { session: other.session, requestTimeout: 1000 });
    await Promise.all([connection.call(getFolders()), connection.call(getSelf())]);
    assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready"]);
    // Salts change every half-hour.
    await other.sandbox.control("POST", "/clock", { wire: 7200 });
    await Promise.all([connection.call(getFolders()), connection.call(getSelf())]);
    assert.deepEqual(connection.problems, []);
  }
});

Deno.test("wire: a machine whose clock jumps by an hour while connected loses no request", async () => {
  await using connection = connect(telegram.sandbox.port, { session: telegram.session, requestTimeout: 1000 });
  await connection.call(getFolders());
  const { getTime } = Date.prototype;
  try {
    for (const jump of [3_600_000, 0, -3_600_000]) {
      Date.prototype.getTime = function (): number {
        return getTime.call(this) + jump;
      };
      await Promise.all([connection.call(getFolders()), connection.call(getSelf())]);
    }
  } finally {
    Date.prototype.getTime = getTime;
  }
  await connection.call(getFolders());
  assert.deepEqual(connection.statuses.map(({ state }) => state), ["connecting", "ready"]);
});

Deno.test("openWire: without a key one is exchanged, with which the data centre answers", async () => {
  trustServerKey(await Deno.readTextFile(telegram.keyFile));
  const keys = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const wire = await open({ authKey: undefined });
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
  await assert.rejects(open({ signal: AbortSignal.abort(reason) }), reason);
  // req_pq_multi is 52 bytes long, what follows the first answer some 400.
  for (const [target, bytes] of [[undefined, 1], [telegram.sandbox.port, 53], [telegram.sandbox.port, 450]] as const) {
    await using relay = startRelay(target);
    const controller = new AbortController();
    const opening = assert.rejects(open({ port: relay.port, authKey: undefined, signal: controller.signal }), reason);
    await eventually(() => relay.sent >= bytes || undefined, `${bytes} bytes`);
    controller.abort(reason);
    await opening;
  }
});

Deno.test("openWire: a server that ends a key exchange is an error with its cause", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept().then(async (conn) => {
    await conn.read(new Uint8Array(64));
    conn.close();
  });
  await assert.rejects(open({ port: listener.addr.port, authKey: undefined }), Error);
  await accepted;
  listener.close();
});

Deno.test("close: a socket that is closed while it connects does not stay open", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const socket = new (socketFor(new AbortController().signal))();
  const connecting = assert.rejects(socket.connect(listener.addr.port, "127.0.0.1"), /closed while connecting/);
  await socket.close();
  using server = await accepting;
  await connecting;
  assert.equal(await server.read(new Uint8Array(1)), null);
});

Deno.test("close: while bytes are still being written nothing is left pending and nothing escapes", async () => {
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

Deno.test("close: with calls under way every promise settles", async () => {
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

Deno.test("close: while connecting, calls that wait for the connection end", async () => {
  await using silent = startRelay(undefined);
  const connection = connect(silent.port, { session: telegram.session });
  const answer = rejection(connection.call(getSelf()), "CONNECTION");
  await connection[Symbol.asyncDispose]();
  await answer;
});

Deno.test("close: two hundred times opened and closed, no connection stays open", async () => {
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
