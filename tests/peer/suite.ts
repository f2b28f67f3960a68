/**
 * The product against another client: what our tools return over HTTP is, message by message, what gotd reads from the same
 * sandbox. Not part of the gate, since it needs Go: `deno task test:peer`.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { answer, fullSchema } from "../e2e/page.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { startServer } from "../e2e/server.ts";
import { type Form, formOf, seconds } from "./form.ts";
import { buildOtherClient, type Job, startOtherClient } from "./gotd.ts";

const directory = await Deno.makeTempDir({ prefix: "peer-" });
const program = await buildOtherClient(directory);
const sandbox = await startSandbox();
const server = await startServer(sandbox.environment);
const keyFile = join(sandbox.directory, "key.pem");
const OWNER = { port: sandbox.port, keyFile, phone: "+999 66 2 1000", code: "22222" };
await sandbox.forgetMethods();
const other = await startOtherClient(program, OWNER);
const received = await sandbox.methods();

Deno.test.afterAll(async () => {
  await other[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await sandbox[Symbol.asyncDispose]();
  await Deno.remove(directory, { recursive: true });
});

/** The server stands through all tests and works between them, too: what it has under way is no test's leak. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

/** Every page of a tool, in the simple form. */
async function ours(tool: string, args: Readonly<Record<string, unknown>>): Promise<Form[]> {
  const forms: Form[] = [];
  let cursor: string | undefined;
  do {
    const given = { ...args, cursor, limit: 100, fields: "full", max_chars: 80_000 };
    const page = fullSchema.parse(await answer(server, tool, given));
    for (const message of page.messages) forms.push(formOf(message));
    cursor = page.next_cursor;
    assert.equal(page.has_more, cursor !== undefined);
  } while (cursor !== undefined);
  return forms;
}

/** Both clients found the same messages in the same order, and at least `least` of them. */
async function assertAgreement(
  tool: string,
  args: Readonly<Record<string, unknown>>,
  job: Job,
  least = 1,
): Promise<Form[]> {
  const what = `${tool} ${JSON.stringify(args)}`;
  const [mine, { messages: theirs }] = await Promise.all([ours(tool, args), other.read(job)]);
  assert.ok(theirs.length >= least, `${what}: the other client found ${theirs.length}`);
  assert.deepEqual(mine.map(({ id }) => id), theirs.map(({ id }) => id), what);
  for (const [place, message] of mine.entries()) assert.deepEqual(message, theirs[place], `${what}: #${message.id}`);
  return theirs;
}

test("another client: signs in with a fresh key and the owner's code, and with no other", async () => {
  assert.equal(other.self, "1000");
  assert.equal(received["auth.SignIn"], 1);
  assert.equal(received["auth.ImportAuthorization"], undefined);
  await assert.rejects(startOtherClient(program, { ...OWNER, code: "11111" }), /PHONE_CODE_INVALID/);
  await assert.rejects(startOtherClient(program, { ...OWNER, phone: "123456" }), /PHONE_NUMBER_INVALID/);
});

test("another client: list_chats has every dialog, with its unread messages and mentions", async () => {
  const schema = z.object({
    next_cursor: z.string().optional(),
    chats: z.array(
      z.object({
        id: z.string(),
        unread: z.int().optional(),
        mentions: z.int().optional(),
        pinned: z.literal(true).optional(),
        archived: z.literal(true).optional(),
      }),
    ),
  });
  const mine: z.infer<typeof schema>["chats"] = [];
  let cursor: string | undefined;
  do {
    const page = schema.parse(await answer(server, "list_chats", { limit: 100, cursor }));
    mine.push(...page.chats);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  const { dialogs } = await other.read({ do: "dialogs" });
  assert.ok(dialogs.length > 150);
  assert.deepEqual(sorted(mine), sorted(dialogs));
});

function sorted<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => Number(a.id) - Number(b.id));
}

