/**
 * chat_stats over the wire, against a naive count of the world.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";
import { createRandom, type Random } from "../../sandbox/world/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import { createExports } from "../../src/exports/runner.ts";
import { createExportStore } from "../../src/exports/store.ts";
import { createCursors } from "../../src/mcp/cursor.ts";
import { createExportLinks } from "../../src/mcp/export_links.ts";
import { createMediaLinks } from "../../src/mcp/media_links.ts";
import { chatStats } from "../../src/mcp/tools/chat_stats.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { openAccount } from "../../src/telegram/open.ts";
import { createTouched } from "../../src/telegram/touched.ts";
import { OF_A_MODULE, ofSources } from "../cli/product.ts";
import { type Bound, expected, expectedOfAll, type Query, TYPE_WORDS, typesOf } from "./naive.ts";
import { bestOf, GROUPINGS, groupsOf, RANKINGS, repliesIn, topicName, topicOf } from "./naive_stats.ts";
import { answer, compactSchema, shown } from "./page.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

/** Cases that `SEED` begins with; a failing one names its seed. */
const CASES = Number(Deno.env.get("CASES") ?? 400);
const SEED = Number(Deno.env.get("SEED") ?? 1);
const [NEWS, ARCHIVE, GROUP] = ["-1002000000001", "-1002000000002", "-1002000000003"];
const [FORUM, OLD_TOWN, OLD_TOWN_BEFORE] = ["-1002000000008", "-1002000000013", "-4002"];
const [JOURNAL, JOURNAL_TALK, CURIOSITIES] = ["-1002000000011", "-1002000000012", "-1002000000014"];

const statsSchema = z.strictObject({
  chat: compactSchema.shape.chat,
  range: z.strictObject({ from: z.string().optional(), to: z.string().optional() }),
  total: z.int(),
  complete: z.boolean(),
  notes: z.array(z.string()).optional(),
  groups: z.array(z.tuple([z.string(), z.int()])).optional(),
  senders: compactSchema.shape.senders,
  columns: compactSchema.shape.columns.optional(),
  messages: compactSchema.shape.messages.optional(),
});
type Stats = z.infer<typeof statsSchema>;

/** An answer; its keys stand in the order in which clients may cut it. */
async function stats(server: TestServer, args: Record<string, unknown>): Promise<Stats> {
  const body = await answer(server, "chat_stats", args);
  assert.deepEqual(Object.keys(body), Object.keys(statsSchema.shape).filter((key) => key in body));
  return statsSchema.parse(body);
}

/** Groups with ids in the place of labels, each of which must be explained; the chat itself has none. */
function byId({ groups = [], senders }: Stats): [string, number][] {
  if (senders === undefined) return groups;
  return groups.map((
    [label, count],
  ) => [label === "" ? "" : senders[label]?.split(" ")[0] ?? assert.fail(label), count]);
}

/** The ids of the messages shown, in order. */
function shownIds({ columns = [], messages = [], chat }: Stats): number[] {
  return shown({ chat, count: 0, has_more: false, columns, messages }).map(({ id }) => id);
}

const utc = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
const seconds = (text: string): number => Date.parse(text) / 1000;
const assertSum = (messages: readonly WorldMessage[], groups: Stats["groups"] = []): void =>
  assert.equal(groups.reduce((sum, [, count]) => sum + count, 0), messages.length);

interface Case {
  readonly query: Query;
  readonly args: Record<string, unknown>;
}

function drawBound(random: Random, { id, date }: WorldMessage): { readonly bound: Bound; readonly text: string } {
  const shift = random.int(3) - 1;
  if (random.oneIn(3)) return { bound: { id: Math.max(1, id + shift) }, text: `#${Math.max(1, id + shift)}` };
  return { bound: { at: date + shift }, text: utc(date + shift) };
}

