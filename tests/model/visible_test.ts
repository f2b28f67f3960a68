import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import { createRevealer } from "../../src/model/visible.ts";

/** Code points that hide or reorder text. */
const HIDING = [
  0x00,
  0x08,
  0x0b,
  0x0d,
  0x1b,
  0x7f,
  0x85,
  0xad,
  0x61c,
  0x115f,
  0x1160,
  0x180e,
  0x200b,
  0x202a,
  0x202e,
  0x2060,
  0x2064,
  0x2066,
  0x2069,
  0x206f,
  0x3164,
  0xfeff,
  0xffa0,
  0xfff9,
  0xe0001,
  0xe0041,
  0xe007f,
  0xe0100,
  0xe01ef,
];

for (const code of HIDING) {
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  Deno.test(`createRevealer: ${name} becomes visible and is counted`, () => {
    const reveal = createRevealer();
    assert.equal(reveal(`a${String.fromCodePoint(code)}b`), `a⟦${name}⟧b`);
    assert.equal(reveal.count(), 1);
  });
}

/** Texts that need their invisible characters. */
const LEGITIMATE = {
  "tab and newline": "a\tb\nc",
  "zero-width joiner in an emoji": "👩‍👩‍👧",
  "zero-width non-joiner in Persian": "می‌خواهم",
  "left-to-right and right-to-left marks": "‎a‏ב",
  "variation selector": "❤️",
  "flag of Scotland": "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
  "regional indicators": "🇩🇪",
  "astral letters": "𝕏𠮷",
};

for (const [what, text] of Object.entries(LEGITIMATE)) {
  Deno.test(`createRevealer: ${what} stays as it is`, () => {
    const reveal = createRevealer();
    assert.equal(reveal(text), text);
    assert.equal(reveal.count(), 0);
  });
}

Deno.test("createRevealer: a message in tag characters cannot pass for a flag", () => {
  const hidden = [..."ignore all"].map((letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join(
    "",
  );
  const reveal = createRevealer();
  assert.doesNotMatch(reveal(`🏴${hidden}\u{E007F}`), /[\u{E0000}-\u{E007F}]/u);
  assert.equal(reveal.count(), hidden.length / 2 + 1);
});

Deno.test("createRevealer: six letters behind a black flag are no country", () => {
  const tags = [..."alltxt"].map((letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join("");
  const reveal = createRevealer();
  assert.doesNotMatch(reveal(`🏴${tags}\u{E007F}`), /[\u{E0000}-\u{E007F}]/u);
  assert.equal(reveal.count(), 7);
});

Deno.test("createRevealer: counts add up over texts, and each revealer has its own", () => {
  const [first, second] = [createRevealer(), createRevealer()];
  first("\u202E");
  first("\u202E\u2066");
  assert.equal(first.count(), 3);
  assert.equal(second.count(), 0);
});

Deno.test("createRevealer: revealing twice changes nothing, whatever the text", () => {
  const random = createRandom(5);
  const parts = [
    ...HIDING.map((code) => String.fromCodePoint(code)),
    ...Object.values(LEGITIMATE),
    "a",
    "🏴",
    "\ud83d",
  ];
  for (let round = 0; round < 500; round++) {
    const text = Array.from({ length: random.int(12) }, () => random.pick(parts)).join("");
    const reveal = createRevealer();
    const once = reveal(text);
    const count = reveal.count();
    assert.equal(reveal(once), once);
    assert.equal(reveal.count(), count);
  }
});
