import assert from "node:assert/strict";
import { createRandom } from "../../sandbox/world/random.ts";
import { labelSenders } from "../../src/mcp/labels.ts";
import { neutralize } from "../../src/model/neutralize.ts";
import { buildPage, chatHead, type Entry, namedPageSchema, type PageParts, pageSchema } from "../../src/mcp/page.ts";
import type { Sender } from "../../src/model/message.ts";
import type { Peer } from "../../src/telegram/map/peer.ts";
import { ANN, GROUP, messageOf, pageOf, SELF } from "./messages.ts";

const person = (id: string, name: string): Sender => ({ id, kind: "user", name });
const labelsOf = (senders: readonly Sender[]): string[] =>
  [...labelSenders(senders.map((sender) => ({ message: { sender }, chat: GROUP })), SELF.id).values()].map((
    { label },
  ) => label);
/** As it is answered. */
const size = (page: object): number => JSON.stringify(neutralize(page)).length;

Deno.test("buildPage: a page of a group", () => {
  const messages = [messageOf(), messageOf({ id: 4202, date: "2025-03-01T08:15:10Z", sender: SELF, text: "Fixed" })];
  const page = buildPage(pageOf(messages, { total: 2, range: { from: "2025-03-01T00:00:00Z" }, notes: ["A note."] }));
  assert.equal(
    JSON.stringify(page),
    JSON.stringify({
      chat: {
        id: "-1002000000003",
        kind: "supergroup",
        title: "Group",
        username: "sandbox_group",
        link: "https://t.me/sandbox_group",
      },
      range: { from: "2025-03-01T00:00:00Z" },
      count: 2,
      total: 2,
      has_more: false,
      notes: ["A note."],
      senders: { "Ann Lee": "734201334 @annlee", me: "1000" },
      columns: ["id", "utc", "from", "text", "more"],
      messages: [{
        day: "2025-03-01",
        rows: [[4201, "08:12:33", "Ann Lee", "Parser is red"], [4202, "08:15:10", "me", "Fixed"]],
      }],
    }),
  );
});

Deno.test("buildPage: there is no from column when the chat itself posted everything, and an empty label in mixed pages", () => {
  const own: Sender = { id: GROUP.id, kind: "chat", name: "Group" };
  const posts = buildPage(pageOf([messageOf({ sender: undefined }), messageOf({ sender: own })]));
  assert.deepEqual(posts.columns, ["id", "utc", "text", "more"]);
  assert.equal(posts.senders, undefined);
  const mixed = buildPage(pageOf([messageOf({ sender: own }), messageOf()]));
  assert.deepEqual(mixed.messages, [{
    day: "2025-03-01",
    rows: [[4201, "08:12:33", "", "Parser is red"], [4201, "08:12:33", "Ann Lee", "Parser is red"]],
  }]);
});

Deno.test("buildPage: the other side of a private chat is named", () => {
  const chat: Peer = { id: ANN.id, kind: "user", title: "Ann Lee", usernames: [] };
  assert.deepEqual(buildPage(pageOf([messageOf({ chat_id: ANN.id })], { chat })).senders, {
    "Ann Lee": "734201334 @annlee",
  });
});

Deno.test("buildPage: without a chat of the page every row names its own, and titles alike are told apart", () => {
  const other: Peer = { id: "-1002000000777", kind: "channel", title: "Group", usernames: [] };
  const entries = [{ message: messageOf(), chat: GROUP }, {
    message: messageOf({ id: 5, sender: undefined }),
    chat: other,
  }];
  const page = buildPage({ ...pageOf([]), chat: undefined, entries });
  assert.equal("chat" in page, false);
  assert.deepEqual(page.chats, { "Group#0003": "-1002000000003 @sandbox_group", "Group#0777": "-1002000000777" });
  assert.deepEqual(page.columns, ["id", "utc", "chat", "from", "text", "more"]);
  assert.deepEqual(page.messages, [{
    day: "2025-03-01",
    rows: [
      [4201, "08:12:33", "Group#0003", "Ann Lee", "Parser is red"],
      [5, "08:12:33", "Group#0777", "", "Parser is red"],
    ],
  }]);
});

Deno.test("buildPage: a message from before the group's migration carries its chat, one asked for itself is a hit", () => {
  const former: Peer = { id: "-4002", kind: "group", title: "Group", usernames: [] };
  const page = buildPage({ ...pageOf([]), entries: [{ message: messageOf(), chat: former, hit: true }] });
  assert.deepEqual(page.messages, [{
    day: "2025-03-01",
    rows: [[4201, "08:12:33", "Ann Lee", "Parser is red", { chat: "-4002", hit: true }]],
  }]);
});