/** A query around a message that it finds. */
function drawCase(random: Random, world: World): Case {
  const small = [...world.chats.values()].filter(({ access, id }) => access === "member" && id !== ARCHIVE);
  const named = [NEWS, GROUP, FORUM, FORUM, OLD_TOWN, CURIOSITIES, JOURNAL, JOURNAL_TALK, "-4001", "734201334", "1000"];
  const chat = random.pick([...named, random.pick(small).id]);
  const history = world.messages(chat);
  const place = random.int(Math.max(1, history.length));
  const witness = history.length === 0 ? undefined : history.at(place);
  const width = random.pick([30, 300, 1200]);
  const first = Math.max(0, place - random.int(width));
  const last = Math.min(history.length - 1, place + random.int(width));
  const bounded = witness !== undefined && (history.length > 500 || random.oneIn(2));
  const from = bounded ? drawBound(random, history.at(first)) : undefined;
  const to = bounded && last - first > 3 && (history.length > 500 || random.oneIn(2))
    ? drawBound(random, history.at(last))
    : undefined;
  const isOrdered = from === undefined || to === undefined ||
    ("at" in from.bound ? !("at" in to.bound) || from.bound.at < to.bound.at : !("id" in to.bound) || first < last - 2);
  const sender = random.oneIn(4) && witness?.from !== undefined ? witness.from : undefined;
  const type = random.oneIn(3) && witness !== undefined
    ? random.pick([random.pick(typesOf(witness)), random.pick(TYPE_WORDS)])
    : undefined;
  const topics = world.chats.get(chat)?.topics ?? [];
  const topic = topics.length > 0 && random.oneIn(2) ? random.pick(topics).id : undefined;
  const end = isOrdered ? to : undefined;
  const query = {
    chat,
    oldestFirst: false,
    ...(from && { from: from.bound }),
    ...(end && { to: end.bound }),
    ...(sender && { sender }),
    ...(type && { type }),
    ...(topic && { topic }),
  };
  return { query, args: { chat, from: from?.text, to: end?.text, sender, type, topic } };
}

const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", ""];

async function check(server: TestServer, random: Random, { query, args }: Case, world: World): Promise<void> {
  const placed = expectedOfAll(world, query);
  const messages = placed.map(({ message }) => message);
  const zone = random.pick(ZONES) || undefined;
  const limit = random.pick([1, 5, 20, 100, 0]) || undefined;
  const most = limit ?? 20;

  const plain = await stats(server, args);
  assert.equal(plain.total, messages.length, "a plain total");
  assert.equal(plain.complete, true);
  assert.equal(plain.groups ?? plain.messages, undefined);

  const isForum = world.chats.get(query.chat)?.kind === "forum";
  const grouping = isForum && random.oneIn(4) ? "topic" : random.pick(GROUPINGS.filter((each) => each !== "topic"));
  const grouped = await stats(server, { ...args, group_by: grouping, tz: zone, limit });
  assert.equal(grouped.complete, true);
  assert.equal(grouped.total, messages.length, `the total by ${grouping}`);
  const all = groupsOf(messages, grouping, zone ?? "UTC", query.chat);
  const named = (groups: [string, number][]): [string, number][] =>
    grouping === "topic" ? groups.map(([id, count]) => [topicName(world, query.chat, Number(id)), count]) : groups;
  const least = all.map(([, count]) => count).sort((a, b) => b - a)[most - 1] ?? 0;
  if (all.length <= most) assert.deepEqual(byId(grouped), named(all), `by ${grouping} in ${zone}`);
  else {
    // Of equal groups at the limit those stay that come first by key.
    const larger = all.filter(([, count]) => count > least);
    const equal = all.filter(([, count]) => count === least).sort(([a], [b]) => a < b ? -1 : 1);
    const kept = new Set([...larger, ...equal.slice(0, most - larger.length)].map(([key]) => key));
    const isByWeekday = grouping === "weekday";
    if (!isByWeekday) {
      assert.deepEqual(
        byId(grouped),
        named(all.filter(([key]) => kept.has(key))),
        `by ${grouping} in ${zone}`,
      );
    }
    assert.equal(grouped.groups?.length, most);
    assert.match(
      grouped.notes?.join(" ") ?? "",
      new RegExp(`${all.length - most} more groups, of at most ${least} each`),
    );
  }

  const ranking = random.pick(RANKINGS);
  const best = await stats(server, { ...args, top: ranking, limit });
  assert.equal(best.total, messages.length);
  const ids = shownIds(best);
  const replies = new Map([...new Set(placed.map(({ chat }) => chat))].map((chat) => [chat, repliesIn(world, chat)]));
  const chatOf = new Map(placed.map(({ chat, message }) => [message, chat]));
  const wanted = bestOf(
    messages,
    ranking,
    most,
    (message) => replies.get(chatOf.get(message) ?? "")?.get(message.id) ?? 0,
  );
  assert.deepEqual(ids, wanted.slice(0, ids.length), `the best by ${ranking}`);
  if (ids.length < wanted.length) {
    assert.match(best.notes?.join(" ") ?? "", new RegExp(`Only the best ${ids.length} fit`));
  }
}

