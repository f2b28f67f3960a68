/**
 * Walks over random queries, page by page, against the naive model.
 */
import assert from "node:assert/strict";
import { createRandom, type Random } from "../../sandbox/world/random.ts";
import { createWorld, type History, type World, type WorldChat, type WorldMessage } from "../../sandbox/world/mod.ts";
import { type Bound, expected, expectedOfAll, type Query, TYPE_WORDS, typesOf } from "./naive.ts";
import { answer, compactSchema, fullSchema, shown } from "./page.ts";
import { startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

/** Walks that `SEED` begins with; a failing one names its seed. */
const WALKS = Number(Deno.env.get("WALKS") ?? 2000);
const SEED = Number(Deno.env.get("SEED") ?? 1);
/** A walk that takes longer is compared as far as it came. */
const MOST_PAGES = 14;

/** A query with the arguments that say it. */
interface Case {
  readonly tool: string;
  readonly query: Query;
  readonly args: Readonly<Record<string, unknown>>;
}

const chance = (random: Random, percent: number): boolean => random.int(100) < percent;
/** One of the items, which may be undefined. */
const oneOf = <Item>(random: Random, ...items: Item[]): Item | undefined => items[random.int(items.length)];
const rfc = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}`;

function pickChat(random: Random, world: World): WorldChat {
  // A group that moved is two histories, which its own test walks.
  const all = [...world.chats.values()].filter(({ access, migratedFrom, migratedTo }) =>
    access !== "closed" && !migratedFrom && !migratedTo
  );
  const named = all.filter(({ kind, username }) => kind !== "user" && !username?.startsWith("sandbox_small_"));
  const friends = all.filter(({ id }) => id.startsWith("734201"));
  return random.pick(random.pick([named, named, friends, friends, all]));
}

function nameChat(random: Random, world: World, chat: WorldChat): unknown {
  const { id, title, username } = chat;
  const forms: unknown[] = [id, Number(id)];
  const titles = [...world.dialogs.keys()].filter((key) =>
    world.chats.get(key)?.title.toLowerCase() === title.toLowerCase()
  );
  if (titles.length === 1 && world.dialogs.has(id) && chat.kind !== "saved") forms.push(title, ` ${title} `);
  if (username !== null) forms.push(`@${username}`, `https://t.me/${username}`, username.toUpperCase());
  if (id.startsWith("-100")) forms.push(`https://t.me/c/${-1e12 - Number(id)}/1`);
  if (chat.kind === "saved") forms.push("me", "me", "me");
  // A channel that is not in the chat list is known by its username alone.
  return random.pick(chat.access === "open" ? forms.slice(2, 4) : forms);
}

/** A bound near a message: at it, a second or an id beside it, in one of the forms that mean the same. */
function drawBound(random: Random, message: WorldMessage): { readonly bound: Bound; readonly text: string } {
  const shift = random.int(3) - 1;
  if (chance(random, 35)) {
    const id = Math.max(1, message.id + shift);
    return { bound: { id }, text: `#${id}` };
  }
  const at = message.date + shift;
  switch (random.int(5)) {
    case 0:
      return { bound: { at: at + 0.25 }, text: `${rfc(at)}.25Z` };
    case 1:
      return { bound: { at }, text: `${rfc(at + 7200)}+02:00` };
    case 2:
      return { bound: { at }, text: `${rfc(at - 19_800)}-05:30` };
    case 3:
      return { bound: { at }, text: `${rfc(at)}.000z` };
    default:
      return { bound: { at }, text: `${rfc(at)}Z` };
  }
}

