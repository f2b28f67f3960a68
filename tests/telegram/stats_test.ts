import assert from "node:assert/strict";
import type { Message } from "../../src/model/message.ts";
import { Api } from "../../src/mtproto/gram.ts";
import type { TlMessage } from "../../src/telegram/map/message.ts";
import { type Grouping, keysOf, largest, ranked } from "../../src/telegram/stats.ts";
import { messageOf } from "../mcp/messages.ts";
import { ANN, received } from "./golden.ts";

const seconds = (text: string): number => Date.parse(text) / 1000;
const at = (date: string): TlMessage => new Api.Message({ id: 1, peerId: ANN, date: seconds(date), message: "" });
const keys = (grouping: Grouping, fields: Partial<Message>, tz = "UTC", raw = at("2025-03-01T08:12:33Z")): unknown =>
  keysOf(grouping, tz)({ raw, message: messageOf(fields) });
const times = (tz: string, date: string): string[] =>
  (["day", "week", "month", "weekday", "hour"] as const).map((grouping) =>
    keysOf(grouping, tz)({ raw: at(date), message: messageOf() })[0]?.[0] ?? ""
  );

Deno.test("keysOf: times are the zone's, before, in and after a change of its clocks", () => {
  assert.deepEqual(times("UTC", "2025-03-01T08:12:33Z"), ["2025-03-01", "2025-02-24", "2025-03", "Saturday", "08"]);
  assert.deepEqual(times("UTC", "2024-12-30T00:00:00Z"), ["2024-12-30", "2024-12-30", "2024-12", "Monday", "00"]);
  assert.deepEqual(times("UTC", "2025-01-05T23:59:59Z"), ["2025-01-05", "2024-12-30", "2025-01", "Sunday", "23"]);
  assert.deepEqual(times("Asia/Kolkata", "2025-03-31T18:30:00Z"), [
    "2025-04-01",
    "2025-03-31",
    "2025-04",
    "Tuesday",
    "00",
  ]);
  assert.deepEqual(times("America/New_York", "2025-01-01T04:59:59Z"), [
    "2024-12-31",
    "2024-12-30",
    "2024-12",
    "Tuesday",
    "23",
  ]);
  // Berlin: 02:00 becomes 03:00 at 01:00Z; in October 03:00 becomes 02:00 at 01:00Z.
  assert.deepEqual(times("Europe/Berlin", "2025-03-30T00:59:59Z").slice(3), ["Sunday", "01"]);
  assert.deepEqual(times("Europe/Berlin", "2025-03-30T01:00:00Z").slice(3), ["Sunday", "03"]);
  assert.deepEqual(times("Europe/Berlin", "2025-03-30T22:00:00Z").slice(3), ["Monday", "00"]);
  assert.deepEqual(times("Europe/Berlin", "2025-10-26T00:30:00Z").slice(3), ["Sunday", "02"]);
  assert.deepEqual(times("Europe/Berlin", "2025-10-26T01:30:00Z").slice(3), ["Sunday", "02"]);
  assert.deepEqual(times("Europe/Berlin", "2025-10-26T22:59:59Z").slice(3), ["Sunday", "23"]);
});

Deno.test("keysOf: a sender, the chat itself, and the other side of a private chat", () => {
  const group = "-1002000000003";
  assert.deepEqual(keys("sender", {}), [["734201334", 1]]);
  assert.deepEqual(keys("sender", { sender: undefined }), [["", 1]]);
  assert.deepEqual(keys("sender", { sender: { id: group, kind: "chat", name: "Group" } }), [["", 1]]);
  assert.deepEqual(keys("sender", { chat_id: "734201334" }), [["734201334", 1]]);
  const other = { id: "-1002000000001", kind: "channel", name: "News" } as const;
  assert.deepEqual(keys("sender", { sender: other }), [["-1002000000001", 1]]);
});

Deno.test("keysOf: a topic is its id, also for the message that begins it; without one it is General", () => {
  assert.deepEqual(keys("topic", { topic_id: 12 }), [["12", 1]]);
  assert.deepEqual(keys("topic", {}), [["1", 1]]);
  assert.deepEqual(keys("topic", { id: 12, topic_id: 12, service: { action: "topic_create", title: "Plans" } }), [[
    "12",
    1,
  ]]);
});

