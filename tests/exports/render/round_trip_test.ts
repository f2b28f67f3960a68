import assert from "node:assert/strict";
import { z } from "zod";
import { createRandom } from "../../../sandbox/world/random.ts";
import { attribute, elementsOf, readCsv, readMarkdown, textOf, textsOf } from "./parsed.ts";
import { drawMessage } from "./draw.ts";
import { renderFile } from "./rendered.ts";

const random = createRandom(5);
const messages = Array.from({ length: 4000 }, (_, index) => drawMessage(random, index + 1));
const withText = messages.filter(({ text }) => text !== "");

const part = z.looseObject({ type: z.string(), text: z.string() });
const resultSchema = z.object({
  messages: z.array(
    z.object({ text: z.union([z.string(), z.array(z.union([z.string(), part]))]), text_entities: z.array(part) }),
  ),
});

Deno.test("json: whatever the text and its entities, both forms of the text are the text", async () => {
  const result = resultSchema.parse(JSON.parse(await renderFile("json", messages)));
  for (const [index, { text, text_entities: parts }] of result.messages.entries()) {
    const whole = typeof text === "string" ? text : text.map((each) => typeof each === "string" ? each : each.text);
    assert.equal([whole].flat().join(""), messages[index]?.text);
    assert.equal(parts.map((each) => each.text).join(""), messages[index]?.text);
  }
});

Deno.test("csv: whatever the text, it comes back and no field begins like a formula", async () => {
  const text = await renderFile("csv", messages);
  const rows = readCsv(text);
  assert.equal(rows.length, messages.length);
  for (const [index, { text }] of messages.entries()) assert.equal(rows[index]?.text, text);
});

Deno.test("html: whatever the text and its entities, readers see the text", async () => {
  const texts = textsOf(await renderFile("html", messages));
  assert.equal(texts.length, withText.length);
  // HTML has no way to say NUL.
  for (const [index, { text }] of withText.entries()) assert.equal(texts[index], text.replaceAll("\0", "\u2400"));
});

/** What text can become; `p`, `br` and the quotes and blocks of code are on lines of their own. */
const MARKDOWN = new Set(["p", "br", "strong", "em", "code", "pre", "a", "blockquote", "h1", "h2", "h3", "ul", "li"]);

Deno.test("markdown: whatever the text and its entities, nothing else in it is interpreted", async () => {
  for (const message of withText) {
    const all = readMarkdown(await renderFile("markdown", [message]));
    for (const element of all) {
      assert.ok(MARKDOWN.has(element.tagName), `${element.tagName} of ${JSON.stringify(message)}`);
      const href = attribute(element, "href");
      assert.match(href ?? "https:", /^(https?|tg|mailto):/);
    }
    const count = (tag: string): number => all.filter(({ tagName }) => tagName === tag).length;
    const types = new Set((message.entities ?? []).map(({ type }) => type));
    assert.deepEqual([count("h1"), count("h2"), count("h3")], [1, 1, 1], JSON.stringify(message));
    for (const [tag, type] of [["strong", "bold"], ["em", "italic"], ["blockquote", "blockquote"], ["pre", "pre"]]) {
      assert.ok(count(tag ?? "") === 0 || types.has(type ?? ""), `${tag} of ${JSON.stringify(message)}`);
    }
    assert.equal(count("ul"), 0, JSON.stringify(message));
  }
});

/** Letters and digits are what no form of writing changes; what cannot be seen has signs of its own. */
const words = (text: string): string => text.replaceAll(/⟦U\+\w+⟧|[^\p{L}\p{N}]/gu, "");

Deno.test("markdown: readers see all of the text's words, in their order", async () => {
  for (const message of withText) {
    const { text, ...rest } = message;
    // Words that hide an address which is no link have it behind them.
    if (rest.entities?.some(({ type }) => type === "text_link")) continue;
    const html = readMarkdown(await renderFile("markdown", [message]));
    const at = html.findIndex(({ tagName }) => tagName === "h3");
    const top = html.slice(at + 1).filter(({ parentNode }) => parentNode?.nodeName === "body");
    assert.equal(words(top.map(textOf).join("")), words(text), JSON.stringify(message));
  }
});

Deno.test("html: whatever the text and its entities, pages have no element, link or attribute of its making", async () => {
  const html = await renderFile("html", messages);
  const allowed: Readonly<Record<string, readonly string[]>> = {
    a: ["href", "rel", "class"],
    article: ["id"],
    code: ["class"],
    div: ["class", "dir"],
    b: ["dir"],
    span: ["class", "tabindex", "title"],
    time: ["datetime"],
    html: ["lang"],
    meta: ["charset", "http-equiv", "content", "name"],
  };
  const names = new Set(
    "html head meta title style body nav h2 h3 article header div b i u s a bdi time code span blockquote".split(" "),
  );
  for (const element of elementsOf(html)) {
    assert.ok(names.has(element.tagName), element.tagName);
    for (const { name } of element.attrs) {
      assert.ok(allowed[element.tagName]?.includes(name), `${element.tagName} ${name}`);
    }
    const href = attribute(element, "href");
    if (element.tagName === "a" && !/^(#m-?\d+_\d+|(page-\d{4}|index)\.html)$/.test(href ?? "")) {
      assert.match(href ?? "", /^(https?:\/\/|tg:\/\/|mailto:)/);
      assert.equal(attribute(element, "rel"), "noopener noreferrer nofollow");
    }
  }
});
