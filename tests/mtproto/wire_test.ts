import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
// The door comes first: it settles where `telegram` looks for its schema.
import { Api, LAYER, trustServerKey } from "../../src/mtproto/gram.ts";
import { AuthKey } from "telegram/crypto/AuthKey.js";
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
