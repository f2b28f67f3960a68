/** Which data centres are believed: those that have a key which this program knows. */
import assert from "node:assert/strict";
import { trustServerKey } from "../../src/mtproto/gram.ts";
import { openTo, startTelegram } from "./telegram.ts";

Deno.test("openWire: with a data centre of an unknown RSA key no key is exchanged, whatever it is; with a known one it is", async () => {
  await using telegram = await startTelegram();
  await assert.rejects(openTo(telegram, { authKey: undefined }));
  const received = await telegram.received();
  assert.deepEqual(Object.keys(received).filter((name) => !/^(?:ReqPq|req_pq)/i.test(name)), []);
  trustServerKey(await Deno.readTextFile(telegram.keyFile));
  const wire = await openTo(telegram, { authKey: undefined });
  assert.equal(wire.authKey.length, 256);
  await wire.close();
});
