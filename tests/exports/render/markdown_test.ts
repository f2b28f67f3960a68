import assert from "node:assert/strict";
import type { Entity } from "../../../src/model/message.ts";
import { HOSTILE_NAME, message, NASTY } from "./nasty.ts";
import { readMarkdown, textOf } from "./parsed.ts";
import { renderFile } from "./rendered.ts";

/** What stands under the heading of the only message. */
async function body(text: string, entities: readonly Entity[] = []): Promise<string> {
  const all = await renderFile("markdown", [message(1, { text, entities: [...entities] })]);
  return all.split(/^### .*\n\n/m)[1]?.replace(/\n$/, "") ?? "";
}

const whole = (type: string, text: string, rest: Partial<Entity> = {}): Entity => ({
  type,
  offset: 0,
  length: text.length,
  ...rest,
});

const MARKED: readonly (readonly [string, readonly Entity[], string])[] = [
  ["bold", [whole("bold", "bold")], "**bold**"],
  ["two words", [whole("bold", "two words"), whole("italic", "two words")], "***two words***"],
  ["gone", [whole("strike", "gone")], "~~gone~~"],
  // Marks that CommonMark would not take for such are not set.
  ["bold, ", [whole("bold", "bold, ")], "bold, "],
  ["ab", [{ type: "bold", offset: 0, length: 1 }, { type: "italic", offset: 1, length: 1 }], "**a**b"],
  ["a\nb", [whole("bold", "a\nb")], "**a**\\\n**b**"],
  ["a`b", [whole("code", "a`b")], "``a`b``"],
  ["`", [whole("code", "`")], "`` ` ``"],
  ["f()\n```", [whole("pre", "f()\n```", { language: "ts\n# x" })], "````ts#x\nf()\n```\n````"],
  ["said\nso", [whole("blockquote", "said\nso")], "> said\\\n> so"],
  ["x]", [whole("text_link", "x]", { url: "http://e.org/>)" })], "[x\\]](<http://e.org/%3E)>)"],
  ["x", [whole("text_link", "x", { url: "javascript:a(*)" })], "x (javascript:a(\\*))"],
  ["hey!@ann", [{ type: "mention", offset: 4, length: 4 }], "hey\\![@ann](<https://t.me/ann>)"],
  ["secret", [whole("spoiler", "secret")], "secret"],
  ["1. x", [], "1\\. x"],
  ["1. x", [{ type: "hashtag", offset: 0, length: 1 }], "1\\. x"],
  ["   - x", [], "&#32;  \\- x"],
  ["C# & R&D; #tag", [], "C# & R\\&D; #tag"],
];
for (const [text, entities, expected] of MARKED) {
  const types = entities.map(({ type }) => type).join(" and ") || "plain";
  Deno.test(`markdown: ${JSON.stringify(text)}, ${types}`, async () =>
    assert.equal(await body(text, entities), expected));
}

Deno.test("markdown: only our own headings are headings, with days, names and numbers in them", async () => {
  const all = readMarkdown(await renderFile("markdown", NASTY));
  const heads = all.filter(({ tagName }) => /^h\d$/.test(tagName)).map((each) => [each.tagName, textOf(each)]);
  assert.equal(heads.length, 1 + 3 + NASTY.length);
  assert.deepEqual(heads.filter(([tag]) => tag === "h2").map(([, text]) => text), [
    "2025-03-01",
    "2025-03-02",
    "2025-03-05",
  ]);
  assert.ok(heads.some(([, text]) => text?.startsWith(`${HOSTILE_NAME} @mallory · 13:46:47 · #107 · edited`)));
});

Deno.test("markdown: characters that hide or reorder text are made visible", async () => {
  const all = await renderFile("markdown", NASTY);
  assert.ok(all.includes("⟦U+202E⟧"));
  assert.doesNotMatch(all, /(?!\n)[\p{Cc}\u200b\u202a-\u202e\u2066-\u2069]/u);
});