Deno.test("chat_stats: random questions are answered as the naive model answers them", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await answer(server, "list_chats", {});
  for (let seed = SEED; seed < SEED + CASES; seed++) {
    const random = createRandom(0x57a75, seed);
    const drawn = drawCase(random, world);
    try {
      await check(server, random, drawn, world);
    } catch (error) {
      throw new Error(`SEED=${seed} CASES=1: ${JSON.stringify(drawn)}`, { cause: error });
    }
  }
});

Deno.test("chat_stats: totals by year of 100,000 messages take fewer than 10 requests each and add up", async () => {
  const messages = Array.from(createWorld().messages(ARCHIVE), ({ date }) => date);
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (let year = 2015; year <= 2026; year++) {
    await sandbox.forgetMethods();
    const [from, to] = [`${year}-01-01T00:00:00Z`, `${year + 1}-01-01T00:00:00Z`];
    const { total, complete, range } = await stats(server, { chat: "@sandbox_archive", from, to });
    assert.equal(total, messages.filter((date) => date >= seconds(from) && date < seconds(to)).length, `${year}`);
    assert.deepEqual([complete, range], [true, { from, to }]);
    const requests = Object.values(await sandbox.methods()).reduce((sum, count) => sum + count, 0);
    assert.ok(requests < 10, `${year}: ${requests} requests`);
  }
});

Deno.test("chat_stats: what people ask is in the answer to the ideal call", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const first = <T>(items: readonly T[] = []): T | undefined => items[0];
  const largest = (groups: Stats["groups"] = []): unknown => groups.toSorted(([, a], [, b]) => b - a)[0]?.[0];
  const range = { from: "2025-03-01T00:00:00Z", to: "2025-04-01T00:00:00Z" };
  const bounds = { from: { at: seconds(range.from) }, to: { at: seconds(range.to) } };
  const march = expected(world, { chat: NEWS, oldestFirst: false, ...bounds });
  const days = await stats(server, { chat: "@sandbox_news", ...range, group_by: "day" });
  assert.equal(days.total, march.length, "posts in March");
  assert.equal(largest(days.groups), largest(groupsOf(march, "day", "UTC")), "its busiest day");
  const best = await stats(server, { chat: "@sandbox_news", ...range, top: "views", limit: 3 });
  assert.deepEqual(shownIds(best), bestOf(march, "views", 3), "its three most viewed posts");
  const all = expected(world, { chat: GROUP, oldestFirst: false });
  const people = await stats(server, { chat: "@sandbox_group", group_by: "sender" });
  assert.equal(first(byId(people))?.[0], first(groupsOf(all, "sender", "UTC", GROUP))?.[0], "who wrote most");
  const hours = await stats(server, { chat: "@sandbox_group", group_by: "hour" });
  assert.equal(largest(hours.groups), largest(groupsOf(all, "hour", "UTC")), "the busiest hour");
});