/** A range around a message. */
function drawRange(
  random: Random,
  history: History,
  witness: number,
): Pick<Case, "args"> & { from?: Bound; to?: Bound } {
  if (history.length === 0 || chance(random, history.length > 500 ? 20 : 40)) return { args: {} };
  const width = chance(random, 20) ? 1500 : 250;
  const first = Math.max(0, witness - random.int(width));
  const last = Math.min(history.length - 1, witness + random.int(width));
  const from = chance(random, 85) ? drawBound(random, history.at(first)) : undefined;
  const to = chance(random, 85) ? drawBound(random, history.at(last)) : undefined;
  const same = from !== undefined && to !== undefined &&
    ("id" in from.bound
      ? "id" in to.bound && from.bound.id >= to.bound.id
      : "at" in to.bound && Math.ceil(from.bound.at) >= Math.ceil(to.bound.at));
  if (same) return { args: { from: from?.text }, from: from?.bound };
  return { args: { from: from?.text, to: to?.text }, from: from?.bound, to: to?.bound };
}

function drawSender(
  random: Random,
  world: World,
  chat: WorldChat,
  witness: WorldMessage | undefined,
): { readonly id: string; readonly text: unknown } {
  const owner = String(world.ownerId);
  const id = (chance(random, 90) ? witness?.from : undefined) ?? random.pick([owner, "734201334", "734201336"]);
  const user = world.users.get(id);
  const record = user ?? world.chats.get(id);
  const isTheChat = id === chat.id && chat.kind === "supergroup";
  const forms: unknown[] = [id, Number(id)];
  if (record?.username) forms.push(`@${record.username}`, `https://t.me/${record.username}`);
  if (id === owner) forms.push("me", "Me");
  const name = user && [user.firstName, user.lastName].filter(Boolean).join(" ");
  const namesakes = chat.members.filter((member) => {
    const each = world.users.get(member);
    return name === [each?.firstName, each?.lastName].filter(Boolean).join(" ");
  });
  const isUnique = namesakes.length === 1 && namesakes[0] === id;
  if (isUnique && chat.kind !== "channel" && chat.kind !== "bot" && name) forms.push(name, ` ${name}`);
  if (isTheChat) forms.push(chat.title);
  return { id, text: random.pick(forms) };
}

/** Most queries are drawn around a message that they match, the witness: else nearly all would match nothing. */
function drawCase(random: Random, world: World): Case {
  const chat = pickChat(random, world);
  const history = world.messages(chat.id);
  const place = Math.max(0, random.int(history.length) - (chance(random, 20) ? 0 : random.int(30)));
  const witness = history.length > 0
    ? history.at(chance(random, 15) ? history.length - 1 - random.int(3) % history.length : place)
    : undefined;
  const { args: rangeArgs, from, to } = drawRange(random, history, place);
  const direction = oneOf(random, undefined, "newest_first", "oldest_first", "oldest_first");
  const sender = chance(random, chat.kind === "channel" ? 5 : 30)
    ? drawSender(random, world, chat, witness)
    : undefined;
  const type = chance(random, 40) ? drawType(random, witness) : undefined;
  const minViews = chance(random, witness?.views === undefined ? 2 : 20)
    ? Math.max(1, (witness?.views ?? 1) + random.int(3) - 1)
    : undefined;
  const topic = drawTopic(random, chat);
  const isCounted = (chat.kind !== "forum" || topic !== undefined) && chat.migratedTo === undefined;
  const unread = isCounted && world.dialogs.has(chat.id) && chance(random, rangeArgs.from === undefined ? 15 : 4)
    ? true
    : undefined;
  const words = drawWords(random, witness);
  const isSearch = words.length > 0 || (chance(random, 40) && (sender !== undefined || type !== undefined));
  const isOldest = !isSearch && direction === "oldest_first";
  const query: Query = {
    chat: chat.id,
    oldestFirst: isOldest,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(sender === undefined ? {} : { sender: sender.id }),
    ...(type === undefined ? {} : { type }),
    ...(isSearch || minViews === undefined ? {} : { minViews }),
    ...(isSearch || unread === undefined ? {} : { unread }),
    ...(topic === undefined ? {} : { topic: topic.id }),
    ...(words.length === 0 ? {} : { words }),
  };
  const args = { chat: nameChat(random, world, chat), ...rangeArgs, topic: topic?.text, sender: sender?.text, type };
  return isSearch
    ? { tool: "search_messages", query, args: { ...args, query: words.join(" ") || undefined } }
    : { tool: "fetch_history", query, args: { ...args, direction, min_views: minViews, unread } };
}

