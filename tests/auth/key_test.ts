import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { generateKey, hashKey, isWellFormed, readKey } from "../../src/auth/key.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Always the same keys: of others one in four thousand millions might fail where the checksum itself is touched. */
const keys = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => generateKey(() => createHash("sha256").update(`seed ${i}`).digest()));

const replaced = (text: string, at: number, by: string): string => text.slice(0, at) + by + text.slice(at + 1);

const swapped = (text: string, a: number, b: number): string =>
  replaced(replaced(text, a, text[b] ?? ""), b, text[a] ?? "");

Deno.test("generateKey: tgk_ and 49 characters of base62, another one each time", () => {
  const made = Array.from({ length: 200 }, () => generateKey());
  for (const key of made) {
    assert.match(key, /^tgk_[0-9A-Za-z]{49}$/);
    assert.equal(readKey(key), "key");
  }
  assert.equal(new Set(made).size, made.length);
});

Deno.test("generateKey: all 256 bits are in the key, the least and the greatest included", () => {
  assert.equal(generateKey(() => new Uint8Array(32)).slice(4, 47), "0".repeat(43));
  const greatest = generateKey(() => new Uint8Array(32).fill(255));
  const value = [...greatest.slice(4, 47)].reduce((sum, letter) => sum * 62n + BigInt(ALPHABET.indexOf(letter)), 0n);
  assert.equal(value, 2n ** 256n - 1n);
  assert.equal(readKey(greatest), "key");
});

Deno.test("generateKey: the checksum is CRC-32 of what goes before, so that others can check it too", () => {
  const key = generateKey(() => new Uint8Array(32));
  assert.equal(key, "tgk_00000000000000000000000000000000000000000000isq8Z");
});

Deno.test("readKey: one changed character is always found", () => {
  for (const key of keys(30)) {
    for (let at = 4; at < key.length; at++) {
      for (const letter of ALPHABET) {
        if (letter !== key[at]) assert.equal(readKey(replaced(key, at, letter)), "mistyped", `${at} of ${key}`);
      }
    }
  }
});

Deno.test("readKey: two swapped characters are always found, wherever they stand", () => {
  for (const key of keys(30)) {
    for (let a = 4; a < key.length; a++) {
      for (let b = a + 1; b < key.length; b++) {
        if (key[a] !== key[b]) assert.equal(readKey(swapped(key, a, b)), "mistyped", `${a} and ${b} of ${key}`);
      }
    }
  }
});

Deno.test("readKey: a key that is cut, doubled or has strange characters is mistyped; what begins otherwise is no key", () => {
  const key = generateKey();
  const mistyped = [key.slice(0, -1), `${key}0`, `${key}${key}`, `${key} `, `${key}\n`, "tgk_", replaced(key, 9, "-")];
  for (const text of [...mistyped, replaced(key, 9, "é"), replaced(key, 9, "\0")]) {
    assert.equal(readKey(text), "mistyped", JSON.stringify(text));
    assert.equal(isWellFormed(text), false);
  }
  for (const text of ["", "tgk", "TGK_", key.slice(4), `x${key}`, ` ${key}`, "ghp_abc", "Bearer"]) {
    assert.equal(readKey(text), "other", JSON.stringify(text));
  }
  assert.equal(isWellFormed(key), true);
});

Deno.test("hashKey: SHA-256, as anybody computes it", () => {
  const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(Buffer.from(hashKey("abc")).toString("hex"), expected);
});
