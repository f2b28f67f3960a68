import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { AppError } from "../../src/errors.ts";
import { parseSession } from "../../src/mtproto/session.ts";

const KEY = Uint8Array.from({ length: 256 }, (_, i) => (i * 7 + 3) % 256);

const port16 = (port: number): Buffer => Buffer.of(port >> 8, port & 255);
const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

function gramjs(dcId: number, host: string, port: number, key: Uint8Array = KEY): string {
  const address = Buffer.from(host);
  return `1${join(Buffer.of(dcId), port16(address.length), address, port16(port), key).toString("base64")}`;
}

/** Python's urlsafe_b64encode keeps the padding. */
function telethon(dcId: number, address: readonly number[], port: number, key: Uint8Array = KEY): string {
  const text = join(Buffer.of(dcId), Buffer.from(address), port16(port), key).toString("base64");
  return `1${text.replaceAll("+", "-").replaceAll("/", "_")}`;
}

Deno.test("parseSession: reads GramJS's form, whatever the length of the address", () => {
  const hosts = [
    "149.154.167.91",
    "149.154.167.50",
    "10.0.0.2",
    "ab",
    "venus.web.telegram.org",
    "2001:67c:4e8:f002::a",
  ];
  for (const host of hosts) {
    assert.deepEqual(parseSession(gramjs(4, host, 80)), { dcId: 4, host, port: 80, authKey: KEY }, host);
  }
});

Deno.test("parseSession: reads Telethon's form with an IPv4 and an IPv6 address", () => {
  const four = parseSession(telethon(2, [149, 154, 167, 51], 443));
  assert.deepEqual(four, { dcId: 2, host: "149.154.167.51", port: 443, authKey: KEY });
  const bytes = [0x20, 0x01, 0x06, 0x7c, 0x04, 0xe8, 0xf0, 0x02, 0, 0, 0, 0, 0, 0, 0, 0x0a];
  const six = parseSession(telethon(5, bytes, 443));
  assert.deepEqual(six, { dcId: 5, host: "2001:67c:4e8:f002:0:0:0:a", port: 443, authKey: KEY });
});

Deno.test("parseSession: ports above 32767 are read, GramJS's signed writing of them included", () => {
  for (const port of [1, 443, 32_767, 32_768, 40_000, 65_535]) {
    assert.equal(parseSession(gramjs(2, "127.0.0.1", port)).port, port);
    assert.equal(parseSession(telethon(2, [127, 0, 0, 1], port)).port, port);
  }
});

Deno.test("parseSession: white space around it and either alphabet of base64 do not matter", () => {
  const key = Uint8Array.from({ length: 256 }, () => 0xfb);
  const session = telethon(2, [1, 2, 3, 4], 443, key);
  assert.match(session, /[-_]/);
  for (
    const text of [`  ${session}\n`, session.replaceAll("-", "+").replaceAll("_", "/"), session.replace(/=+$/, "")]
  ) {
    assert.deepEqual(parseSession(text).authKey, key);
  }
});

Deno.test("parseSession: garbage is SESSION_INVALID and is never quoted", () => {
  const good = gramjs(2, "149.154.167.50", 443);
  const garbage = [
    "",
    "1",
    "  ",
    "2" + good.slice(1),
    good.slice(0, 100),
    good.slice(0, -4),
    good.slice(0, -8),
    good + good,
    good.slice(0, 50) + "*" + good.slice(51),
    "1" + randomBytes(263).toString("hex"),
    "1" + randomBytes(200).toString("base64"),
    "1" + randomBytes(600).toString("base64"),
    gramjs(2, "1.2.3.4/x", 443),
    gramjs(2, "host name", 443),
    "secret-".repeat(60),
  ];
  for (const text of garbage) {
    assert.throws(() => parseSession(text), (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.code, "SESSION_INVALID");
      const said = JSON.stringify(error) + error.stack + String(error.cause);
      for (let i = 0; i + 12 < text.length; i += 12) assert.ok(!said.includes(text.slice(i, i + 12)), "quoted");
      return true;
    }, JSON.stringify(text.slice(0, 20)));
  }
});
