/**
 * list_topics, and what a `topic` argument may be, against the world's forum.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";
import { loadConfig } from "../../src/config/load.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { openAccount } from "../../src/telegram/open.ts";
import { resolveChat } from "../../src/telegram/resolve.ts";
import { listTopics } from "../../src/telegram/topics.ts";
import { OF_A_MODULE, ofSources } from "../cli/product.ts";
import { expected } from "./naive.ts";
import { answer, compact, idsOf } from "./page.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const FORUM = "-1002000000008";

const topicSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  closed: z.literal(true).optional(),
  pinned: z.literal(true).optional(),
  hidden: z.literal(true).optional(),
  unread: z.int().min(1).optional(),
  last: z.string(),
});
type Topic = z.infer<typeof topicSchema>;
const listSchema = z.strictObject({
  count: z.int(),
  total: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).optional(),
  topics: z.array(topicSchema),
});

function inTopic(world: World, topic: number, unread: boolean): WorldMessage[] {
  return expected(world, { chat: FORUM, oldestFirst: false, topic, ...(unread ? { unread } : {}) });
}

/** Every topic as the tool should show it, latest activity first. */
function topicsOf(world: World): Topic[] {
  const topics = (world.chats.get(FORUM)?.topics ?? []).map((topic) => {
    const { id, title, closed, pinned, hidden, created } = topic;
    const unread = inTopic(world, id, true).length;
    const last = inTopic(world, id, false)[0]?.date ?? created;
    const shown: Topic = {
      id: `${id}`,
      title,
      ...(closed && { closed }),
      ...(pinned && { pinned }),
      ...(hidden && { hidden }),
      ...(unread > 0 && { unread }),
      last: new Date(last * 1000).toISOString().replace(".000Z", "Z"),
    };
    return { shown, last, id };
  });
  return topics.sort((a, b) => b.last - a.last || b.id - a.id).map(({ shown }) => shown);
}

Deno.test("list_topics: every topic of the forum, walked page by page, each once, latest first", async () => {
  const wanted = topicsOf(createWorld());
  assert.equal(wanted.length, 7);
  assert.ok(wanted.some(({ closed }) => closed) && wanted.some(({ pinned }) => pinned));
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const limit of [1, 3, 7, 50]) {
    const topics: Topic[] = [];
    let cursor: string | undefined;
    do {
      const page = listSchema.parse(await answer(server, "list_topics", { chat: "@sandbox_forum", limit, cursor }));
      assert.deepEqual([page.count, page.total], [page.topics.length, wanted.length]);
      topics.push(...page.topics);
      cursor = page.next_cursor;
      assert.equal(page.has_more, cursor !== undefined);
    } while (cursor !== undefined);
    assert.deepEqual(topics, wanted, `limit ${limit}`);
  }
  const { topics } = listSchema.parse(await answer(server, "list_topics", { chat: FORUM, query: "RELEA" }));
  assert.deepEqual(topics, wanted.filter(({ title }) => title === "Releases"));
  const none = listSchema.parse(await answer(server, "list_topics", { chat: FORUM, query: "nowhere" }));
  assert.deepEqual([none.total, none.notes?.length], [0, 1]);
});

Deno.test("list_topics: a cursor goes on in its own list only", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const { next_cursor: cursor } = await answer(server, "list_topics", { chat: FORUM, query: "releases", limit: 1 });
  for (
    const [args, field] of [[{ chat: FORUM, query: "other" }, "query"], [{ chat: "@sandbox_group" }, "chat"]] as const
  ) {
    const { body } = await server.call("list_topics", { ...args, cursor });
    assert.deepEqual([body.code, body.field], ["INVALID_CURSOR", field]);
  }
  assert.equal((await answer(server, "list_topics", { chat: FORUM, cursor })).count, 1);
});

ofSources(OF_A_MODULE, "listTopics: Telegram's pages fit together whatever their size", async () => {
  await using sandbox = await startSandbox();
  const environment: Readonly<Record<string, string>> = sandbox.environment;
  const config = loadConfig((name) => environment[name], undefined, { names: [], terminal: false });
  using db = openDatabase(":memory:");
  await using open = openAccount(config, { db, accountId: "default", appVersion: "0" });
  const { peer } = await resolveChat(open.account, "@sandbox_forum");
  const all = await listTopics(open.account, peer);
  assert.equal(all.topics.length, 7);
  for (const size of [1, 2, 3, 6, 7]) {
    assert.deepEqual(await listTopics(open.account, peer, size), all, `pages of ${size}`);
  }
});

Deno.test("topic: an id, an exact title and general are read; ambiguous and unknown ones come with candidates", async () => {
  const world = createWorld();
  const [first, second] = (world.chats.get(FORUM)?.topics ?? []).filter(({ title }) => title === "Releases");
  const questions = world.chats.get(FORUM)?.topics?.find(({ title }) => title === "Questions")?.id ?? 0;
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const read = async (topic: unknown): Promise<number[]> =>
    idsOf(await compact(server, { chat: FORUM, topic, limit: 20, max_chars: 80_000 }));
  const idsIn = (topic: number): number[] => inTopic(world, topic, false).slice(0, 20).map(({ id }) => id);
  for (const topic of ["Questions", " questions ", questions, `${questions}`, `#${questions}`]) {
    assert.deepEqual(await read(topic), idsIn(questions), String(topic));
  }
  for (const topic of ["general", "General", 1]) assert.deepEqual(await read(topic), idsIn(1), String(topic));
  assert.deepEqual(await read(second?.id), idsIn(second?.id ?? 0));

  const ambiguous = await server.call("fetch_history", { chat: FORUM, topic: "Releases" });
  assert.deepEqual([ambiguous.status, ambiguous.body.code, ambiguous.body.field], [409, "CHAT_AMBIGUOUS", "topic"]);
  const candidate = (id: number | undefined): unknown => ({ id: `${id}`, kind: "topic", title: "Releases" });
  const given = z.array(z.looseObject({ id: z.string() })).parse(ambiguous.body.candidates);
  assert.deepEqual(given.sort((a, b) => Number(a.id) - Number(b.id)), [candidate(first?.id), candidate(second?.id)]);

  for (const topic of ["Qestions", "99999999", "777"]) {
    const { status, body } = await server.call("fetch_history", { chat: FORUM, topic });
    assert.deepEqual([status, body.code, body.field], [400, "INPUT_VALIDATION", "topic"], topic);
    assert.deepEqual(body.suggest, { tool: "list_topics", arguments: { chat: FORUM } });
    assert.equal(JSON.stringify(body.candidates ?? []).includes("Questions"), topic === "Qestions");
  }
});

Deno.test("unread: in a forum it counts in one topic; without topic it is refused with the way on", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const { id } of world.chats.get(FORUM)?.topics ?? []) {
    const page = await compact(server, { chat: FORUM, topic: id, unread: true, direction: "oldest_first" });
    assert.deepEqual(idsOf(page), inTopic(world, id, true).map((message) => message.id).reverse(), `topic ${id}`);
  }
  const { status, body } = await server.call("fetch_history", { chat: FORUM, unread: true });
  assert.deepEqual([status, body.code, body.field], [400, "INPUT_VALIDATION", "topic"]);
  assert.deepEqual(body.suggest, { tool: "list_topics", arguments: { chat: FORUM } });
});
