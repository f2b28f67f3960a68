/**
 * Threads, topics, comments and migrated groups, as get_messages and resolve_chat see them, against the naive model.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { createRandom } from "../../sandbox/world/random.ts";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";
import { type Args, compact, full, places, walk } from "./named.ts";
import { answer } from "./page.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const NEWS = "-1002000000001";
const GROUP = "-1002000000003";
const FORUM = "-1002000000008";
const JOURNAL = "-1002000000011";
const JOURNAL_TALK = "-1002000000012";
const OLD_TOWN = "-1002000000013";
const OLD_TOWN_BEFORE = "-4002";

/** The thread that a reply is in: what it answers, unless that is itself in one. */
const threadOf = ({ replyTo }: WorldMessage): number | undefined => replyTo?.topId ?? replyTo?.id;
const beginsTopic = ({ service }: WorldMessage): boolean => service?.action === "topic_create";

/** The topic of a forum's message; 1 is General. */
function topicOf(message: WorldMessage): number {
  if (beginsTopic(message)) return message.id;
  return message.replyTo?.forumTopic ? threadOf(message) ?? 1 : 1;
}

/** The replies under a message that begins a thread, or a topic. */
function repliesUnder(world: World, chat: string, root: number): number[] {
  return [...world.messages(chat)].filter((each) => each.id !== root && threadOf(each) === root).map(({ id }) => id);
}

/** The copy of a post in the discussion group. */
function copyOf(world: World, post: number): number | undefined {
  const copies = [...world.messages(JOURNAL_TALK)].filter(({ forward }) => forward?.automatic);
  return copies.find(({ forward }) => forward?.postId === post)?.id;
}

const link = (chat: string, id: number): string => `https://t.me/c/${-1e12 - Number(chat)}/${id}`;
const notes = async (server: TestServer, args: Args): Promise<string> => (await full(server, args)).notes?.join() ?? "";

Deno.test("get_messages: thread of a post is its copy in the discussion group and the comments, oldest first", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  let [many, none] = [0, 0];
  for (const post of [2, 7, 15, 23, 41, 50, 60, 77, 90, 119]) {
    const copy = copyOf(world, post);
    assert.ok(copy !== undefined);
    const comments = repliesUnder(world, JOURNAL_TALK, copy);
    const args = { messages: [`https://t.me/sandbox_journal/${post}`], thread: true };
    const page = await compact(server, args);
    assert.equal(page.chat?.id, JOURNAL_TALK);
    assert.deepEqual(page.rows.map(({ id }) => id), [copy, ...comments]);
    assert.deepEqual(page.rows.filter(({ hit }) => hit).map(({ id }) => id), [copy]);
    assert.equal(page.has_more, false);
    assert.match(page.notes?.join() ?? "", comments.length > 0 ? /discussion group/ : /no replies/);
    for (const limit of [1, 2, 3]) {
      const pages = await walk(server, { ...args, limit });
      assert.deepEqual(pages.places, [copy, ...comments].map((id) => `${JOURNAL_TALK}/${id}`));
    }
    if (comments.length > 3) many++;
    if (comments.length === 0) none++;
  }
  assert.ok(many > 0 && none > 0, "posts with and without comments were seen");
});

Deno.test("get_messages: thread of any item of an album is the comments on the album", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const [first] = [...world.messages(JOURNAL)].filter(({ albumId }) => albumId !== undefined);
  const copy = copyOf(world, first?.id ?? 0);
  assert.ok(first !== undefined && copy !== undefined);
  const page = await full(server, { messages: [link(JOURNAL, first.id)], thread: true });
  assert.deepEqual(page.messages.map(({ id }) => id), [copy, ...repliesUnder(world, JOURNAL_TALK, copy)]);
});

Deno.test("get_messages: a post that cannot be commented on comes by itself, and a note says so", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const message of ["https://t.me/sandbox_news/812?single", "https://t.me/sandbox_journal/100"]) {
    const page = await full(server, { messages: [message], thread: true });
    assert.equal(page.count, 1);
    assert.equal(page.has_more, false);
    assert.match(page.notes?.join() ?? "", /no comments/);
  }
});

