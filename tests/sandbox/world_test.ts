import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe } from "../../sandbox/world/describe.ts";
import { createWorld, type History, type World, WORLD_NOW, type WorldMessage } from "../../sandbox/world/mod.ts";
import { matcher } from "../../sandbox/world/search.ts";

const NEWS = "-1002000000001";
const ARCHIVE = "-1002000000002";
const GROUP = "-1002000000003";

const world = createWorld();
const description = describe(world);
const chat = (id: string): typeof description.chats[number] => {
  const found = description.chats.find((each) => each.id === id);
  assert(found, id);
  return found;
};
const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");

/** Every hundredth message of the long chats, all of the short ones. */
function sample(from: World): readonly WorldMessage[] {
  return [...from.chats.keys()].flatMap((id) => {
    const history = from.messages(id);
    const step = history.length > 500 ? 100 : 1;
    return Array.from({ length: Math.floor(history.length / step) }, (_, index) => history.at(index * step));
  });
}

Deno.test("world: the chats that tests name are there, with the sizes they count on", () => {
  const { messages, username, kind } = chat(NEWS);
  assert.deepEqual({ messages, username, kind }, { messages: 10_000, username: "sandbox_news", kind: "channel" });
  assert.equal(chat(ARCHIVE).messages - chat(ARCHIVE).service, 100_000);
  assert.equal(chat(GROUP).messages, 5_000);
  assert.equal(chat("-1002000000004").messages, 40);
  assert.equal(chat("-1002000000006").messages, 0);
  assert.equal(chat("-1002000000007").messages, 200);
  assert.equal(chat("-4001").messages, 60);
  assert.deepEqual([chat("1000").kind, chat("1000").messages], ["saved", 30]);
  assert.deepEqual([chat("734201334").title, chat("734201334").messages], ["Ann Lee", 300]);
  assert.equal(description.chats.filter(({ title }) => title === "Plumbers").length, 2);
  assert.deepEqual(["-1002000000008", "-1002000000011", "-4002"].map((id) => chat(id).messages), [2_000, 120, 80]);
  assert.equal(description.chats.length, 186);
});

Deno.test("world: ids ascend, dates never decrease and none lies in the future", () => {
  for (const { id, messages } of description.chats) {
    const history = world.messages(id);
    assert.equal(history.length, messages);
    for (let index = 1; index < history.length; index++) {
      assert(history.idAt(index) > history.idAt(index - 1), `${id} at ${index}`);
      assert(history.dateAt(index) >= history.dateAt(index - 1), `${id} at ${index}`);
    }
    if (messages > 0) assert(history.dateAt(messages - 1) * 1000 < WORLD_NOW, id);
    for (const message of history) {
      if (message.edited !== undefined) assert(message.edited > message.date && message.edited * 1000 < WORLD_NOW, id);
    }
  }
});

Deno.test("world: private chats and basic groups share one sequence of ids, in order of date", () => {
  const all = [...world.chats.keys()].filter((id) => Number(id) > -1_000_000_000_000)
    .flatMap((id) => [...world.messages(id)].map((message) => ({ chatId: id, id: message.id, date: message.date })))
    .sort((a, b) => a.id - b.id);
  all.forEach((each, index) => {
    const before = all[index - 1];
    if (before) assert(each.id > before.id && each.date >= before.date);
    assert.equal(world.chatOfMessage(each.id), each.chatId);
  });
});

Deno.test("world: deleted posts leave gaps, so the last id exceeds the count", () => {
  for (const id of [NEWS, ARCHIVE, GROUP]) assert((chat(id).last?.id ?? 0) > chat(id).messages, id);
});

function runs(history: History): readonly { readonly start: number; readonly length: number }[] {
  const found = [];
  for (let start = 0; start < history.length;) {
    let end = start + 1;
    while (end < history.length && history.dateAt(end) === history.dateAt(start)) end++;
    if (end - start > 1) found.push({ start, length: end - start });
    start = end;
  }
  return found;
}

Deno.test("world: runs of equal dates exist, some across a page boundary", () => {
  for (const id of [NEWS, ARCHIVE, GROUP]) {
    const history = world.messages(id);
    const equal = runs(history);
    assert(equal.length > 20, id);
    assert(equal.some(({ length }) => length >= 20), id);
    const place = (index: number): number => Math.floor((history.length - 1 - index) / 100);
    assert(equal.some(({ start, length }) => place(start) !== place(start + length - 1)), id);
  }
});