Deno.test("keysOf: types are all that a message falls under", () => {
  const raw = received(
    new Api.Message({
      id: 1,
      peerId: ANN,
      date: 1,
      message: "go to example.com",
      pinned: true,
      mentioned: true,
      entities: [new Api.MessageEntityUrl({ offset: 6, length: 11 })],
      media: new Api.MessageMediaDice({ value: 1, emoticon: "🎲" }),
    }),
  );
  assert.deepEqual(keys("type", {}, "UTC", raw), [["media", 1], ["link", 1], ["pinned", 1], ["mention", 1]]);
  assert.deepEqual(keys("type", {}), [["text", 1]]);
});

Deno.test("keysOf: reactions by how often, hashtags in lower case and once, domains once and without www", () => {
  assert.deepEqual(
    keys("reaction", {
      reactions: [{ kind: "emoji", value: "👍", count: 3 }, { kind: "custom", value: "5", count: 2 }, {
        kind: "paid",
        count: 9,
      }],
    }),
    [["👍", 3], ["custom:5", 2], ["paid", 9]],
  );
  const tags = "#News #news #Wetter";
  const tag = (offset: number, length: number) => ({ type: "hashtag", offset, length });
  assert.deepEqual(keys("hashtag", { text: tags, entities: [tag(0, 5), tag(6, 5), tag(12, 7)] }), [["#news", 1], [
    "#wetter",
    1,
  ]]);
  const domains = (...links: string[]): unknown =>
    keys("domain", { text: "here", entities: links.map((url) => ({ type: "text_link", offset: 0, length: 4, url })) });
  assert.deepEqual(domains("https://www.Example.com/a?b", "http://example.com:8080", "//"), [["example.com", 1]]);
  assert.deepEqual(domains("mailto:ann@example.com", "tg://resolve?domain=x", "tel:123", ""), []);
  assert.deepEqual(domains("https://user:pass@a.example.org./x", "example.net:80/y"), [["a.example.org", 1], [
    "example.net",
    1,
  ]]);
  const bare = { text: "see docs.example.net/x.", entities: [{ type: "url", offset: 4, length: 18 }] };
  assert.deepEqual(keys("domain", bare), [["docs.example.net", 1]]);
});

Deno.test("largest: times in their order, Monday first; others by count; equal ones by key", () => {
  const counts = (...keys: readonly [string, number][]): Map<string, number> => new Map(keys);
  const days = counts(["2025-03-02", 5], ["2025-03-01", 1], ["2025-03-04", 5], ["2025-03-03", 9]);
  assert.deepEqual(largest(days, "day", 4).map(([key]) => key.slice(8)), ["01", "02", "03", "04"]);
  assert.deepEqual(largest(days, "day", 2).map(([key]) => key.slice(8)), ["02", "03"]);
  const weekdays = counts(["Sunday", 1], ["Friday", 2], ["Monday", 1], ["Tuesday", 1]);
  assert.deepEqual(largest(weekdays, "weekday", 7).map(([key]) => key), ["Monday", "Tuesday", "Friday", "Sunday"]);
  assert.deepEqual(largest(weekdays, "weekday", 2).map(([key]) => key), ["Monday", "Friday"]);
  const tags = counts(["#b", 2], ["#c", 7], ["#a", 2]);
  assert.deepEqual(largest(tags, "hashtag", 9), [["#c", 7], ["#a", 2], ["#b", 2]]);
});

Deno.test("ranked: the most first, equal ones as they come, those without any left out", () => {
  const messages = [["a", 5], ["b", undefined], ["c", 9], ["d", 5], ["e", 0]].map(([text, views]) => ({
    message: messageOf({ text: String(text), views: typeof views === "number" ? views : undefined }),
  }));
  const texts = (limit: number): string => ranked(messages, "views", limit).map(({ message }) => message.text).join("");
  assert.equal(texts(9), "cad");
  assert.equal(texts(2), "ca");
  assert.deepEqual(ranked(messages, "reactions", 9), []);
});