Deno.test("get_messages: ?comment=N is message N of the discussion group, by itself or with what answers it", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const history = [...world.messages(JOURNAL_TALK)];
  const answered = history.flatMap(({ replyTo }) => replyTo?.topId === undefined ? [] : [replyTo]).slice(0, 5);
  assert.ok(answered.length > 3);
  for (const { id, topId } of answered) {
    const message = `https://t.me/sandbox_journal/2?comment=${id}`;
    assert.deepEqual(places(await full(server, { messages: [message] })), [`${JOURNAL_TALK}/${id}`]);
    const thread = await full(server, { messages: [message], thread: true });
    const answers = history.filter(({ replyTo }) => replyTo?.id === id).map((each) => each.id);
    assert.deepEqual(thread.messages.map((each) => each.id), [id, ...answers]);
    assert.match(thread.notes?.join() ?? "", new RegExp(`itself in a thread.*under #${topId}`));
    const chain = await full(server, { messages: [message], chain: true });
    assert.ok(chain.messages.some((each) => each.id === topId), "the chain ends at the copy of the post");
  }
  const beside = await server.call("get_messages", { messages: [`${link(JOURNAL_TALK, 5)}?comment=6`] });
  assert.equal(beside.body.code, "MESSAGE_NOT_FOUND", "a group has no discussion group");
});

Deno.test("get_messages: thread in a group is what Telegram keeps under the message, page by page", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const history = [...world.messages(GROUP)];
  const roots = Map.groupBy(history.filter((each) => each.replyTo), (each) => threadOf(each) ?? 0);
  const existing = [...roots].flatMap(([id, replies]) => {
    const root = world.messages(GROUP).byId(id);
    return root === undefined || root.replyTo ? [] : [{ id, replies: replies.map((reply) => reply.id) }];
  }).sort((a, b) => b.replies.length - a.replies.length);
  for (const { id, replies } of [...existing.slice(0, 4), ...existing.slice(-4)]) {
    for (const limit of [1, 2]) {
      const { places } = await walk(server, { chat: GROUP, messages: [id], thread: true, limit });
      assert.deepEqual(places, [id, ...replies].map((each) => `${GROUP}/${each}`));
    }
  }
  assert.equal(existing.at(-1)?.replies.length, 1, "a thread of one reply was seen");
  const alone = history.find((each) => !each.replyTo && !roots.has(each.id) && !each.service);
  assert.match(await notes(server, { chat: GROUP, messages: [alone?.id], thread: true }), /no replies/);
});

Deno.test("get_messages: in a forum, thread of a topic's first message is the topic, of another one what answers it", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const history = [...world.messages(FORUM)];
  const topics = history.filter(beginsTopic).map(({ id }) => id);
  assert.equal(topics.length, 6);
  for (const topic of [1, ...topics]) {
    const wanted = history.filter((each) => topicOf(each) === topic && each.id !== topic).map(({ id }) => id);
    const args = { messages: [`https://t.me/sandbox_forum/${topic}`], thread: true, limit: 100, max_chars: 80_000 };
    const { places } = await walk(server, args);
    assert.deepEqual(places, [topic, ...wanted].map((id) => `${FORUM}/${id}`));
  }
  const inTopics = history.filter((each) => each.replyTo?.forumTopic && each.replyTo.topId !== undefined);
  for (const { replyTo } of inTopics.slice(0, 6)) {
    const id = replyTo?.id ?? 0;
    const wanted = history.filter((each) => each.replyTo?.id === id).map((each) => each.id);
    const page = await full(server, { messages: [`https://t.me/sandbox_forum/${replyTo?.topId}/${id}`], thread: true });
    assert.deepEqual(page.messages.map((each) => each.id), [id, ...wanted]);
  }
});

Deno.test("get_messages: in a forum, context stays in the topic", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const history = [...world.messages(FORUM)];
  const begun = history.filter((each) => each.id === topicOf(each));
  assert.equal(begun.length, 7, "six topics and General");
  const random = createRandom(1, 8);
  for (let call = 0; call < 40; call++) {
    const context = 1 + random.int(20);
    // Among them the first messages of topics, which are not in the list of a topic's messages themselves.
    const asked = Array.from({ length: 1 + random.int(4) }, () => random.pick(random.oneIn(4) ? begun : history));
    const wanted = asked.flatMap((message) => {
      const topic = history.filter((each) => topicOf(each) === topicOf(message) && each.id !== topicOf(message));
      const before = topic.filter(({ id }) => id < message.id).slice(-context);
      const after = topic.filter(({ id }) => id > message.id).slice(0, context);
      return [...before, message, ...after].map(({ id }) => id);
    });
    const args = { chat: "@sandbox_forum", messages: asked.map(({ id }) => id), context, max_chars: 80_000 };
    const { places } = await walk(server, { ...args, limit: 100 });
    const ids = [...new Set(wanted)].sort((a, b) => a - b);
    assert.deepEqual(places, ids.map((id) => `${FORUM}/${id}`), JSON.stringify(args));
  }
});

