/**
 * Random texts with random entities.
 * @module
 */
import type { Random } from "../../../sandbox/world/random.ts";
import type { Entity, Message } from "../../../src/model/message.ts";
import { message, TEXTS } from "./nasty.ts";

const PIECES: readonly string[] = [
  ..."ab19 \n\r\t\0\\`*_[]<>~|$#&;:=+-@'\",().!/{}",
  "\r\n",
  "    ",
  "```",
  "***",
  "&amp;",
  "</div>",
  "<!--",
  "]]>",
  "http://e.org/?a=1&b=2",
  "😀",
  "👩‍👩‍👧",
  "é",
  "שלום",
  "\u202e",
  "\u0001",
  "\u0085",
  "\u2028",
  "\ufeff",
  ...TEXTS.filter((text) => text.length < 40),
];
const TYPES = ["bold", "italic", "underline", "strike", "code", "pre", "spoiler", "blockquote", "text_link", "url"];
const MORE_TYPES = [...TYPES, "mention", "email", "mention_name", "custom_emoji", "hashtag", "unknown", "of_tomorrow"];
const URLS = [
  "https://example.org/a(b)?c=<d>&e=\"f'",
  "javascript:alert(1)",
  "tg://x y",
  "",
  "data:text/html,x",
  "//x",
];

/** A message whose entities overlap, nest, tear pairs of surrogates and reach out of its text. */
export function drawMessage(random: Random, id: number): Message {
  const text = Array.from({ length: random.int(14) }, () => random.pick(PIECES)).join("");
  const entities = Array.from({ length: random.int(6) }, (): Entity => {
    const type = random.pick(MORE_TYPES);
    return {
      type,
      offset: random.int(text.length + 2),
      length: random.int(text.length + 2),
      ...(type === "text_link" ? { url: random.pick(URLS) } : {}),
      ...(type === "pre" ? { language: random.pick(["", "ts", "`\n# x"]) } : {}),
      ...(type === "mention_name" ? { user_id: "7" } : {}),
    };
  });
  return message(id, { text, ...(entities.length === 0 ? {} : { entities }) });
}
