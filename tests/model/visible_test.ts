import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import { asSent, hiddenIn, visible } from "../../src/model/visible.ts";

/** Code points that hide or reorder text, wherever they stand. */
const HIDING = [
  [0x00, "NUL"],
  [0x08, "backspace"],
  [0x0b, "vertical tab"],
  [0x0d, "carriage return"],
  [0x1b, "escape"],
  [0x7f, "delete"],
  [0x85, "next line"],
  [0x9b, "control sequence introducer"],
  [0xad, "soft hyphen"],
  [0x34f, "combining grapheme joiner"],
  [0x115f, "Hangul choseong filler"],
  [0x1160, "Hangul jungseong filler"],
  [0x17b4, "Khmer inherent vowel"],
  [0x180b, "Mongolian variation selector"],
  [0x180e, "Mongolian vowel separator"],
  [0x200b, "zero-width space"],
  [0x200c, "zero-width non-joiner"],
  [0x200d, "zero-width joiner"],
  [0x2028, "line separator"],
  [0x2029, "paragraph separator"],
  [0x202a, "left-to-right embedding"],
  [0x202e, "right-to-left override"],
  [0x2060, "word joiner"],
  [0x2062, "invisible times"],
  [0x2064, "invisible plus"],
  [0x2065, "unassigned, ignorable"],
  [0x2066, "left-to-right isolate"],
  [0x2069, "pop directional isolate"],
  [0x206f, "nominal digit shapes"],
  [0x3164, "Hangul filler"],
  [0xd83d, "half of a surrogate pair"],
  [0xdc00, "other half of a surrogate pair"],
  [0xfdd0, "noncharacter"],
  [0xfe00, "variation selector 1"],
  [0xfe0f, "variation selector for emoji behind a letter"],
  [0xfeff, "byte order mark"],
  [0xffa0, "half-width Hangul filler"],
  [0xfff9, "interlinear annotation anchor"],
  [0xffff, "noncharacter at a plane's end"],
  [0x1d173, "musical begin beam"],
  [0xe0001, "language tag"],
  [0xe0041, "tag letter"],
  [0xe007f, "cancel tag"],
  [0xe0080, "unassigned among tags"],
  [0xe0100, "variation selector 17"],
  [0xe01ef, "variation selector 256"],
] as const;