Deno.test("buildPage: texts that must stay whole are never shortened", () => {
  const messages = [messageOf({ text: "a".repeat(1500) }), messageOf({ id: 4200, text: "b".repeat(1500) })];
  const page = buildPage(pageOf(messages, { maxChars: 2000, wholeTexts: true }));
  assert.equal(page.count, 1);
  assert.match(JSON.stringify(page), /"a{1500}"/);
});

Deno.test("buildPage: full messages stand without columns and senders", () => {
  const messages = [messageOf()];
  const page = buildPage(pageOf(messages, { fields: "full" }));
  assert.deepEqual(page.messages, messages);
  assert.equal("columns" in page || "senders" in page, false);
});

Deno.test("buildPage: a page keeps to its size when its hidden characters are shown", () => {
  const messages = Array.from({ length: 20 }, (_, index) => messageOf({ id: index + 1, text: "\u202E".repeat(200) }));
  const page = neutralize(buildPage(pageOf(messages, { maxChars: 8000 })));
  assert.ok(JSON.stringify(page).length <= 8000);
  assert.ok(page.count === 4 && page.neutralized === 800, `${page.count} messages`);
});

Deno.test("labelSenders: names that look alike once hidden characters are shown are told apart", () => {
  const labels = labelSenders(
    ["Eve\u202E", "Eve⟦U+202E⟧", "Eve"].map((name, index) => ({
      message: { sender: person(String(70001 + index), name) },
      chat: GROUP,
    })),
    SELF.id,
  );
  assert.deepEqual([...labels.values()].map(({ label }) => label), ["Eve\u202E#0001", "Eve⟦U+202E⟧#0002", "Eve"]);
});

Deno.test("buildPage: long texts are shortened before the page is", () => {
  const messages = [messageOf({ text: "a".repeat(3000) }), messageOf({ id: 4200 })];
  assert.equal(buildPage(pageOf(messages, { maxChars: 4000 })).count, 2);
  const page = buildPage(pageOf(messages, { maxChars: 2000 }));
  assert.equal(page.count, 2);
  assert.equal(page.has_more, false);
  assert.match(JSON.stringify(page), /"a{1000}",\{"cut":2000\}/);
});

Deno.test("buildPage: what does not fit is left to the cursor, which goes on behind the last message shown", () => {
  const messages = Array.from({ length: 40 }, (_, index) => messageOf({ id: 4300 - index, text: "b".repeat(300) }));
  const asked: (number | undefined)[] = [];
  const cursorAfter = (last: Entry | undefined): string => {
    asked.push(last?.message.id);
    return `after ${last?.message.id}`;
  };
  const page = buildPage(pageOf(messages, { maxChars: 3000, cursorAfter }));
  assert.equal(page.has_more, true);
  assert.equal(page.next_cursor, `after ${4300 - page.count + 1}`);
  assert.deepEqual(page.notes, ["The page ends early to stay within max_chars."]);
  assert.equal(asked.at(-1), 4300 - page.count + 1);
});

Deno.test("buildPage: with more behind a whole page, the cursor goes on behind everything looked at", () => {
  const page = buildPage(pageOf([messageOf()], { hasMore: true, cursorAfter: (last) => `after ${last?.message.id}` }));
  assert.equal(page.next_cursor, "after undefined");
});

Deno.test("buildPage: one message stays whatever its size, and an empty page is a page", () => {
  const buttons = Array.from({ length: 100 }, () => [{ text: "c".repeat(50), kind: "text" }]);
  const page = buildPage(pageOf([messageOf({ buttons }), messageOf({ id: 4200 })], { maxChars: 2000 }));
  assert.equal(page.count, 1);
  assert.ok(size(page) > 2000);
  assert.deepEqual(buildPage(pageOf([], { notes: ["Nothing."] })).messages, []);
});

