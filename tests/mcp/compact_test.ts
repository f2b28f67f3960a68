import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import { compactRow, groupByDay, type More, shorten } from "../../src/mcp/compact.ts";
import type { Message } from "../../src/model/message.ts";
import { messageOf } from "./messages.ts";

function row(fields: Partial<Message>, longestText = Infinity): unknown[] {
  return JSON.parse(JSON.stringify(compactRow(messageOf(fields), { longestText })));
}

Deno.test("compactRow: a plain message is its id, time and text", () => {
  assert.deepEqual(row({}), [4201, "08:12:33", "Parser is red"]);
});

Deno.test("compactRow: the label stands between time and text where the page has that column", () => {
  const options = { longestText: Infinity };
  assert.deepEqual(compactRow(messageOf(), { ...options, labels: [""] }), [4201, "08:12:33", "", "Parser is red"]);
  assert.deepEqual(compactRow(messageOf(), { ...options, labels: ["Ann"] }), [
    4201,
    "08:12:33",
    "Ann",
    "Parser is red",
  ]);
});

const LONG = "5400000000000000001";

/** What a field of the message adds to the row, as `more`. */
const MORE: readonly (readonly [title: string, fields: Partial<Message>, more: More | undefined])[] = [
  ["a reply", { reply_to: { id: 4200, top_id: 12 } }, { reply_to: 4200 }],
  ["a quote", { reply_to: { id: 4200, quote: "red" } }, { reply_to: 4200, quote: "red" }],
  ["a reply to another chat", { reply_to: { id: 9, chat_id: "-100200" } }, { reply_to: { id: 9, chat: "-100200" } }],
  ["a reply to a story", { reply_to: { story_id: 7, chat_id: "5" } }, { reply_to: { story: 7, chat: "5" } }],
  ["a forward by name", { forward: { from_name: "Hidden", date: "2025-02-28T07:00:00Z" } }, {
    fwd: { from: "Hidden", date: "2025-02-28T07:00:00Z" },
  }],
  ["a forward of a post", { forward: { from_id: "-1001", message_id: 812, date: "2025-02-28T07:00:00Z" } }, {
    fwd: { from: "-1001", msg: 812, date: "2025-02-28T07:00:00Z" },
  }],
  ["a forward of a named channel", {
    forward: { from_id: "-1001", from_name: "News", message_id: 812, date: "2025-02-28T07:00:00Z" },
  }, { fwd: { from: "News", id: "-1001", msg: 812, date: "2025-02-28T07:00:00Z" } }],
  ["an album", { album_id: LONG }, { album: LONG }],
  [
    "a video",
    {
      media: {
        kind: "video",
        id: LONG,
        file_name: "a.mp4",
        mime_type: "video/mp4",
        size: 9,
        width: 6,
        height: 3,
        duration: 1.5,
      },
    },
    { media: { kind: "video", name: "a.mp4", mime: "video/mp4", size: 9, seconds: 1.5 } },
  ],
  ["a sticker", { media: { kind: "sticker", emoji: "🙂" } }, { media: { kind: "sticker", emoji: "🙂" } }],
  ["a place", { media: { kind: "location", location: { latitude: 52.5, longitude: -13.25 } } }, {
    media: { kind: "location", name: "52.5,-13.25" },
  }],
  ["a venue", { media: { kind: "location", location: { latitude: 1, longitude: 2, title: "Café" } } }, {
    media: { kind: "location", name: "Café" },
  }],
  ["a place that is held back", { media: { kind: "location" } }, { media: { kind: "location" } }],
  ["media that have no other name", { media: { kind: "other", tl_type: "MessageMediaUnsupported" } }, {
    media: { kind: "other", name: "MessageMediaUnsupported" },
  }],
  ["a contact", { media: { kind: "contact", contact: { phone: "1", first_name: "Bo", last_name: "Ek" } } }, {
    media: { kind: "contact", name: "Bo Ek" },
  }],
  [
    "a poll",
    {
      media: {
        kind: "poll",
        poll: { id: "1", question: "Tea?", options: [{ text: "yes", voters: 4 }, { text: "no" }], closed: true },
      },
    },
    { poll: { question: "Tea?", options: [["yes", 4], ["no"]], closed: true } },
  ],
  ["a service message", { service: { action: "chat_add_user", user_ids: ["5"] } }, {
    service: { action: "chat_add_user", user_ids: ["5"] },
  }],
  [
    "reactions",
    {
      reactions: [
        { kind: "emoji", value: "👍", count: 2 },
        { kind: "custom", value: LONG, count: 1 },
        { kind: "paid", count: 40 },
      ],
    },
    { reactions: { "👍": 2, [`custom:${LONG}`]: 1, paid: 40 } },
  ],
  ["counters", { views: 1200, forwards: 3, replies: 5 }, { views: 1200, forwards: 3, replies: 5 }],
  ["counters of nothing", { views: 0, forwards: 0, replies: 0 }, { views: 0 }],
  ["marks", { edited: "2025-03-01T09:00:00Z", pinned: true, topic_id: 12, author: "Editor", via_bot: "5001" }, {
    edited: "2025-03-01T09:00:00Z",
    pinned: true,
    topic: 12,
    author: "Editor",
    via: "5001",
  }],
  [
    "links hidden in text and buttons, once each",
    {
      entities: [
        { type: "text_link", offset: 0, length: 1, url: "https://a.example/" },
        { type: "url", offset: 0, length: 1 },
      ],
      buttons: [
        [{ text: "A", kind: "url", url: "https://a.example/" }],
        [{ text: "B", kind: "url", url: "https://b.example/" }],
      ],
    },
    { links: ["https://a.example/", "https://b.example/"], buttons: ["A", "B"] },
  ],
  ["a preview", { preview: { url: "https://a.example/", title: "A", description: "long" } }, {
    preview: { url: "https://a.example/", title: "A" },
  }],
  [
    "what only the full form shows",
    { outgoing: true, silent: true, post: true, noforwards: true, ttl_seconds: 60, link: "https://t.me/a/1" },
    undefined,
  ],
];