/** A topic in one of the forms that name it alone. */
function drawTopic(
  random: Random,
  { topics = [] }: WorldChat,
): { readonly id: number; readonly text: unknown } | undefined {
  if (topics.length === 0 || chance(random, 30)) return undefined;
  const { id, title } = random.pick(topics);
  const isUnique = topics.filter((each) => each.title === title).length === 1;
  return {
    id,
    text: random.pick([`${id}`, id, ...(isUnique ? [title, ` ${title} `] : []), ...(id === 1 ? ["general"] : [])]),
  };
}

/** Words of a message, in any case, some of them only begun. */
function drawWords(random: Random, witness: WorldMessage | undefined): string[] {
  const all = [...witness?.text.matchAll(/[\p{L}\p{N}]{3,}/gu) ?? []].map(([word]) => word)
    .filter((word) => !SPACELESS.test(word));
  if (all.length === 0 || !chance(random, 25)) return [];
  return Array.from({ length: 1 + random.int(2) }, () => {
    const word = random.pick(all);
    const begun = chance(random, 30) ? word.slice(0, 3) : word;
    return chance(random, 30) ? begun.toUpperCase() : begun;
  });
}

/** Scripts without spaces between words, where it is not documented what a word is. */
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{M}]/u;

function drawType(random: Random, witness: WorldMessage | undefined): string {
  const fitting = witness === undefined || chance(random, 30) ? TYPE_WORDS : typesOf(witness);
  return random.pick(fitting);
}

/** What may change from page to page. */
function drawShape(random: Random): Record<string, unknown> {
  return {
    limit: oneOf(random, 1 + random.int(100), 1 + random.int(100), 1 + random.int(10), undefined, 100),
    fields: oneOf(random, undefined, "compact", "full"),
    max_chars: chance(random, 25) ? 2000 + random.int(8000) : undefined,
  };
}

const NOTHING: Readonly<Record<string, unknown>> = {};

/** One page, checked for itself: its ids, each with its chat. */
function readPage(
  tool: string,
  body: Record<string, unknown>,
  shape: Record<string, unknown>,
  wanted: ReadonlyMap<string, WorldMessage>,
  chat: string,
): { readonly ids: string[]; readonly next?: string; readonly total?: number; readonly notes: readonly string[] } {
  const page = shape.fields === "full" ? fullSchema.parse(body) : compactSchema.parse(body);
  const limit = Number(shape.limit ?? (tool === "search_messages" ? 20 : 50));
  const notes = page.notes ?? [];
  const rows = "columns" in page
    ? shown(page).map((row) => ({ ...row, id: `${row.more.chat ?? chat}/${row.id}` }))
    : page.messages.map(({ id, chat_id, date, text }) => ({ id: `${chat_id}/${id}`, date, text, more: NOTHING }));
  assert.equal(page.count, rows.length, "count is the number of messages");
  assert.ok(rows.length <= limit, `a page of ${rows.length} exceeds limit ${limit}`);
  const size = JSON.stringify(body).length;
  assert.ok(size <= Number(shape.max_chars ?? 32_000) || rows.length <= 1, `${size} characters exceed max_chars`);
  assert.equal(page.has_more, page.next_cursor !== undefined, "has_more comes with a cursor");
  assert.ok(rows.length === limit || !page.has_more || notes.length > 0, "a short page says why");
  if (rows.length === 0) assert.ok(notes.length > 0, "an empty page explains itself");
  for (const row of rows) {
    const message = wanted.get(row.id);
    assert.equal(row.date, `${rfc(message?.date ?? 0)}Z`);
    assert.equal(row.text, message?.text.slice(0, message.text.length - Number(row.more.cut ?? 0)));
  }
  return { ids: rows.map(({ id }) => id), next: page.next_cursor, total: page.total, notes };
}

