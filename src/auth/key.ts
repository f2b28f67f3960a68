/**
 * API keys as texts: `tgk_`, 43 characters of base62 for 256 random bits, and 6 for the CRC-32 of all that goes before. The
 * prefix lets secret scanners find a key that has leaked, the checksum tells a mistyped one from one that is not known.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const PREFIX = "tgk_";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 62 ** 43 is just above 2 ** 256. */
const SECRET_CHARACTERS = 43;
/** 62 ** 6 is above 2 ** 32. */
const CHECKSUM_CHARACTERS = 6;
const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_CHARACTERS + CHECKSUM_CHARACTERS}}$`);

/**
 * A new key.
 * @param random so many bytes that nobody can guess
 */
export function generateKey(random: (bytes: number) => Uint8Array = randomBytes): string {
  const body = PREFIX + base62(BigInt(`0x${random(32).toHex()}`), SECRET_CHARACTERS);
  return body + checksum(body);
}

/**
 * What a text is: a whole key, one that was mistyped or cut, or something else altogether. A key with one character changed,
 * or with two of those before its checksum swapped, is always told: CRC-32 finds every error in two bytes.
 */
export function readKey(text: string): "key" | "mistyped" | "other" {
  if (!text.startsWith(PREFIX)) return "other";
  const body = text.slice(0, -CHECKSUM_CHARACTERS);
  return FORM.test(text) && text === body + checksum(body) ? "key" : "mistyped";
}

/** Whether a text is a whole key, be it known or not. */
export function isWellFormed(text: string): boolean {
  return readKey(text) === "key";
}

/**
 * What is kept of a key: its SHA-256, 32 bytes. Passwords need a hash that is slow to try guesses with; of 256 random bits
 * nobody guesses any, however fast.
 */
export function hashKey(key: string): Uint8Array {
  return createHash("sha256").update(key).digest();
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_CHARACTERS);
}

function base62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = ALPHABET[Number(rest % 62n)] + text;
  return text;
}
