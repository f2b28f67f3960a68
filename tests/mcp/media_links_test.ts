import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createMediaLinks } from "../../src/mcp/media_links.ts";
import { createSeal } from "../../src/mcp/seal.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";

const KEY = new Uint8Array(32).fill(7);
const PLACE = { chat: "-1002000000001", message: 812 };
const NOW = Date.UTC(2026, 0, 1);

function tokenOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

Deno.test("media link: it grants one message's file to its principal for an hour and not a second longer", () => {
  let now = NOW;
  const links = createMediaLinks({ key: KEY, now: () => now });
  const { url, expires } = links.make(LOCAL_PRINCIPAL, PLACE, "http://127.0.0.1:8000");
  assert.match(url, /^http:\/\/127\.0\.0\.1:8000\/media\/[\w-]+$/);
  assert.equal(expires, NOW / 1000 + 3600);
  const grant = { principal: "local", account: "default", generation: "", ...PLACE, expires };
  now = NOW + 3_599_999;
  assert.deepEqual(links.read(tokenOf(url)), grant);
  now = NOW + 3_600_000;
  assert.equal(links.read(tokenOf(url)), undefined);
});

Deno.test("media link: the public address stands before the one that the caller reached", () => {
  const links = createMediaLinks({ key: KEY, publicUrl: "https://example.org/x", now: () => NOW });
  assert.match(links.make(LOCAL_PRINCIPAL, PLACE, "http://[::1]:1").url, /^https:\/\/example\.org\/x\/media\//);
});

Deno.test("media link: no bit can be changed, none added and none left out", () => {
  const links = createMediaLinks({ key: KEY, now: () => NOW });
  const token = tokenOf(links.make(LOCAL_PRINCIPAL, PLACE, "").url);
  const bytes = Buffer.from(token, "base64url");
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.equal(links.read(altered.toString("base64url")), undefined, `bit ${bit}`);
  }
  for (const text of ["", "x", `${token}A`, token.slice(0, -1), token.slice(1), `${token}=`, ` ${token}`]) {
    assert.equal(links.read(text), undefined, text);
  }
});

Deno.test("media link: another key's, and what the same key sealed for another purpose or in another form, are none", () => {
  const links = createMediaLinks({ key: KEY, now: () => NOW });
  const other = createMediaLinks({ key: new Uint8Array(32), now: () => NOW });
  assert.equal(links.read(tokenOf(other.make(LOCAL_PRINCIPAL, PLACE, "").url)), undefined);
  const value = ["local", "default", "", PLACE.chat, PLACE.message, NOW / 1000 + 60];
  assert.equal(links.read(createSeal(KEY, "cursor/1").close(value)), undefined);
  assert.equal(links.read(createSeal(KEY, "media/1").close(value.slice(1))), undefined);
  assert.ok(links.read(createSeal(KEY, "media/1").close(value)) !== undefined);
});