Deno.test("buildPage: never larger than max_chars but for a lone message, never shorter than need be, and always valid", () => {
  const random = createRandom(7);
  const words = ["word ", "слово ", "👍", '"\\', "\n", "\u202E"];
  let cut = 0;
  for (let round = 0; round < 150; round++) {
    const messages = Array.from({ length: 1 + random.int(100) }, (_, index) =>
      messageOf({
        id: 9000 - index,
        date: new Date(1740816753000 - index * 7_000_000).toISOString(),
        sender: person(String(1 + random.int(30)), random.pick(["Ann", "Bo", "me", "Ann#0001"])),
        text: Array.from({ length: random.int(random.oneIn(8) ? 150 : 30) }, () => random.pick(words)).join(""),
        ...(random.oneIn(3) ? { views: random.int(1e6), reply_to: { id: 5 } } : {}),
      }));
    const maxChars = 2000 + random.int(30_000);
    const fields = random.pick(["compact", "full"] as const);
    const parts = pageOf(messages, { maxChars, hasMore: random.oneIn(2), fields });
    const page = buildPage(parts);
    pageSchema.parse(page);
    assert.ok(page.count === 1 || size(page) <= maxChars, `${size(page)} > ${maxChars}`);
    assert.equal(page.has_more, page.next_cursor !== undefined);
    if (page.count === messages.length) continue;
    cut++;
    assert.equal(page.has_more, true);
    if (page.count < messages.length - 1) {
      assert.ok(sizeOf(parts, page.count + 1) > maxChars, "one more would have fitted");
    }
  }
  assert.ok(cut > 30, `only ${cut} pages were cut`);
});

/** The size of a page that ends early behind so many messages. */
function sizeOf(parts: PageParts, count: number): number {
  const entries = parts.entries.slice(0, count);
  const notes = ["The page ends early to stay within max_chars."];
  const cursorAfter = (): string => parts.cursorAfter(entries.at(-1));
  return size(buildPage({ ...parts, entries, notes, cursorAfter, hasMore: true, maxChars: Infinity }));
}

Deno.test("labelSenders: the account is me, others are their names", () => {
  assert.deepEqual(labelsOf([ANN, SELF, ANN]), ["Ann Lee", "me"]);
});

Deno.test("labelSenders: equal names get the end of their ids, as many digits as tell them apart", () => {
  assert.deepEqual(labelsOf([person("111", "Bo"), person("222", "Bo")]), ["Bo#111", "Bo#222"]);
  assert.deepEqual(labelsOf([person("1001234", "Bo"), person("1005678", "Bo")]), ["Bo#1234", "Bo#5678"]);
  assert.deepEqual(labelsOf([person("1001234", "Bo"), person("2051234", "Bo")]), ["Bo#01234", "Bo#51234"]);
});

Deno.test("labelSenders: nobody can pass for the account, for the chat itself or for somebody told apart", () => {
  assert.deepEqual(labelsOf([SELF, person("1001234", "me")]), ["me", "me#1234"]);
  assert.deepEqual(labelsOf([person("1001234", "")]), ["#1234"]);
  assert.deepEqual(labelsOf([person("1001234", "hidden")]), ["hidden#1234"]);
  const eve = person("9999", "Bo#1234");
  assert.deepEqual(labelsOf([person("1001234", "Bo"), person("1005678", "Bo"), eve]), [
    "Bo#1234",
    "Bo#5678",
    "Bo#1234#9999",
  ]);
});

Deno.test("labelSenders: labels are unique whatever people call themselves", () => {
  const random = createRandom(8);
  const names = ["me", "hidden", "", "Bo", "Bo#1", "Bo#1111", "Bo#11111", "Bo#-1111", "#1111", "__proto__", "12"];
  const ids = ["1", "11", "1111", "11111", "111111", "211111", "-1111", "-100111111", "1000", "2000", "12000"];
  for (let round = 0; round < 2000; round++) {
    const senders = Array.from({ length: 1 + random.int(11) }, () => person(random.pick(ids), random.pick(names)));
    const labels = labelsOf(senders);
    assert.equal(new Set(labels).size, new Set(senders.map(({ id }) => id)).size, JSON.stringify(senders));
    assert.ok(!labels.includes(""));
  }
});

Deno.test("chatHead: a link where Telegram has one", () => {
  const { username: _, ...unnamed } = GROUP;
  assert.equal(chatHead(GROUP).link, "https://t.me/sandbox_group");
  assert.equal(chatHead(unnamed).link, "https://t.me/c/2000000003");
  const base = { usernames: [], title: "T" };
  assert.deepEqual(chatHead({ ...base, id: "-42", kind: "group", protected: true }), {
    id: "-42",
    kind: "group",
    title: "T",
    protected: true,
  });
  assert.equal(chatHead({ ...base, id: "5", kind: "user", username: "annlee" }).link, undefined);
});

Deno.test("buildPage: what is missing stands before the messages, and nothing where nothing is", () => {
  const page = buildPage(pageOf([messageOf()], { missing: [5, "https://t.me/sandbox_news/7"] }));
  assert.deepEqual(page.missing, [5, "https://t.me/sandbox_news/7"]);
  assert.ok(Object.keys(page).indexOf("missing") < Object.keys(page).indexOf("messages"));
  assert.deepEqual(namedPageSchema.parse(page), page);
  assert.ok(!("missing" in buildPage(pageOf([messageOf()], { missing: [] }))));
});
