/**
 * Messages whose texts, names and titles mean something to a format that takes them for its own.
 * @module
 */
import type { Entity, Message } from "../../../src/model/message.ts";
import type { RenderChat, RenderContext } from "../../../src/exports/render/mod.ts";

/** A title in every language at once. */
export const CHAT: RenderChat = {
  id: "-1002000000003",
  kind: "supergroup",
  title: "</title><script>alert(1)</script> # *Chat* [x](javascript:1) ‮evil",
  username: "sandbox_group",
};
export const OTHER: RenderChat = { id: "734201334", kind: "user", title: "Ann\nLee" };

export const CONTEXT: RenderContext = {
  chats: [CHAT],
  self: "1000",
  created: "2025-03-02T00:00:00.000Z",
  tz: "Asia/Kathmandu",
  query: '@sandbox_group, "all" <now>',
};

/** A message with only what must be. */
export function message(id: number, fields: Partial<Message> = {}): Message {
  return {
    schema: "message/1",
    id,
    chat_id: CHAT.id,
    date: new Date(Date.UTC(2025, 2, 1, 8, 0, id)).toISOString().replace(".000", ""),
    observed_at: "2025-03-02T00:00:00.000Z",
    sender: { id: "734201334", kind: "user", name: "Ann Lee" },
    text: "",
    ...fields,
  };
}

/** An entity around the first place where words stand. */
function around(text: string, words: string, type: string, rest: Partial<Entity> = {}): Entity {
  return { type, offset: text.indexOf(words), length: words.length, ...rest };
}

export const HOSTILE_NAME = '"><img src=x onerror=alert(1)> **bold** `=cmd` # h';

const OVERLAP = "bold both italic 👩‍👩‍👧 link";
const LINKS = "click here, or there, https://example.org/a_b?c=d&e=f www.example.org @annlee a@example.org";
const CODE = "let `x` = ``y``;\nconst z = 1;\n```\n# no heading\n</code>";
const QUOTE = "before\n> said\n- so\nafter";

export const TEXTS: readonly string[] = [
  "plain",
  "=cmd|' /C calc'!A0",
  "+1-2",
  "-5",
  "-5 apples",
  "@SUM(1)",
  "\t=1",
  "\r=1",
  "  =1",
  "'quoted",
  "''",
  "＝1",
  'say "hi", he said;\r\n"=1"',
  "</script><script>alert(1)</script><!-- --> <![CDATA[ ]]> &amp; &lt; &#x41; &copy",
  "שלום עולם ‮ reversed ⁦isolate",
  "مرحبا (العالم) 123",
  "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪 ❤️ é",
  "a\0b\u0001c\u001fd\u007fe\u0085f\u00a0g\u200bh\u2028i\u2029j\ufeffk",
  "W".repeat(3000),
  "# heading\n## again\n===\n---\n- item\n* item\n+ item\n1. one\n2) two\n> quote\n    code\n\ttab\n```\nfence\n~~~\n| a | b |\n|---|---|\n: def",
  "**bold** __bold__ *it* _it_ `code` ~~no~~ [a](http://b) ![a](http://b) <http://c> [^1] $x$ ||s|| \\ \\* a_b_c",
  "line\n\n\n\nafter a gap  \n  indented\n",
  "\n\nleading and trailing\n\n",
  "[object Object] undefined null NaN",
  "line\rreturn\r\nboth\n",
  "",
];

/** The nastiest messages, ids rising. */
export const NASTY: readonly Message[] = [
  ...TEXTS.map((text, index) => message(index + 1, { text })),
  message(101, {
    text: OVERLAP,
    entities: [
      around(OVERLAP, "bold both", "bold"),
      around(OVERLAP, "both italic", "italic"),
      around(OVERLAP, "italic 👩‍👩‍👧 link", "underline"),
      around(OVERLAP, "👩‍👩‍👧", "custom_emoji", { custom_emoji_id: "5400000000000000001" }),
      around(OVERLAP, "link", "text_link", { url: 'https://example.org/?a="><script>' }),
    ],
  }),
  message(102, {
    text: LINKS,
    entities: [
      around(LINKS, "click", "text_link", { url: "javascript:alert(1)" }),
      around(LINKS, "here", "text_link", { url: "https://example.org/)>](x) <y>" }),
      around(LINKS, "there", "text_link", { url: "tg://user?id=1" }),
      around(LINKS, "https://example.org/a_b?c=d&e=f", "url"),
      around(LINKS, "www.example.org", "url"),
      around(LINKS, "@annlee", "mention"),
      around(LINKS, "a@example.org", "email"),
      // A link around a link.
      { type: "text_link", offset: 0, length: LINKS.length, url: "https://outer.example/" },
    ],
  }),
  message(103, {
    text: CODE,
    entities: [around(CODE, CODE, "pre", { language: "ts`<x>" }), around(CODE, "`x`", "code")],
  }),
  message(104, { text: QUOTE, entities: [around(QUOTE, "> said\n- so", "blockquote", { collapsed: true })] }),
  message(105, { text: "a `b` c", entities: [{ type: "code", offset: 0, length: 7 }] }),
  message(106, {
    text: "😀 torn",
    entities: [
      { type: "bold", offset: 1, length: 1 },
      { type: "italic", offset: 0, length: 1 },
      { type: "spoiler", offset: 3, length: 400 },
      { type: "strike", offset: 900, length: 1 },
      { type: "code", offset: 2, length: 0 },
    ],
  }),
  message(107, {
    text: "answer",
    sender: { id: "7", kind: "user", name: HOSTILE_NAME, username: "mallory" },
    edited: "2025-03-04T00:00:00Z",
    reply_to: { id: 101, quote: "</div>\n# quoted *words*" },
    forward: { from_name: "=HYPERLINK(1)\n## <i>News</i>", date: "2025-01-01T00:00:00Z" },
    reactions: [{ kind: "emoji", value: "❤", count: 3 }, { kind: "custom", value: "54", count: 1 }, {
      kind: "paid",
      count: 2,
    }],
    views: 0,
    pinned: true,
    buttons: [[{ text: "<b>press</b>", kind: "url", url: "javascript:alert(1)" }, {
      text: "ok",
      kind: "url",
      url: "https://example.org/?q='\"",
    }]],
    preview: { url: "https://example.org/", title: "</a><script>", description: "- *d*\nx" },
  }),
  message(108, {
    media: {
      kind: "document",
      id: "5400000000000000001",
      file_name: '../../etc/passwd\n=cmd "<script>".exe',
      mime_type: "text/html",
      size: 6_000_000_000,
    },
  }),
  message(109, {
    media: {
      kind: "poll",
      poll: {
        id: "1",
        question: "*Which*?\n<b>",
        options: [{ text: "=1", voters: 3, correct: true }, { text: "| b |" }],
        quiz: true,
      },
    },
  }),
  message(110, { service: { action: "chat_edit_title", title: "## <New> [title]" }, date: "2025-03-01T18:15:00Z" }),
  message(111, {
    sender: undefined,
    date: "2025-03-05T00:00:00Z",
    reply_to: { id: 9, chat_id: OTHER.id },
    media: { kind: "other", tl_type: "MessageMediaToDo" },
  }),
];