/** Chats that are read whole: a channel, a supergroup, the basic group, oneself, people, a bot, a deleted account. */
const WHOLE = [
  { chat: "@sandbox_news", least: 9000 },
  { chat: "@sandbox_group", least: 4000 },
  { chat: "@sandbox_forum", least: 1900 },
  { chat: "@sandbox_journal", least: 10 },
  { chat: "@sandbox_journal_talk", least: 10 },
  { chat: "@sandbox_protected", least: 20 },
  { chat: "-4001", least: 50 },
  { chat: "me", least: 20 },
  { chat: "734201334", least: 250 },
  { chat: "734201335", least: 150 },
  { chat: "734201344", least: 30 },
  { chat: "734201345", least: 3 },
];

for (const { chat, least } of WHOLE) {
  test(`another client: the whole of ${chat} is the same, message by message, in both directions`, async () => {
    await assertAgreement("fetch_history", { chat }, { do: "history", chat }, least);
    const args = { chat, direction: "oldest_first" };
    await assertAgreement("fetch_history", args, { do: "history", chat, oldest_first: true }, least);
  });
}

const RANGES = [
  { chat: "@sandbox_news", from: "2025-03-01T00:00:00Z", to: "2025-04-01T00:00:00Z" },
  { chat: "@sandbox_news", from: "2025-05-20T12:00:00Z" },
  { chat: "@sandbox_group", from: "2024-10-26T22:00:00Z", to: "2024-11-20T23:00:00Z" },
  { chat: "@sandbox_group", to: "2023-06-01T00:00:00Z" },
  { chat: "-4001", from: "2024-06-01T00:00:00Z", to: "2025-01-01T00:00:00Z" },
  { chat: "734201334", from: "2024-01-01T00:00:00Z" },
];

for (const { chat, from, to } of RANGES) {
  test(`another client: ${chat} from ${from} to ${to} is the same in both directions`, async () => {
    const range = { from: from && seconds(from), to: to && seconds(to) };
    const job: Job = { do: "history", chat, ...defined(range) };
    await assertAgreement("fetch_history", { chat, from, to }, job);
    const args = { chat, from, to, direction: "oldest_first" };
    await assertAgreement("fetch_history", args, { ...job, oldest_first: true });
  });
}

test("another client: a date at a message's own second includes it as the start and excludes it as the end", async () => {
  const { messages } = await other.read({ do: "history", chat: "734201335" });
  const [one, two] = [messages.at(60), messages.at(20)];
  assert.ok(one && two && one.date < two.date);
  const [from, to] = [one.date, two.date].map((date) => new Date(date * 1000).toISOString());
  const chat = "734201335";
  const found = await assertAgreement("fetch_history", { chat, from, to }, {
    do: "history",
    chat,
    from: one.date,
    to: two.date,
  });
  assert.ok(found.some(({ id }) => id === one.id));
  assert.ok(found.every(({ date }) => date >= one.date && date < two.date));
});