Deno.test("world: every entity lies within its text and marks what it says", () => {
  let seen = 0;
  for (const id of world.chats.keys()) {
    if (id === ARCHIVE) continue;
    for (const { text, entities = [] } of world.messages(id)) {
      for (const { type, offset, length } of entities) {
        assert(length > 0 && offset >= 0 && offset + length <= text.length);
        const part = text.slice(offset, offset + length);
        if (type === "hashtag") assert.match(part, /^#/);
        if (type === "mention") assert.match(part, /^@\w+$/);
        if (type === "url") assert.match(part, /^https:\/\//);
        if (type === "email") assert.match(part, /^info@/);
        assert(part.isWellFormed());
        seen++;
      }
    }
  }
  assert(seen > 1_000);
});

Deno.test("@sandbox_news: posts of the greatest length, every kind of media, albums, forwards, pinned posts, several scripts", () => {
  const posts = [...world.messages(NEWS)];
  assert.equal(posts.filter(({ text }) => text.length === 4_096 && [...text].length === 4_096).length, 4);
  const kinds: ReadonlySet<string> = new Set(posts.flatMap(({ media }) => media ? [media.kind] : []));
  const wanted = [
    "photo",
    "video",
    "document",
    "audio",
    "voice",
    "video_note",
    "gif",
    "sticker",
    "webpage",
    "geo",
    "contact",
    "poll",
  ];
  assert.deepEqual(wanted.filter((kind) => !kinds.has(kind)), []);
  const albums = Map.groupBy(posts.filter(({ albumId }) => albumId), ({ albumId }) => albumId);
  assert(albums.size > 30);
  for (const parts of albums.values()) assert.equal(new Set(parts.map(({ date }) => date)).size, 1);
  assert(posts.some(({ forward }) => forward?.postId) && posts.some(({ forward }) => forward?.name));
  assert.equal(posts.filter(({ pinned }) => pinned).length, 3);
  for (
    const script of [
      /\p{Script=Cyrillic}/u,
      /\p{Script=Arabic}/u,
      /\p{Script=Han}/u,
      /\u200d/,
      /[\u{1f1e6}-\u{1f1ff}]/u,
    ]
  ) {
    assert(posts.some(({ text }) => script.test(text)), String(script));
  }
  const march = posts.filter(({ date }) => date >= Date.UTC(2025, 2) / 1000 && date < Date.UTC(2025, 3) / 1000);
  assert(march.length > 100);
  const actions = new Set(posts.flatMap(({ service }) => service ? [service.action] : []));
  assert.deepEqual([...actions].sort(), ["channel_create", "edit_photo", "edit_title", "pin"]);
});

Deno.test("@sandbox_group: our own messages, an anonymous admin, a channel's voice, mentions not yet read", () => {
  const messages = [...world.messages(GROUP)];
  const read = world.dialogs.get(GROUP)?.readInbox ?? 0;
  assert(messages.filter(({ out, from }) => out && from === "1000").length > 100);
  assert(messages.some(({ from }) => from === GROUP) && messages.some(({ from }) => from === NEWS));
  assert(messages.some(({ replyTo }) => replyTo?.topId));
  assert.equal(messages.filter(({ id }) => id > read).length, 120);
  assert(messages.some(({ id, mentioned }) => mentioned && id > read));
  const writers = new Set(messages.map(({ from }) => from));
  assert(writers.size >= 50);
});

Deno.test("world: the same on every machine", () => {
  assert.equal(digest(description), "8776838f359fd31f185b5d8b39b14036b4fd1b7c23b598b63249cf3d0b38974d");
  assert.equal(digest(sample(world)), "822952925d8a226538794cbfc8fa90caf15d92b0c4fcaead963030cc91babc7b");
});

Deno.test("world: a message does not depend on which ones were read before", () => {
  const other = createWorld();
  const ids = [99_000, 5, 41_234];
  for (const index of ids) assert.deepEqual(other.messages(ARCHIVE).at(index), world.messages(ARCHIVE).at(index));
});

Deno.test("history: places by id and by date are those a plain scan finds", () => {
  const history = world.messages(GROUP);
  const all = [...history];
  for (const probe of [0, 1, 2, 777, 5_000, 5_719, 9_999]) {
    assert.equal(history.countBelowId(probe), all.filter(({ id }) => id < probe).length);
    assert.deepEqual(history.byId(probe), all.find(({ id }) => id === probe));
    const date = history.dateAt(Math.min(probe, 4_999));
    assert.equal(history.countBefore(date), all.filter((each) => each.date < date).length);
  }
  assert.throws(() => history.at(5_000), RangeError);
});

Deno.test("world: messages can be added, edited and removed, and listeners hear of it", () => {
  let time = WORLD_NOW;
  const own = createWorld({ now: () => time });
  const heard: string[] = [];
  const end = own.subscribe((chatId, id, message) => heard.push(`${chatId} ${id} ${message?.text}`));
  const before = own.messages(GROUP).length;
  const last = chat(GROUP).last?.id ?? 0;
  const added = own.append(GROUP, { text: "hello", from: "810000001" });
  assert.deepEqual(added, { id: last + 1, date: WORLD_NOW / 1000, text: "hello", from: "810000001" });
  time += 5_000;
  assert.equal(own.edit(GROUP, added.id, "bye").edited, time / 1000);
  assert.equal(own.messages(GROUP).byId(added.id)?.text, "bye");
  assert.equal(own.remove(GROUP, added.id), true);
  assert.equal(own.remove(GROUP, added.id), false);
  assert.equal(own.messages(GROUP).length, before);
  assert.equal(own.append(GROUP, { text: "next" }).id, last + 2);
  assert.deepEqual(heard, [
    `${GROUP} ${last + 1} hello`,
    `${GROUP} ${last + 1} bye`,
    `${GROUP} ${last + 1} undefined`,
    `${GROUP} ${last + 2} next`,
  ]);
  end();
  const first = own.append("810000010", { text: "new chat" });
  assert.equal(own.chatOfMessage(first.id), "810000010");
  assert.equal(own.messages("810000010").length, 1);
  assert(own.dialogs.has("810000010"));
  assert.equal(heard.length, 4);
  assert.throws(() => own.append("-5", { text: "nowhere" }), RangeError);
  assert.throws(() => own.edit(GROUP, 999_999, "nothing"), RangeError);
});

Deno.test("search: every word of the query begins a word of the text, whatever the case", () => {
  const message: WorldMessage = { id: 1, date: 1, text: "Отчёт: the INVOICE is ready, 東京タワー #team_update" };
  const found = (query: string): boolean => matcher({ query })(message);
  for (const query of ["invoice", "INV", "отч", "ready invoice", "タワー", "#team", ""]) {
    assert.equal(found(query), true, query);
  }
  for (const query of ["voice", "invoice missing", "update", "!!"]) assert.equal(found(query), false, query);
});