Deno.test("get_messages: a migrated group's ids are the supergroup's, and context goes on into what it was", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const whole = [OLD_TOWN_BEFORE, OLD_TOWN].flatMap((chat) =>
    [...world.messages(chat)].map((message) => ({ chat, message }))
  );
  const start = whole.findIndex(({ chat }) => chat === OLD_TOWN);
  for (const step of [0, 1, 4, 30]) {
    const id = whole[start + step]?.message.id ?? 0;
    const page = await full(server, { chat: OLD_TOWN, messages: [id], context: 5 });
    const wanted = whole.slice(start + step - 5, start + step + 6).map(({ chat, message }) => `${chat}/${message.id}`);
    assert.deepEqual(places(page), wanted);
    assert.equal(page.chat?.id, OLD_TOWN);
    const walked = await walk(server, { chat: OLD_TOWN, messages: [id], context: 5, limit: 3 });
    assert.deepEqual(walked.places, wanted);
  }
  const row = await compact(server, { chat: OLD_TOWN, messages: [1], context: 1 });
  assert.ok(!row.columns.includes("chat"));
  assert.match(JSON.stringify(row.messages), new RegExp(`"chat":"${OLD_TOWN_BEFORE}"`));
  const old = await full(server, { chat: OLD_TOWN_BEFORE, messages: [2] });
  assert.deepEqual(old.messages.map(({ text }) => text), [world.messages(OLD_TOWN_BEFORE).byId(2)?.text]);
});

const resolvedSchema = z.object({
  chat: z.object({ id: z.string(), topics: z.int().optional(), migrated_from: z.string().optional() }),
  target: z.unknown().optional(),
  notes: z.array(z.string()).optional(),
});

Deno.test("resolve_chat: topics are counted, a migrated group says what it was, links into forums and to comments are understood", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const resolve = async (chat: string): Promise<z.infer<typeof resolvedSchema>> =>
    resolvedSchema.parse(await answer(server, "resolve_chat", { chat }));
  const history = [...world.messages(FORUM)];
  const topics = history.filter(beginsTopic).map(({ id }) => id);
  assert.equal((await resolve("@sandbox_forum")).chat.topics, 7, "six and General");
  assert.equal((await resolve(GROUP)).chat.topics, undefined);
  assert.equal((await resolve(OLD_TOWN)).chat.migrated_from, OLD_TOWN_BEFORE);
  assert.match((await resolve(OLD_TOWN_BEFORE)).notes?.join() ?? "", new RegExp(`became the supergroup ${OLD_TOWN}`));
  const [topic] = topics;
  const inTopic = history.find(({ replyTo }) => replyTo?.forumTopic && (replyTo.topId ?? replyTo.id) === topic)?.id;
  const targets: readonly (readonly [string, unknown])[] = [
    [`https://t.me/sandbox_forum/${topic}`, { topic }],
    [`https://t.me/sandbox_forum/${topic}/${topic}`, { topic }],
    [`https://t.me/c/2000000008/${topic}`, { topic }],
    ["https://t.me/sandbox_forum/1", { topic: 1 }],
    [`https://t.me/sandbox_forum/${topic}/${inTopic}`, { message: inTopic, topic }],
    [`https://t.me/sandbox_forum/${inTopic}?thread=${topic}`, { message: inTopic, topic }],
    [`https://t.me/sandbox_forum/${inTopic}`, { message: inTopic }],
    ["https://t.me/sandbox_group/1", { message: 1 }],
    ["https://t.me/sandbox_journal/50?comment=9", { message: 50, comment: { chat: JOURNAL_TALK, id: 9 } }],
    ["https://t.me/sandbox_journal/60?single", { message: 60, single: true }],
    [`${link(JOURNAL_TALK, 5)}?comment=6`, { message: 5 }],
  ];
  for (const [chat, target] of targets) assert.deepEqual((await resolve(chat)).target, target, chat);
  const named = await answer(server, "fetch_history", { chat: `https://t.me/sandbox_forum/${topic}`, limit: 1 });
  assert.match(JSON.stringify(named.notes), new RegExp(`topic is not applied; send topic:\\W+${topic}\\W`));
  assert.equal((await resolve(NEWS)).target, undefined);
});