function defined(range: Readonly<Record<"from" | "to", number | "" | undefined>>): Pick<Job, "from" | "to"> {
  const { from, to } = range;
  return { ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

const WORDS = [
  { chat: "@sandbox_news", words: "lighthouse" },
  { chat: "@sandbox_news", words: "маяк" },
  { chat: "@sandbox_news", words: "zürich bridge" },
  { chat: "@sandbox_group", words: "invoice" },
  { chat: "@sandbox_group", words: "встреча" },
  { chat: "734201334", words: "the" },
  { chat: "-4001", words: "a" },
];

for (const { chat, words } of WORDS) {
  test(`another client: search_messages finds ${words} in ${chat} where it does`, async () => {
    await assertAgreement("search_messages", { chat, query: words }, { do: "search", chat, words });
  });
}

const FILTERS = [
  "photo",
  "video",
  "document",
  "audio",
  "voice",
  "video_note",
  "gif",
  "link",
  "location",
  "contact",
  "pinned",
  "mention",
];

for (const filter of FILTERS) {
  test(`another client: search_messages with type ${filter} finds the same`, async () => {
    const chat = filter === "mention" ? "@sandbox_group" : "@sandbox_news";
    await assertAgreement("search_messages", { chat, type: filter }, { do: "search", chat, filter });
    const group = { chat: "@sandbox_group", type: filter, from: "2024-06-01T00:00:00Z", to: "2025-02-01T00:00:00Z" };
    const job: Job = { do: "search", chat: "@sandbox_group", filter };
    const range = { from: seconds(group.from), to: seconds(group.to) };
    await assertAgreement("search_messages", group, { ...job, ...range }, 0);
  });
}

test("another client: search_messages by sender, alone and with words and type, finds the same", async () => {
  const chat = "@sandbox_group";
  const { messages } = await other.read({ do: "history", chat, from: seconds("2025-05-01T00:00:00Z") });
  const senders = [...new Set(messages.map(({ sender }) => sender))].filter((id) => id !== undefined);
  assert.ok(senders.includes("1000") && senders.length > 10);
  for (const sender of ["1000", ...senders.slice(0, 5)]) {
    const found = await assertAgreement("search_messages", { chat, sender }, { do: "search", chat, sender });
    assert.ok(found.every((message) => message.sender === sender));
    const words = { chat, sender, query: "report" };
    await assertAgreement("search_messages", words, { do: "search", chat, sender, words: "report" }, 0);
    const typed = { chat, sender, type: "photo" };
    await assertAgreement("search_messages", typed, { do: "search", chat, sender, filter: "photo" }, 0);
  }
});

const OLD_TOWN = "-1002000000013";
const OLD_TOWN_BEFORE = "-4002";

test("another client: a supergroup and the basic group it was read as one, in both directions", async () => {
  const now = await other.read({ do: "history", chat: OLD_TOWN });
  const before = await other.read({ do: "history", chat: OLD_TOWN_BEFORE });
  const theirs = [...now.messages, ...before.messages];
  assert.ok(now.messages.length > 200 && before.messages.length > 70);
  const chat = OLD_TOWN;
  assert.deepEqual(await ours("fetch_history", { chat }), theirs);
  assert.deepEqual(await ours("fetch_history", { chat, direction: "oldest_first" }), theirs.toReversed());
});

test("another client: the forum's topics are the same, and so is what is in each of them", async () => {
  const chat = "@sandbox_forum";
  const schema = z.object({
    has_more: z.literal(false),
    topics: z.array(
      z.object({
        id: z.string().transform(Number),
        title: z.string(),
        closed: z.literal(true).optional(),
        pinned: z.literal(true).optional(),
        hidden: z.literal(true).optional(),
        unread: z.int().optional(),
        last: z.string().transform(seconds),
      }),
    ),
  });
  const mine = schema.parse(await answer(server, "list_topics", { chat, limit: 100 })).topics;
  const { topics } = await other.read({ do: "topics", chat });
  assert.equal(topics.length, 7);
  const byId = (a: { id: number }, b: { id: number }): number => a.id - b.id;
  assert.deepEqual(mine.toSorted(byId), topics.toSorted(byId));
  for (const { id } of topics) {
    const topic = String(id);
    await assertAgreement("fetch_history", { chat, topic }, { do: "replies", chat, topic: id }, 10);
    const words = { chat, topic, query: "the" };
    await assertAgreement("search_messages", words, { do: "search", chat, topic: id, words: "the" }, 0);
  }
});

test("another client: the comments on each post of a channel are the same, in the discussion group", async () => {
  const [chat, group] = ["@sandbox_journal", "@sandbox_journal_talk"];
  const { messages: posts } = await other.read({ do: "history", chat });
  const { messages: talk } = await other.read({ do: "history", chat: group });
  const commented = posts.filter(({ replies }) => replies !== undefined && replies > 0);
  assert.ok(commented.length > 3);
  for (const { id, replies } of commented) {
    const { messages: theirs } = await other.read({ do: "replies", chat, topic: id });
    const [root, ...mine] = await ours("get_messages", { chat, messages: [id], thread: true });
    assert.equal(theirs.length, replies, `#${id} counts its comments`);
    assert.deepEqual(mine, theirs.toReversed(), `comments on #${id}`);
    assert.deepEqual(root, talk.find((message) => message.id === root?.id), "the post's copy in the group leads");
    assert.equal(root?.forward?.id, id);
  }
});