for (const [title, fields, more] of MORE) {
  Deno.test(`compactRow: more holds ${title}`, () => {
    assert.deepEqual(row(fields), [4201, "08:12:33", "Parser is red", ...(more === undefined ? [] : [more])]);
  });
}

Deno.test("compactRow: a cut text says how many characters are withheld", () => {
  assert.deepEqual(row({ text: "abcdef" }, 4), [4201, "08:12:33", "abcd", { cut: 2 }]);
  assert.deepEqual(row({ text: "abcdef" }, 6), [4201, "08:12:33", "abcdef"]);
});

Deno.test("shorten: a grapheme is kept whole or left out whole", () => {
  assert.deepEqual(shorten("ab👍c", 3), { text: "ab", withheld: 3 });
  assert.deepEqual(shorten("ab👍c", 4), { text: "ab👍", withheld: 1 });
  assert.deepEqual(shorten("e\u0301e\u0301", 3), { text: "e\u0301", withheld: 2 });
  assert.deepEqual(shorten("👩‍👩‍👧!", 8), { text: "👩‍👩‍👧", withheld: 1 });
});

Deno.test("shorten: a grapheme too long for any cut is cut, but between code points", () => {
  const piled = `a${"\u0301".repeat(50)}`;
  assert.deepEqual(shorten(piled, 10), { text: piled.slice(0, 10), withheld: 41 });
  const family = "👩‍👩‍👧";
  assert.deepEqual(shorten(family, 4), { text: "👩\u200D", withheld: 5 });
});

Deno.test("shorten: whatever the text, nothing is lost, torn or too long", () => {
  const random = createRandom(6);
  const parts = ["a", " ", "\n", "é", "e\u0301", "👍", "👍🏽", "👩‍👩‍👧", "🇩🇪", "🏴\u{E0067}\u{E007F}", "한", "ক্ষ", "می‌"];
  const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
  for (let round = 0; round < 1000; round++) {
    const text = Array.from({ length: random.int(20) }, () => random.pick(parts)).join("");
    const longest = 1 + random.int(30);
    const { text: kept, withheld } = shorten(text, longest);
    assert.ok(text.startsWith(kept) && kept.length <= longest);
    assert.equal(kept.length + withheld, text.length);
    assert.ok(kept.isWellFormed(), JSON.stringify({ text, longest, kept }));
    const boundaries = new Set([...segmenter.segment(text)].map(({ index }) => index)).add(text.length);
    const first = [...boundaries].filter((index) => index > 0).at(0) ?? 0;
    if (first <= longest) assert.ok(boundaries.has(kept.length), JSON.stringify({ text, longest, kept }));
  }
});

Deno.test("groupByDay: a day is opened whenever it changes, in the order of the messages", () => {
  const entries = ["2025-03-02T00:00:00Z", "2025-03-01T23:59:59Z", "2025-03-01T00:00:00Z", "2025-03-02T00:00:00Z"]
    .map((date, index) => ({ message: messageOf({ date }), row: [index] }));
  assert.deepEqual(groupByDay(entries), [
    { day: "2025-03-02", rows: [[0]] },
    { day: "2025-03-01", rows: [[1], [2]] },
    { day: "2025-03-02", rows: [[3]] },
  ]);
  assert.deepEqual(groupByDay([]), []);
});
