import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { AppError } from "../../src/errors.ts";
import { DATA_CENTRES } from "../../src/mtproto/data_centres.ts";
import { formatSession, formOfSession, parseSession } from "../../src/mtproto/session.ts";
import { KEY, OF_A_BOT, OF_TEST_SERVERS, WRITTEN } from "./string_sessions.ts";

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
  for (const text of garbage) refusal(text);
});

Deno.test("parseSession: what GramJS, Telethon, Pyrogram and its forks wrote is read, and told apart", () => {
  for (const { form, dcId, host, text } of WRITTEN) {
    assert.deepEqual(parseSession(text), { dcId, host, port: 443, authKey: KEY }, form);
    assert.equal(formOfSession(text), form);
  }
});

Deno.test("formatSession: writes what GramJS writes, whatever the session was read from, and it is read the same", () => {
  for (const { form, text } of WRITTEN) {
    const session = parseSession(text);
    const written = formatSession(session);
    assert.deepEqual(parseSession(written), session);
    assert.equal(formOfSession(written), "GramJS");
    if (form === "GramJS") assert.equal(written, text);
  }
  for (let i = 0; i < 200; i++) {
    const [dcId, { host }] = [...DATA_CENTRES][i % DATA_CENTRES.size] ?? assert.fail();
    const session = { dcId, host, port: 1 + i * 300, authKey: new Uint8Array(randomBytes(256)) };
    assert.deepEqual(parseSession(formatSession(session)), session);
  }
});

Deno.test("parseSession: bots, test servers and data centres that do not exist are refused, each with its sentence", () => {
  assert.match(refusal(OF_A_BOT).message, /a bot's/);
  assert.match(refusal(OF_TEST_SERVERS).message, /test servers/);
  for (const dcId of [0, 6, 203, 255]) {
    assert.match(refusal(gramjs(dcId, "149.154.167.50", 443)).message, /data centre/);
    assert.match(refusal(telethon(dcId, [149, 154, 167, 51], 443)).message, /data centre/);
  }
  for (const { form, text } of WRITTEN) {
    if (form !== "Pyrogram") continue;
    for (const head of ["AA", "Bg"]) assert.match(refusal(head + text.slice(2)).message, /data centre/);
  }
});

Deno.test("parseSession: cut anywhere, or with a character of another alphabet, it is refused", () => {
  for (const { text } of WRITTEN) {
    const bare = text.replace(/=+$/, "");
    for (let length = 0; length < bare.length; length++) {
      // The one cut that nothing tells from a whole string of Pyrogram's oldest form: Telegram will not know its key.
      if (bare.length === 362 && length === 351) continue;
      refusal(text.slice(0, length));
    }
    for (let at = 0; at < bare.length; at++) {
      for (const other of ["*", " ", "=", "é", "\0"]) refusal(text.slice(0, at) + other + text.slice(at + 1));
    }
    refusal(text.slice(1));
    refusal(text + text);
    refusal(Buffer.from(text).toString("hex"));
  }
});

Deno.test("parseSession: Pyrogram's form cut to the length of an older one is told by its user", () => {
  const { text } = WRITTEN.find(({ text }) => text.length === 362) ?? assert.fail();
  const bytes = Buffer.from(text, "base64url");
  bytes.writeBigUInt64BE(777_000n, bytes.length - 9);
  assert.deepEqual(parseSession(bytes.toString("base64url")).authKey, KEY);
  refusal(bytes.subarray(0, 267).toString("base64url"));
});

Deno.test("parseSession: one other character in the head is refused, or leaves a session of the same key that stays itself", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const { text } of WRITTEN) {
    let refused = 0;
    for (let at = 0; at < 9; at++) {
      for (const other of alphabet) {
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        const session = valueOf(() => parseSession(changed));
        if (session === undefined) refused += refusal(changed) ? 1 : 0;
        else {
          assert.ok(DATA_CENTRES.has(session.dcId));
          if (at < 2) assert.deepEqual(session.authKey, KEY);
          assert.deepEqual(parseSession(formatSession(session)), session);
        }
      }
    }
    // Whatever says which form it is, which data centre, or how long the address is.
    assert.ok(refused >= 2 * 60, `${refused}`);
  }
});

/** Expects SESSION_INVALID that quotes nothing of the text; the error. */
function refusal(text: string): AppError {
  try {
    parseSession(text);
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "SESSION_INVALID");
    assert.throws(() => formOfSession(text), AppError);
    const said = JSON.stringify(error) + error.stack + String(error.cause);
    for (let i = 0; i + 12 < text.length; i += 12) assert.ok(!said.includes(text.slice(i, i + 12)), "quoted");
    return error;
  }
  assert.fail(`accepted: ${JSON.stringify(text)}`);
}

function valueOf<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