Deno.test("chat_stats: a day is the zone's, also when its clocks change", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const tz of ["Europe/Berlin", "America/New_York"]) {
    for (const [from, to] of [["2025-03-05", "2025-04-03"], ["2024-10-24", "2024-11-07"]]) {
      for (const group_by of ["day", "hour", "week"]) {
        const { groups, range } = await stats(server, { chat: "@sandbox_news", from, to, tz, group_by, limit: 100 });
        const bounds = { from: { at: seconds(range.from ?? "") }, to: { at: seconds(range.to ?? "") } };
        const messages = expected(world, { chat: NEWS, oldestFirst: false, ...bounds });
        assert.deepEqual(groups, groupsOf(messages, group_by, tz), `${tz} ${from} ${group_by}`);
        assertSum(messages, groups);
      }
    }
  }
});

Deno.test("chat_stats: at 20,000 messages it stops, names what was counted, and goes on from there", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  let to: string | undefined;
  for (const _ of ["first", "second"]) {
    const args = { chat: "@sandbox_archive", to, group_by: "month", limit: 100 };
    const { range, complete, total, groups, notes = [] }: Stats = await stats(server, args);
    assert.equal(complete, false);
    assert.equal(range.to, to);
    assert.ok(total > 19_500 && total <= 20_000, `${total}`);
    assert.match(notes.join(" "), new RegExp(`20000 messages a call.*to:"${range.from}"`));
    const bounds = {
      from: { at: seconds(range.from ?? "") },
      ...(range.to && { to: { at: seconds(range.to) } }),
    };
    const counted = expected(world, { chat: ARCHIVE, oldestFirst: false, ...bounds });
    assert.equal(total, counted.length, "range is what was counted");
    assert.deepEqual(groups, groupsOf(counted, "month", "UTC"));
    to = range.from;
  }
});

Deno.test("chat_stats: a flood wait in the middle leaves what was counted, one at the start is an error", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await stats(server, { chat: "@sandbox_group" });
  const error = { code: 420, message: "FLOOD_WAIT_30" };
  await sandbox.faults({ rules: [{ method: "messages.GetHistory", after: 3, error }] });
  const { complete, range, total, groups, notes = [] } = await stats(server, {
    chat: "@sandbox_group",
    group_by: "weekday",
  });
  assert.equal(complete, false);
  const from = { at: seconds(range.from ?? "") };
  const messages = expected(world, { chat: GROUP, oldestFirst: false, from });
  assert.equal(total, messages.length);
  assert.ok(total > 250 && total <= 300);
  assert.deepEqual(groups, groupsOf(messages, "weekday", "UTC"));
  assert.match(notes.join(" "), /asks to wait \(30 s\)/);
  const { body } = await server.call("chat_stats", { chat: "@sandbox_group", group_by: "weekday" });
  assert.equal(body.code, "FLOOD_WAIT");
});