async function walk(server: TestServer, random: Random, { tool, query, args }: Case, world: World): Promise<number> {
  const byId = new Map(expectedOfAll(world, query).map(({ chat, message }) => [`${chat}/${message.id}`, message]));
  const wanted = [...byId.keys()];
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let pages = 1;; pages++) {
    const shape = drawShape(random);
    const given = cursor === undefined || chance(random, 30) ? args : { chat: query.chat };
    const page = readPage(tool, await answer(server, tool, { ...given, ...shape, cursor }), shape, byId, query.chat);
    ids.push(...page.ids);
    if (page.total !== undefined) {
      assert.equal(page.total, wanted.length, "total is exact where it is given");
      if (ids.length === page.total) assert.equal(page.next, undefined, "nothing is promised behind the last message");
    }
    assert.deepEqual(ids, wanted.slice(0, ids.length), "the matching messages, in order, each once");
    cursor = page.next;
    if (cursor === undefined) {
      assert.equal(ids.length, wanted.length, "nothing is left out");
      return pages;
    }
    if (pages === MOST_PAGES) return pages;
  }
}

Deno.test("fetch_history, search_messages: random queries, walked to their end, give what the naive model gives", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await answer(server, "fetch_history", { chat: "@sandbox_public", limit: 1 });
  await answer(server, "list_chats", {});
  let pages = 0;
  for (let seed = SEED; seed < SEED + WALKS; seed++) {
    const random = createRandom(0xca5e, seed);
    const drawn = drawCase(random, world);
    try {
      pages += await walk(server, random, drawn, world);
    } catch (error) {
      throw new Error(`SEED=${seed} WALKS=1: ${JSON.stringify(drawn)}`, { cause: error });
    }
  }
  assert.ok(pages >= WALKS);
});

Deno.test("fetch_history: a page boundary on equal dates loses no message", async () => {
  const world = createWorld();
  const chat = "-1002000000001";
  const history = world.messages(chat);
  const places = Array.from({ length: history.length }, (_, index) => index);
  const runs = [...Map.groupBy(places, (index) => history.dateAt(index)).values()].filter((run) => run.length > 6);
  assert.ok(runs.length > 24);
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const run of runs.slice(-24, -12)) {
    const [first = 0, last = 0] = [run[0], run.at(-1)];
    const date = history.dateAt(first);
    const [at, id] = [(at: number): Bound => ({ at }), (place: number): Bound => ({ id: history.idAt(place) })];
    const cases: readonly (readonly [Bound, Bound, boolean, number])[] = [
      [at(date), at(date + 1), false, 2],
      [at(date), at(date + 1), true, 2],
      [at(date), id(last + 4), false, 4],
      [at(date), id(last + 4), true, 5],
      [id(first - 3), at(date), false, 2],
      [id(first - 3), at(date), true, 2],
      // A whole request of 100 ends in the middle of the run, on either side.
      [at(date), id(first + 103), false, 100],
      [id(first - 97), at(date + 1), true, 100],
    ];
    for (const [from, to, oldestFirst, limit] of cases) {
      const [said, until] = [from, to].map((bound) => "id" in bound ? `#${bound.id}` : `${rfc(bound.at)}Z`);
      const direction = oldestFirst ? "oldest_first" : "newest_first";
      const args = { chat, from: said, to: until, direction, limit, max_chars: 80_000 };
      const ids = await walkWith(server, args, () => Promise.resolve());
      assert.deepEqual(ids, expected(world, { chat, from, to, oldestFirst }).map(({ id }) => id), JSON.stringify(args));
    }
  }
});