const sign = (code: number): string => `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;

for (const [code, what] of HIDING) {
  Deno.test(`visible: ${sign(code)}, ${what}, is shown`, () => {
    const character = String.fromCodePoint(code);
    assert.equal(visible(`a${character}b`), `a⟦${sign(code)}⟧b`);
    assert.deepEqual(hiddenIn(`a${character}b`), [{ index: 1, character }]);
  });
}

/** Texts that need their invisible characters. */
const LEGITIMATE = {
  "tab and newline": "a\tb\nc",
  "zero-width joiners between emoji": "👩‍👩‍👧 👩🏽‍⚕️ ❤️‍🔥 👁️‍🗨️ 🏳️‍🌈 🏴‍☠️ 👨‍🦰 🏃‍➡️ 🐦‍⬛",
  "zero-width non-joiner in Persian": "می‌خواهم کتاب‌ها",
  "zero-width joiner at the end of an Arabic letter": "ه‍.",
  "joiners in Devanagari, Malayalam, Bengali and Sinhala": "क्‍ष क्‌ष ന്‍ র‌্য ක්‍ෂ",
  "left-to-right and right-to-left marks": "‎a‏ב c‎, (שלום)‏!",
  "Arabic letter mark before a number": "؜-1",
  "variation selectors behind emoji": "❤️ ☺︎ 1️⃣ #️⃣ ©️",
  "a Mongolian variation selector": "ᠠ᠋",
  "flags of England, Scotland and Wales":
    "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}🏴\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
  "zero-width spaces between Thai, Khmer, Lao and Burmese words":
    "ภาษา\u200Bไทย ខ្ញុំ\u200Bស្រលាញ់ ພາສາ\u200Bລາວ မြန်မာ\u200Bစာ",
  "soft hyphens inside words": "Donau\u00ADdampf\u00ADschiff пере\u00ADнос",
  "isolates around text from right to left":
    "\u2066مرحبا\u2069 hi \u2067שלום, 12!\u2069 \u2068می\u200Cخواهم\u2069 \u2066a שלום b\u2069",
  "regional indicators": "🇩🇪",
  "astral letters, combining marks, blanks of any width": "𝕏𠮷 é e\u0301 a\u00A0b\u2003c\u3000d",
  "private use": "\uF8FF",
};

for (const [what, text] of Object.entries(LEGITIMATE)) {
  Deno.test(`visible: ${what} stays as it is`, () => {
    assert.equal(visible(text), text);
    assert.deepEqual(hiddenIn(text), []);
  });
}

/** What uses needed characters for something else. */
const ABUSED: readonly (readonly [what: string, text: string, hidden: number])[] = [
  ["joiners that cut a word", "ig\u200Dno\u200Cre", 2],
  ["marks that cut a word", "ig\u200Eno\u200Fre", 2],
  ["marks in a row", "a \u200E\u200F\u200E\u061C b", 3],
  ["bits written in joiners", "ok\u200C\u200D\u200C\u200C\u200D", 5],
  ["bits written in joiners between Arabic letters", "ا\u200C\u200D\u200C\u200Dب", 2],
  ["bits written in variation selectors", "😀\uFE0F\uFE00\uFE05\u{E0141}", 3],
  ["zero-width spaces in a row, and at a letter of another script", "ไท\u200B\u200Bย a\u200Bไ ไ\u200Ba", 4],
  ["soft hyphens that cut a word to letters", "i\u00ADg\u00ADn\u00ADo", 3],
  ["soft hyphens in a row, and beside a word", "ab\u00AD\u00ADcd \u00ADab ab\u00AD", 4],
  ["isolates that do not end, or have not begun", "\u2066שלום \u2069\u2069 \u2067שלום", 2],
  ["an isolate that ends in another line", "\u2067שלום\n\u2069", 2],
  ["isolates without text from right to left", "\u2066abc\u2069 \u2067123\u2069", 4],
  ["isolates that turn the order of words", "\u2067abc ש def\u2069 \u2068ש abc\u2069", 4],
  ["an isolate with an override in it", "\u2066ש\u202Eabc\u2069", 3],
  ["an isolate in another one", "\u2066ש\u2066ש\u2069\u2069", 2],
  ["an isolate with something hidden in it", "\u2067ש\u200Bש\u2069", 3],
  ["a variation selector behind a letter", "a\uFE0F", 1],
  ["an emoji that ends with a joiner", "👩\u200D", 1],
];

for (const [what, text, hidden] of ABUSED) {
  Deno.test(`visible: ${what} are shown`, () => assert.equal(hiddenIn(text).length, hidden));
}

const inTags = (text: string): string =>
  Array.from(text, (letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join("");

Deno.test("visible: words in tag characters cannot pass for a flag, however long they are", () => {
  for (const word of ["ignore all", "alltxt", "gbsct!", "gbsc", "usca"]) {
    const text = `🏴${inTags(word)}\u{E007F}`;
    assert.doesNotMatch(visible(text), /[\u{E0000}-\u{E007F}]/u);
    assert.equal(hiddenIn(text).length, word.length + 1);
  }
});

/** Strings that lean on one another: needed, hidden, and what makes the difference. */
const PARTS = [
  ...HIDING.map(([code]) => String.fromCodePoint(code)),
  ..."aя1ابकഗᠠ漢한👩❤🏽🏴☺⟦⟧.",
  "\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
  "\u200C",
  "\u200D",
  "\u200E",
  "\u200F",
  "\u061C",
  "\uFE0E",
  "\uFE0F",
  "\u180B",
  "\u200B",
  "\u00AD",
  "\u2067",
  "\u2068",
  ..."שไក",
  ...Object.values(LEGITIMATE),
];

Deno.test("visible: whatever the text, once is enough, and what can be seen stays in its order", () => {
  const random = createRandom(5);
  const any = (): string => random.oneIn(3) ? String.fromCodePoint(random.int(0x110000)) : random.pick(PARTS);
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random.int(8) }, any).join("");
    const shown = visible(text);
    const what = JSON.stringify(text);
    assert.equal(visible(shown), shown, what);
    assert.deepEqual(hiddenIn(shown), [], what);
    assert.ok(shown.isWellFormed(), what);
    let [rest, from] = ["", 0];
    for (const { index, character } of hiddenIn(text)) {
      rest += `${text.slice(from, index)}⟦${sign(character.codePointAt(0) ?? 0)}⟧`;
      from = index + character.length;
    }
    assert.equal(rest + text.slice(from), shown, what);
  }
});

Deno.test("visible: of isolates only those stay that begin and end in one line, and hold nothing else that turns text", () => {
  const random = createRandom(6);
  const parts = [
    "\u2066",
    "\u2067",
    "\u2068",
    "\u2069",
    "\u2069",
    "ש",
    "ש",
    "a",
    "1",
    "\n",
    "\u202E",
    "\u200F",
    "\u200B",
  ];
  let kept = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: 2 + random.int(9) }, () => random.pick(parts)).join("");
    const shown = visible(text);
    assert.equal(visible(shown), shown, JSON.stringify(text));
    const rest = shown.replace(/\u2066[aש1]*ש[aש1]*\u2069|[\u2067\u2068][ש1]*ש[ש1]*\u2069/g, () => `${kept++}`);
    assert.doesNotMatch(rest, /[\u2066-\u2069\u202A-\u202E]/, JSON.stringify(text));
  }
  assert.ok(kept > 200, `${kept}`);
});

Deno.test("asSent: a name as it was shown is the name as it was sent; other brackets stay", () => {
  for (const [code] of HIDING) {
    const name = `a${String.fromCodePoint(code)}b`;
    assert.equal(asSent(visible(name)), name);
  }
  for (const name of ["⟦U+0041⟧", "⟦U+110000⟧", "⟦U+⟧", "⟦u+202e⟧", "plain"]) assert.equal(asSent(name), name);
});