ofSources(OF_A_MODULE, "chat_stats: after 40 seconds it stops, and tells how far it is meanwhile", async () => {
  await using sandbox = await startSandbox();
  const environment: Readonly<Record<string, string>> = sandbox.environment;
  const config = loadConfig((name) => environment[name], undefined, { names: [], terminal: false });
  using db = openDatabase(":memory:");
  await using open = openAccount(config, { db, accountId: "default", appVersion: "0" });
  let clock = Date.parse("2025-06-01T00:00:00Z");
  // The clock is looked at once a page: a page takes two seconds.
  const now = (): number => clock += 2000;
  const cursors = createCursors(new Uint8Array(32));
  const links = createMediaLinks({ key: new Uint8Array(32), now });
  const exportLinks = createExportLinks({ key: new Uint8Array(32), now });
  const { account } = open;
  const directory = await Deno.makeTempDir({ dir: sandbox.directory });
  const sleep = (): Promise<never> => Promise.reject(new Error("nothing waits"));
  await using exports = createExports({ account, store: createExportStore(db), directory, now, sleep });
  const limits = { patience: 0, maxPageSize: 100, allowProtected: false };
  const sources = { accountOf: () => account, cursors, links, exports, exportLinks, ...limits, now };
  const tool = chatStats(sources);
  const told: [number | undefined, number | undefined][] = [];
  const output = statsSchema.parse(
    await tool.call({ chat: "@sandbox_group", group_by: "type" }, {
      touched: createTouched(),
      returned: () => {},
      principal: LOCAL_PRINCIPAL,
      origin: "http://127.0.0.1:8000",
      attach: () => {},
      signal: new AbortController().signal,
      progress: (_, done, total) => told.push([done, total]),
    }),
  );
  assert.equal(output.complete, false);
  assert.match(output.notes?.join(" ") ?? "", /40 s a call/);
  const from = { at: seconds(output.range.from ?? "") };
  assert.equal(output.total, expected(createWorld(), { chat: GROUP, oldestFirst: false, from }).length);
  assert.ok(output.total > 1700 && output.total <= 2000, `${output.total}`);
  assert.deepEqual(told, [[1000, 20_000]]);
});

Deno.test("chat_stats: topics by their titles, which two may share, and as a filter", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const topics = world.chats.get(FORUM)?.topics ?? [];
  const titleOf = (id: number): string => topicName(world, FORUM, id);
  const all = expected(world, { chat: FORUM, oldestFirst: false });
  const { groups, total } = await stats(server, { chat: "@sandbox_forum", group_by: "topic" });
  assert.deepEqual(groups, groupsOf(all, "topic", "UTC").map(([id, count]) => [titleOf(Number(id)), count]));
  assert.equal(total, 2000);
  assertSum(all, groups);
  assert.equal(groups?.length, 7);
  const from = "2024-09-01T00:00:00Z";
  for (const { id } of topics) {
    const inTopic = all.filter((message) => topicOf(message) === id && message.id !== id);
    await sandbox.forgetMethods();
    const whole = await stats(server, { chat: "@sandbox_forum", topic: String(id) });
    assert.deepEqual([whole.total, whole.complete], [inTopic.length, true], titleOf(id));
    const late = inTopic.filter(({ date }) => date >= seconds(from));
    assert.equal((await stats(server, { chat: "@sandbox_forum", topic: String(id), from })).total, late.length);
    const mine = late.filter(({ from }) => from === "1000");
    assert.equal(
      (await stats(server, { chat: "@sandbox_forum", topic: String(id), from, sender: "me" })).total,
      mine.length,
    );
    assert.ok(
      Object.values(await sandbox.methods()).reduce((sum, count) => sum + count, 0) < 20,
      "counted by Telegram",
    );
    const days = await stats(server, {
      chat: "@sandbox_forum",
      topic: String(id),
      from,
      group_by: "month",
      limit: 100,
    });
    assert.deepEqual(days.groups, groupsOf(late, "month", "UTC"));
  }
});