/** A walk in which something happens between the pages. */
async function walkWith(
  server: TestServer,
  args: Record<string, unknown>,
  between: (page: number, ids: readonly number[]) => Promise<void>,
): Promise<number[]> {
  const ids: number[] = [];
  let cursor: string | undefined;
  for (let page = 1;; page++) {
    const body = compactSchema.parse(await answer(server, "fetch_history", { ...args, cursor }));
    ids.push(...shown(body).map(({ id }) => id));
    if (body.next_cursor === undefined) return ids;
    cursor = body.next_cursor;
    await between(page, ids);
  }
}

const LIVELY = [
  { what: "a channel", chat: "-1002000000004", filter: {} },
  { what: "a private chat", chat: "734201338", filter: {} },
  { what: "a basic group", chat: "-4001", filter: {} },
  { what: "a search by sender", chat: "-4001", filter: { sender: "me" } },
  { what: "a filter of our own", chat: "734201338", filter: { type: "text" } },
  // What arrives there is General's.
  { what: "a forum's topic", chat: "-1002000000008", filter: { topic: "Travel plans" } },
];

async function removeIn(sandbox: TestSandbox, world: World, chat: string, ids: readonly number[]): Promise<void> {
  await sandbox.remove(chat, ids);
  for (const id of ids) world.remove(chat, id);
}

for (const { what, chat, filter } of LIVELY) {
  Deno.test(`fetch_history: arrivals and deletions do not disturb newest_first in ${what}`, async () => {
    const world = createWorld();
    await using sandbox = await startSandbox();
    await using server = await startServer(sandbox.environment);
    const query = { chat, oldestFirst: false, ...naively(world, filter) };
    const before = expected(world, query).map(({ id }) => id);
    const gone: number[] = [];
    const ids = await walkWith(server, { chat, ...filter, limit: 7 }, async (page, ids) => {
      await sandbox.append(chat, `arrival ${page}`);
      // The last one shown, where the cursor stands, and one that is still to come.
      const next = before[before.indexOf(ids.at(-1) ?? 0) + 4];
      const removed = [ids.at(-1) ?? 0, ...(next === undefined ? [] : [next])];
      if (next !== undefined) gone.push(next);
      await removeIn(sandbox, world, chat, removed);
    });
    assert.deepEqual(ids, before.filter((id) => !gone.includes(id)));
    assert.ok(gone.length > 0 || before.length < 12);
  });

  Deno.test(`fetch_history: oldest_first picks up arrivals at its end in ${what}`, async () => {
    const world = createWorld();
    await using sandbox = await startSandbox();
    await using server = await startServer(sandbox.environment);
    const before = expected(world, { chat, oldestFirst: true, ...naively(world, filter) }).map(({ id }) => id);
    const [gone, come]: [number[], number[]] = [[], []];
    const ids = await walkWith(server, { chat, ...filter, limit: 7, direction: "oldest_first" }, async (page, ids) => {
      const arrived = page <= 3 ? [(await sandbox.append(chat, `arrival ${page}`)).id] : [];
      if (!("topic" in filter)) come.push(...arrived);
      const next = before[before.indexOf(ids.at(-1) ?? 0) + 4];
      await removeIn(sandbox, world, chat, [ids.at(-1) ?? 0, ...(next === undefined ? [] : [next])]);
      if (next !== undefined) gone.push(next);
    });
    // What arrives in a private chat is the other side's, in the group ours.
    assert.deepEqual(ids, [...before.filter((id) => !gone.includes(id)), ...come]);
  });
}

/** The filter in the model's terms. */
function naively(world: World, filter: { sender?: string; type?: string; topic?: string }): Partial<Query> {
  const { sender, type, topic } = filter;
  const topics = [...world.chats.values()].flatMap((chat) => chat.topics ?? []);
  const id = topics.find(({ title }) => title === topic)?.id;
  return {
    ...(sender === undefined ? {} : { sender: "1000" }),
    ...(type === undefined ? {} : { type }),
    ...(id === undefined ? {} : { topic: id }),
  };
}
