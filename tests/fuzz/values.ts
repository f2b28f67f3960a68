/**
 * Values that programs stumble over, drawn by a seeded generator.
 * @module
 */
import type { Random } from "../../sandbox/world/random.ts";
import { type Json, raw } from "./input.ts";

/** Names that mean something to an object of JavaScript. */
export const OBJECT_NAMES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "__defineGetter__",
  "valueOf",
  "then",
  "toJSON",
  "length",
];

const TEXTS: readonly string[] = [
  "",
  " ",
  "\0",
  "\n",
  "\r\n",
  "\t",
  "\u007f",
  "\u0085",
  "\u2028",
  "\ufeff",
  "\ud800",
  "\udfff\ud800",
  "\u202eabc",
  "\u{e0041}\u{e0042}",
  "👨‍👩‍👧‍👦",
  "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
  "ﷺ".repeat(40),
  "İ",
  "ß",
  "ﬀ",
  "İstanbul".repeat(30),
  "null",
  "undefined",
  "NaN",
  "true",
  "0",
  "-0",
  "1e5",
  "0x10",
  "01",
  "１２３",
  "١٢٣",
  "%",
  "%00",
  "%2e%2e%2f",
  "%E0%A4%A",
  "../../etc/passwd",
  "..\\..\\windows",
  "/etc/passwd",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "<script>alert(1)</script>",
  "' OR 1=1 --",
  '"; DROP TABLE keys; --',
  "${7*7}{{7*7}}",
  "$(id)",
  "`id`",
  "(a+)+$",
  "a".repeat(300),
  "a".repeat(20_000),
  "\\",
  '\\"',
  "*",
  "?",
  ".*",
  ...OBJECT_NAMES,
];

/** A text. */
export function text(random: Random): string {
  if (random.oneIn(4)) {
    return Array.from({ length: random.int(12) }, () => String.fromCharCode(random.int(random.pick([128, 0x10000]))))
      .join("");
  }
  const some = random.pick(TEXTS);
  return random.oneIn(5) ? some + random.pick(TEXTS) : some;
}

const NUMBERS: readonly Json[] = [
  0,
  -0,
  1,
  -1,
  1.5,
  100,
  101,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  raw("9007199254740993"),
  raw("-9007199254740993"),
  raw("9223372036854775808"),
  raw("1234567890123456789012345678901234567890"),
  raw("1e400"),
  raw("-1e400"),
  raw("1e-400"),
  raw("1E+2"),
  raw("0.1e1"),
  raw("-0.0"),
  1e300,
  5e-324,
];

/** A number, sometimes one that is no number of JavaScript's. */
export function number(random: Random): Json {
  return random.oneIn(3) ? random.int(2000) - 1000 : random.pick(NUMBERS);
}

/** Anything at all. */
export function anything(random: Random, depth = 2): Json {
  switch (random.int(depth > 0 ? 8 : 6)) {
    case 0:
      return null;
    case 1:
      return random.oneIn(2);
    case 2:
    case 3:
      return number(random);
    case 4:
    case 5:
      return text(random);
    case 6:
      return Array.from({ length: random.int(4) }, () => anything(random, depth - 1));
    default:
      return object(
        Array.from({ length: random.int(4) }, () => [text(random).slice(0, 40), anything(random, depth - 1)]),
      );
  }
}

/** An object whose members are its own, `__proto__` too. */
export function object(entries: readonly (readonly [string, Json])[]): Json {
  return Object.fromEntries(entries);
}

/** The text of a value nested as deep as that, whose end may be missing. */
export function nested(random: Random, depth: number): string {
  const [open, close] = random.pick([["[", "]"], ['{"a":', "}"]]);
  return (open ?? "").repeat(depth) + "1" + (close ?? "").repeat(random.oneIn(8) ? depth - 1 : depth);
}

/** The text with some of its bytes changed, doubled, taken away, or its end cut off. */
export function damaged(random: Random, whole: string): string {
  const at = random.int(Math.max(1, whole.length));
  const count = 1 + random.int(4);
  switch (random.int(5)) {
    case 0:
      return whole.slice(0, at) + String.fromCharCode(random.int(256)) + whole.slice(at + 1);
    case 1:
      return whole.slice(0, at);
    case 2:
      return whole.slice(0, at) + whole.slice(at + count);
    case 3:
      return whole.slice(0, at) + whole.slice(at, at + count) + whole.slice(at);
    default:
      return whole.slice(0, at) + String.fromCharCode((whole.charCodeAt(at) || 65) ^ (1 << random.int(7))) +
        whole.slice(at + 1);
  }
}

/** The text, percent-encoded in one of the ways that are read as the same or nearly so. */
export function encoded(random: Random, plain: string): string {
  const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  switch (random.int(4)) {
    case 0:
      return plain;
    case 1:
      return encodeURIComponent(plain.toWellFormed());
    case 2:
      return [...plain].map((each) => random.oneIn(3) && each < "\x7f" ? hex(each) : each).join("");
    default:
      return encodeURIComponent(encodeURIComponent(plain.toWellFormed()));
  }
}

/** What a request line or a header can hold: visible characters, the others percent-encoded or left out. */
export function visible(some: string): string {
  return some.replaceAll(/[^\x21-\x7e]/g, (each) => encodeURIComponent(each.toWellFormed()));
}