Deno.test("chat_stats: what a supergroup was before belongs to it", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await answer(server, "list_chats", {});
  const both = (query: Partial<Query>): WorldMessage[] =>
    [OLD_TOWN, OLD_TOWN_BEFORE].flatMap((chat) => expected(world, { oldestFirst: false, ...query, chat }));
  const [from, to] = ["2015-01-01T00:00:00Z", "2017-01-01T00:00:00Z"];
  const across = { from: { at: seconds(from) }, to: { at: seconds(to) } };
  const plain = await stats(server, { chat: OLD_TOWN });
  assert.deepEqual([plain.total, plain.complete], [both({}).length, true]);
  assert.match(plain.notes?.join(" ") ?? "", /-4002/);
  assert.equal((await stats(server, { chat: OLD_TOWN, from, to })).total, both(across).length);
  assert.equal(
    (await stats(server, { chat: OLD_TOWN, from, to, type: "photo" })).total,
    both({ ...across, type: "photo" }).length,
  );
  const moved = "2016-03-01T12:00:00Z";
  const atOnce = { from: { at: seconds(moved) }, to: { at: seconds(moved) + 1 } };
  assert.ok(both(atOnce).length > 1, "both have messages of the second of the migration");
  assert.equal(
    (await stats(server, { chat: OLD_TOWN, from: moved, to: "2016-03-01T12:00:01Z" })).total,
    both(atOnce).length,
  );
  const people = await stats(server, { chat: OLD_TOWN, group_by: "sender" });
  assert.deepEqual(byId(people), groupsOf(both({}), "sender", "UTC", OLD_TOWN));
  const years = await stats(server, { chat: OLD_TOWN, group_by: "month", limit: 100 });
  assert.equal(years.total, 300);
  const best = await stats(server, { chat: OLD_TOWN, from, to, top: "reactions", limit: 100 });
  const ids = bestOf(both(across), "reactions", 100);
  assert.deepEqual(shownIds(best).sort(), ids.sort());
  const own = await stats(server, { chat: OLD_TOWN, from: "#1" });
  assert.equal(own.total, expected(world, { chat: OLD_TOWN, oldestFirst: false }).length);
});

Deno.test("chat_stats: bad input is refused by field, with a way out", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const cases: readonly (readonly [Record<string, unknown>, string, string, RegExp])[] = [
    [{ group_by: "year" }, "INPUT_VALIDATION", "group_by", /month/],
    [{ top: "likes" }, "INPUT_VALIDATION", "top", /reactions/],
    [{ group_by: "day", top: "views" }, "INPUT_VALIDATION", "top", /twice/],
    [{ group_by: "day", tz: "Mars/Olympus" }, "INPUT_VALIDATION", "tz", /Europe\/Berlin/],
    [{ limit: 5000 }, "INPUT_VALIDATION", "limit", /1 to 100/],
    [{ limit: 0 }, "INPUT_VALIDATION", "limit", /1 to 100/],
    [{ query: "words" }, "INPUT_VALIDATION", "query", /group_by/],
    [{ cursor: "x" }, "INPUT_VALIDATION", "cursor", /group_by/],
    [{ from: "2025-03-01" }, "INPUT_VALIDATION", "from", /2025-03-01T00:00:00Z.*tz/],
    [{ from: "7d", to: "8d" }, "INPUT_VALIDATION", "from", /Exchange/],
    [{ sender: "Nobody Atall" }, "INPUT_VALIDATION", "sender", /Nobody Atall/],
    [{ group_by: "topic" }, "UNSUPPORTED", "group_by", /no forum/],
    [{ topic: "general" }, "UNSUPPORTED", "topic", /no forum/],
    [{ chat: "@nosuchchat_x" }, "CHAT_NOT_FOUND", "chat", /./],
  ];
  for (const [args, code, field, says] of cases) {
    const { status, body } = await server.call("chat_stats", { chat: "@sandbox_group", ...args });
    assert.deepEqual([body.code, body.field], [code, field], JSON.stringify([args, status, body]));
    assert.match(`${body.detail} ${body.hint}`, says);
  }
});

Deno.test("chat_stats: an empty answer explains itself", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const nobody = await stats(server, { chat: "@sandbox_news", from: "2031-01-01T00:00:00Z", group_by: "day" });
  assert.deepEqual([nobody.total, nobody.complete, nobody.groups], [0, true, []]);
  assert.match(nobody.notes?.join() ?? "", /from and to/);
  const none = await stats(server, { chat: "@sandbox_group", from: "#100", to: "#110", top: "views" });
  assert.match(none.notes?.join() ?? "", /None of these messages has views/);
});
