import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createExportLinks, type ExportFilePlace, type ExportLinks, isLink } from "../../src/mcp/export_links.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../../src/model/principal.ts";
import { holders } from "../http/principals.ts";

const KEY = new Uint8Array(32).fill(7);
const PLACE = { id: "abcdefghijklmnopqrstuvwxyz", file: "messages.csv" };
const NOW = Date.UTC(2026, 0, 1);
const ORIGIN = "http://127.0.0.1:8000";
const ANN: Principal = { ...LOCAL_PRINCIPAL, id: "ann" };
const BOB: Principal = { ...LOCAL_PRINCIPAL, id: "bob & co=?" };
const EVERYONE = holders([ANN, BOB, LOCAL_PRINCIPAL]).find;

const linksAt = (now: () => number, key = KEY): ExportLinks => createExportLinks({ key, now });
const queryOf = (url: string): URLSearchParams => new URL(url).searchParams;

Deno.test("export link: it names file, principal and end, and is good for an hour and not a second longer", () => {
  let now = NOW;
  const links = linksAt(() => now);
  const { url, expires } = links.make(ANN, PLACE, ORIGIN);
  assert.equal(expires, NOW / 1000 + 3600);
  const form = `^${ORIGIN}/exports/${PLACE.id}/messages\\.csv\\?expires=${expires}&principal=ann&signature=[\\w-]{43}$`;
  assert.match(url, new RegExp(form));
  now = NOW + 3_599_999;
  assert.equal(links.readerOf(queryOf(url), PLACE, EVERYONE), ANN);
  now = NOW + 3_600_000;
  assert.equal(links.readerOf(queryOf(url), PLACE, EVERYONE), undefined);
});

Deno.test("export link: the public address stands before the one that the caller reached", () => {
  const links = createExportLinks({ key: KEY, publicUrl: "https://example.org/x", now: () => NOW });
  assert.match(links.make(ANN, PLACE, "http://[::1]:1").url, /^https:\/\/example\.org\/x\/exports\//);
});

Deno.test("export link: names that addresses must spell out come back as they were", () => {
  const links = linksAt(() => NOW);
  for (const file of ["media/12.jpg", "a b?c=d&e#f%.txt", "naïve/é+x"]) {
    const place = { ...PLACE, file };
    const url = new URL(links.make(BOB, place, ORIGIN).url);
    assert.equal(decodeURIComponent(url.pathname), `/exports/${PLACE.id}/${file}`);
    assert.equal(links.readerOf(url.searchParams, place, EVERYONE), BOB);
  }
});

Deno.test("export link: it is bound to export, file, principal, account and end", () => {
  const links = linksAt(() => NOW);
  const { url, expires } = links.make(ANN, PLACE, ORIGIN);
  const granted = (change: Record<string, string>, place: ExportFilePlace = PLACE, whom = EVERYONE): unknown => {
    const query = queryOf(url);
    for (const [name, value] of Object.entries(change)) query.set(name, value);
    return links.readerOf(query, place, whom);
  };
  assert.equal(granted({}), ANN);
  const refused = {
    "another export": granted({}, { ...PLACE, id: PLACE.id.replace("a", "b") }),
    "another file": granted({}, { ...PLACE, file: "messages.md" }),
    "the border moved": granted({}, { id: `${PLACE.id}/m`, file: "essages.csv" }),
    "another principal": granted({ principal: "local" }),
    "an unknown principal": granted({}, PLACE, holders([BOB, LOCAL_PRINCIPAL]).find),
    "another account": granted({}, PLACE, holders([{ ...ANN, accountId: "another" }]).find),
    "a later end": granted({ expires: String(expires + 1) }),
    "an earlier end": granted({ expires: String(expires - 1) }),
    "the same end in other words": granted({ expires: `0${expires}` }),
    "no end": granted({ expires: "Infinity" }),
  };
  for (const [what, found] of Object.entries(refused)) assert.equal(found, undefined, what);
});

Deno.test("export link: no bit of a signature can be changed, none added and none left out", () => {
  const links = linksAt(() => NOW);
  const query = queryOf(links.make(ANN, PLACE, ORIGIN).url);
  const signature = query.get("signature") ?? "";
  const isGood = (text: string): boolean => {
    const altered = new URLSearchParams(query);
    altered.set("signature", text);
    return links.readerOf(altered, PLACE, EVERYONE) !== undefined;
  };
  assert.ok(isGood(signature));
  const bytes = Buffer.from(signature, "base64url");
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.ok(!isGood(altered.toString("base64url")), `bit ${bit}`);
  }
  // The last character has two bits that no byte has.
  const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const ends = [...last].filter((character) => isGood(signature.slice(0, -1) + character));
  assert.deepEqual(ends, [signature.at(-1)]);
  for (
    const text of [
      "",
      "x",
      `${signature}A`,
      signature.slice(0, 22),
      signature.slice(1),
      `${signature}=`,
      ` ${signature}`,
    ]
  ) {
    assert.ok(!isGood(text), text);
  }
});

Deno.test("export link: another key's is none, nor is one that lacks a part", () => {
  const links = linksAt(() => NOW);
  const { url } = linksAt(() => NOW, new Uint8Array(32)).make(ANN, PLACE, ORIGIN);
  assert.equal(links.readerOf(queryOf(url), PLACE, EVERYONE), undefined);
  for (const name of ["expires", "principal", "signature"]) {
    const query = queryOf(links.make(ANN, PLACE, ORIGIN).url);
    query.delete(name);
    assert.ok(isLink(query));
    assert.equal(links.readerOf(query, PLACE, EVERYONE), undefined, name);
  }
  assert.ok(!isLink(new URLSearchParams("other=1")));
});
