/**
 * Walks over random queries in a world that changes between the pages: messages come, into the chat, a topic, a thread or the
 * comments, and messages are deleted, wherever they stand.
 */
import assert from "node:assert/strict";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";
import { createRandom, type Random } from "../../sandbox/world/random.ts";
import { type Case, chance, drawCase, drawShape, oneOf } from "./draw.ts";
import { expectedOfAll, type Query, threadOf } from "./naive.ts";
import { answer, readPage } from "./page.ts";
import { type NewDetails, type NewFile, startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

/** Walks that `SEED` begins with. They share a world, so what leads to a failing one is said with it. */
const WALKS = Number(Deno.env.get("WALKS") ?? 400);
const SEED = Number(Deno.env.get("SEED") ?? 1);
/** After so many pages nothing changes any more, and pages are large. */
const LIVELY_PAGES = 6;
/** A walk that takes longer is compared as far as it came. */
const MOST_PAGES = 14;

const [CLOSED, GROUP, FORUM] = ["-1002000000004", "-1002000000003", "-1002000000008"];
const [JOURNAL, JOURNAL_TALK, OLD_TOWN, TEA_ROOM] = ["-1002000000011", "-1002000000012", "-1002000000013", "-4001"];
const GENERAL = 1;
/** Of a few thousand messages at most: a larger history is written anew whenever the naive model looks through it. */
const CHATS: readonly string[] = [
  ...[CLOSED, CLOSED, JOURNAL, "-1002000000007", "-1002000000128"],
  ...[GROUP, JOURNAL_TALK, "-1002000000140", FORUM, FORUM, FORUM, OLD_TOWN, OLD_TOWN, TEA_ROOM, TEA_ROOM],
  ...["734201334", "734201338", "734201336", "820000004", "1000"],
];
const FILES = ["document", "video", "audio", "voice", "video_note", "gif", "sticker"] as const;
const isFile = (type: string): type is typeof FILES[number] => FILES.some((each) => each === type);

/** The worlds that are kept in step: the sandbox's, and the one that the naive model looks at. */
interface Worlds {
  readonly world: World;
  readonly sandbox: TestSandbox;
}

async function append(
  { world, sandbox }: Worlds,
  chat: string,
  text: string,
  media?: NewFile,
  more?: NewDetails,
): Promise<void> {
  const { id } = await sandbox.append(chat, text, media, more);
  const own = world.append(chat, { text, ...more, ...(media && { media: { kind: "document", ...media } }) });
  assert.equal(own.id, id, "both worlds are in step");
}

async function remove({ world, sandbox }: Worlds, chat: string, ids: readonly number[]): Promise<void> {
  await sandbox.remove(chat, ids);
  for (const id of ids) assert.ok(world.remove(chat, id), "both worlds are in step");
}

/** A thread under a post, a message of a group or one of a forum, mostly one that was answered. */
function drawThread(random: Random, world: World): Case {
  const asked = random.pick([JOURNAL, JOURNAL, JOURNAL_TALK, GROUP, FORUM, FORUM]);
  const chat = asked === JOURNAL ? JOURNAL_TALK : asked;
  const history = world.messages(chat);
  const isThere = (post = 0): boolean => world.messages(JOURNAL).byId(post) !== undefined;
  const copies = asked === JOURNAL
    ? [...history].filter(({ forward }) => forward?.automatic && isThere(forward.postId))
    : [];
  const witness = copies.length > 0 ? random.pick(copies) : history.at(random.int(history.length));
  const roots = [threadOf(witness), witness.replyTo?.id, witness.id].flatMap((id = 0) => history.byId(id) ?? []);
  const root = copies.length > 0 ? witness : random.pick(roots);
  const above = threadOf(root);
  const under = above === undefined ? { thread: root.id } : { thread: above, answered: root.id };
  const message = copies.length > 0
    ? `https://t.me/sandbox_journal/${root.forward?.postId}`
    : `https://t.me/c/${-1e12 - Number(chat)}/${root.id}`;
  return {
    tool: "get_messages",
    query: { chat, oldestFirst: true, ...(chat === FORUM && root.id === 1 ? { topic: 1 } : under) },
    args: { messages: [message], thread: true },
  };
}

function draw(random: Random, world: World): Case {
  if (chance(random, 25)) return drawThread(random, world);
  const id = random.pick(CHATS);
  const chat = world.chats.get(id);
  return drawCase(random, world, chat ?? assert.fail(id));
}

/** What puts a message where the query looks, its topic or its thread, or beside it. */
function drawReply(random: Random, world: World, query: Query): NewDetails["replyTo"] {
  const { chat, topic } = query;
  const history = world.messages(chat);
  const topics = (world.chats.get(chat)?.topics ?? []).map(({ id }) => id).filter((id) => id !== GENERAL);
  const top = chance(random, 75) ? topic ?? query.answered ?? query.thread : oneOf(random, undefined, ...topics);
  if (top === undefined || (chat === FORUM && top === GENERAL)) return undefined;
  const root = history.byId(top);
  const mark = root?.replyTo?.forumTopic || topics.includes(top) ? { forumTopic: true } : {};
  const topId = root && threadOf(root);
  if (topId !== undefined) return { id: top, topId, ...mark };
  const inside = [...history].filter((message) => threadOf(message) === top);
  // What begins a thread may be gone, and can then no longer be answered; what is left of the thread can.
  const answered = oneOf(random, root?.id, root?.id, inside.at(random.int(inside.length + 1) - 1)?.id);
  if (answered === undefined) return undefined;
  return answered === top ? { id: top, ...mark } : { id: answered, topId: top, ...mark };
}

/** A message comes that the query may well match. */
async function arrive(random: Random, worlds: Worlds, { query }: Case): Promise<void> {
  const { world } = worlds;
  const { words = [], sender, type = "" } = query;
  const chat = chance(random, 90) ? query.chat : random.pick([GROUP, TEA_ROOM, "734201334"]);
  const { kind } = world.chats.get(chat) ?? {};
  const id = `${random.int(1_000_000)}`;
  const media = isFile(type) || chance(random, 15)
    ? { kind: isFile(type) && chance(random, 80) ? type : random.pick(FILES), id, mime: "video/mp4", size: 1000 }
    : undefined;
  const isGroup = kind === "supergroup" || kind === "forum" || kind === "group";
  const from = isGroup && sender !== String(world.ownerId) && chance(random, 70) ? sender ?? "734201336" : undefined;
  const replyTo = chat === query.chat && kind !== "channel" ? drawReply(random, world, query) : undefined;
  const text = chance(random, 75) ? ["Arrived:", ...words].join(" ") : "Something else.";
  await append(worlds, chat, text, media, { ...(from && { from }), ...(replyTo && { replyTo }) });
}

/**
 * Messages go: the last one shown, the next, some of those to come, any of the chat. What begins a topic stays: it goes only with
 * the whole topic.
 */
async function depart(
  random: Random,
  worlds: Worlds,
  { query: { chat: home } }: Case,
  shown: readonly string[],
  ahead: readonly string[],
): Promise<void> {
  const { world } = worlds;
  const history = world.messages(home);
  const last = shown.slice(-1);
  const first = random.int(Math.max(1, Math.min(ahead.length, 60)));
  const chosen = random.pick([
    last,
    last,
    [...last, ...ahead.slice(0, 1)],
    shown.slice(-1 - random.int(4)),
    ahead.slice(first, first + 1 + random.int(5)),
    [...last, ...ahead.slice(first, first + 1 + random.int(12))],
    ahead.length < 30 ? ahead : ahead.slice(0, 3),
    history.length === 0 ? [] : [`${home}/${history.idAt(random.int(history.length))}`],
  ]);
  for (const [chat, places] of Map.groupBy(new Set(chosen).values().map(placeOf), ({ chat }) => chat)) {
    const there = places.flatMap(({ id }) => world.messages(chat).byId(id) ?? []);
    const ids = there.filter(({ service }) => service?.action !== "topic_create").map(({ id }) => id);
    if (ids.length > 0) await remove(worlds, chat, ids);
  }
}

/** A message as `chat/id`, taken apart. */
function placeOf(key: string): { readonly chat: string; readonly id: number } {
  const [chat = "", id] = key.split("/");
  return { chat, id: Number(id) };
}

function isGone(world: World, key: string): boolean {
  const { chat, id } = placeOf(key);
  return world.messages(chat).byId(id) === undefined;
}

/** What the walks together went through, so that none of it is missing unnoticed. */
const seen = { pages: 0, ends: 0, arrivalsShown: 0, arrivalsInThreads: 0, anchorsGone: 0, goneAhead: 0, former: 0 };

async function walk(server: TestServer, random: Random, drawn: Case, worlds: Worlds): Promise<void> {
  const { tool, query, args } = drawn;
  const { world } = worlds;
  const now = (): Map<string, WorldMessage> =>
    new Map(expectedOfAll(world, query).map(({ chat, message }) => [`${chat}/${message.id}`, message]));
  const before = now();
  const shown = new Set<string>();
  let cursor: string | undefined;
  for (let pages = 1; pages <= MOST_PAGES; pages++) {
    const isLively = pages < LIVELY_PAGES;
    const matching = now();
    const ahead = [...matching.keys()].filter((key) => !shown.has(key) && (query.oldestFirst || before.has(key)));
    const shape = isLively
      ? { ...drawShape(random), limit: 1 + random.int(random.pick([3, 8, 30])) }
      : { limit: 100, max_chars: 80_000 };
    const given = cursor === undefined || tool === "get_messages" || chance(random, 30) ? args : { chat: query.chat };
    const page = readPage(
      tool,
      await answer(server, tool, { ...given, ...shape, cursor }),
      shape,
      matching,
      query.chat,
    );
    assert.deepEqual(
      page.ids,
      ahead.slice(0, page.ids.length),
      "what is left of the matching ones, in order, each once",
    );
    if (page.total !== undefined) assert.equal(page.total, matching.size, "total is exact where it is given");
    for (const id of page.ids) shown.add(id);
    seen.pages++;
    const arrived = page.ids.filter((key) => !before.has(key)).length;
    seen.arrivalsShown += arrived;
    if (query.thread ?? query.topic) seen.arrivalsInThreads += arrived;
    if (page.ids.some((key) => key.startsWith("-4002/"))) seen.former++;
    cursor = page.next;
    if (cursor === undefined) {
      assert.equal(page.ids.length, ahead.length, "nothing is left out");
      seen.ends++;
      return;
    }
    if (!isLively) continue;
    for (let count = random.int(4); count > 0; count--) await arrive(random, worlds, drawn);
    for (let count = random.int(3); count > 0; count--) {
      await depart(random, worlds, drawn, [...shown], ahead.slice(page.ids.length));
    }
    if ([...shown].slice(-1).some((key) => isGone(world, key))) seen.anchorsGone++;
    if (ahead.slice(page.ids.length).some((key) => isGone(world, key))) seen.goneAhead++;
  }
}

Deno.test("fetch_history, search_messages, get_messages: whatever comes and goes between pages, what matched and stayed comes once, in order", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const worlds = { world: createWorld(), sandbox };
  await answer(server, "fetch_history", { chat: "@sandbox_public", limit: 1 });
  await answer(server, "list_chats", {});
  for (let seed = SEED; seed < SEED + WALKS; seed++) {
    const random = createRandom(0x11fe, seed);
    const drawn = draw(random, worlds.world);
    try {
      await walk(server, random, drawn, worlds);
    } catch (error) {
      throw new Error(`SEED=${SEED} WALKS=${seed - SEED + 1}: ${JSON.stringify(drawn)}`, { cause: error });
    }
  }
  if (WALKS < 100) return;
  for (const [what, count] of Object.entries(seen)) assert.ok(count > WALKS / 40, `${what}: ${count}`);
});
