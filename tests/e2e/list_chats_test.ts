/**
 * list_chats against the world's dialogs.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { createRandom } from "../../sandbox/world/random.ts";
import { createWorld, type World, type WorldMessage } from "../../sandbox/world/mod.ts";
import { answer } from "./page.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const chatSchema = z.strictObject({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  username: z.string().optional(),
  last: z.string().optional(),
  unread: z.int().min(1).optional(),
  mentions: z.int().min(1).optional(),
  members: z.int().optional(),
  archived: z.literal(true).optional(),
  pinned: z.literal(true).optional(),
  muted: z.literal(true).optional(),
  protected: z.literal(true).optional(),
});
type Chat = z.infer<typeof chatSchema>;
const listSchema = z.strictObject({
  count: z.int(),
  total: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).optional(),
  folders: z.array(z.string()).optional(),
  chats: z.array(chatSchema),
});

/** Every dialog of the world as the tool should show it, latest activity first, equal dates in no order. */
function dialogs(world: World): Chat[] {
  return [...world.dialogs.values()].flatMap(({ chatId, folder, muted, pinned, readInbox }) => {
    const chat = world.chats.get(chatId);
    if (chat === undefined || chat.migratedTo !== undefined) return [];
    const history = world.messages(chatId);
    const readUpTo = ({ id, service, replyTo }: WorldMessage): number => {
      const topic = service?.action === "topic_create" ? id : replyTo?.forumTopic ? replyTo.topId ?? replyTo.id : 1;
      return chat.topics?.find((each) => each.id === topic)?.readInbox ?? readInbox;
    };
    const fresh = [...history].filter((message) => message.id > readUpTo(message));
    const [unread, mentions] = [fresh.filter(({ out }) => !out), fresh.filter(({ mentioned }) => mentioned)];
    const last = history.length === 0 ? undefined : history.dateAt(history.length - 1);
    return [{
      id: chatId,
      kind: chat.kind,
      title: chat.title,
      ...(chat.username !== null && { username: chat.username }),
      ...(last !== undefined && { last: new Date(last * 1000).toISOString().replace(".000Z", "Z") }),
      ...(unread.length > 0 && { unread: unread.length }),
      ...(mentions.length > 0 && { mentions: mentions.length }),
      ...(chatId.startsWith("-") && { members: chat.size }),
      ...(folder === 1 && { archived: true as const }),
      ...(pinned !== undefined && { pinned: true as const }),
      ...(muted && { muted: true as const }),
      ...(chat.protected && { protected: true as const }),
    }];
  }).sort((a, b) => (b.last ?? "").localeCompare(a.last ?? ""));
}

/** Chats marked as unread by hand count as such, with no number. */
const MARKED = new Set(
  [...createWorld().dialogs.values()].filter(({ unreadMark }) => unreadMark).map(({ chatId }) => chatId),
);
const isUnread = ({ id, unread }: Chat): boolean => unread !== undefined || MARKED.has(id);

async function walk(server: TestServer, args: Record<string, unknown>, limits: () => number): Promise<Chat[]> {
  const chats: Chat[] = [];
  let cursor: string | undefined;
  do {
    const limit = limits();
    const page = listSchema.parse(await answer(server, "list_chats", { ...args, limit, cursor }));
    assert.equal(page.count, page.chats.length);
    assert.ok(page.count <= limit);
    assert.ok(page.count === limit || !page.has_more);
    assert.equal(page.has_more, page.next_cursor !== undefined);
    chats.push(...page.chats);
    if (!page.has_more) assert.equal(page.total, chats.length);
    if (page.count === 0) assert.ok(page.notes !== undefined);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return chats;
}

const byId = (chats: readonly Chat[]): Chat[] => chats.toSorted((a, b) => a.id < b.id ? -1 : 1);

const WORK = ["-1002000000003", "-4001"];
const inNews = ({ id, kind, archived }: Chat): boolean =>
  ["-1002000000001", "-1002000000002"].includes(id) || kind === "channel" && !archived;

const FILTERS: readonly { readonly args: Record<string, unknown>; readonly keeps: (chat: Chat) => boolean }[] = [
  { args: {}, keeps: () => true },
  ...["user", "bot", "group", "supergroup", "forum", "channel"].map((kind) => ({
    args: { kind },
    keeps: (chat: Chat) => chat.kind === kind,
  })),
  { args: { unread: true }, keeps: isUnread },
  { args: { unread: false }, keeps: (chat) => !isUnread(chat) },
  { args: { mentions: true }, keeps: ({ mentions }) => mentions !== undefined },
  { args: { archived: true }, keeps: ({ archived }) => archived === true },
  { args: { archived: false, kind: "user" }, keeps: ({ archived, kind }) => !archived && kind === "user" },
  { args: { folder: "Work" }, keeps: ({ id }) => WORK.includes(id) },
  { args: { folder: " work " }, keeps: ({ id }) => WORK.includes(id) },
  { args: { folder: "News" }, keeps: inNews },
  { args: { folder: "News", unread: true }, keeps: (chat) => inNews(chat) && isUnread(chat) },
  { args: { query: "plumbers" }, keeps: ({ title }) => title.startsWith("Plumbers") },
  { args: { query: "CLUB book" }, keeps: ({ title }) => title.startsWith("Book Club") },
  { args: { query: "cafe zurich" }, keeps: ({ title }) => title.startsWith("Café Zürich") },
  { args: { query: "@annlee" }, keeps: ({ username }) => username === "annlee" },
  { args: { query: "шахматы" }, keeps: ({ title }) => title.startsWith("Шахматы") },
  { args: { query: "" }, keeps: () => true },
  { args: { query: "no such chat" }, keeps: () => false },
];

Deno.test("list_chats: every filter, walked page by page, gives the dialogs that fit, each once, latest first", async () => {
  const world = createWorld();
  const all = dialogs(world);
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const random = createRandom(0x115);
  for (const { args, keeps } of FILTERS) {
    const wanted = all.filter(keeps);
    for (let turn = 0; turn < 4; turn++) {
      const chats = await walk(server, args, () => 1 + random.int(turn === 0 ? 100 : 40));
      assert.deepEqual(byId(chats), byId(wanted), JSON.stringify(args));
      assert.deepEqual(chats.map(({ last }) => last), wanted.map(({ last }) => last), "latest activity first");
    }
  }
  assert.ok(all.length > 150);
});

Deno.test("list_chats: folders are named on the first page, an unknown one is refused with them as candidates", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const first = listSchema.parse(await answer(server, "list_chats", { limit: 2 }));
  assert.deepEqual(first.folders, ["Work", "News", "People to answer"]);
  const { status, body } = await server.call("list_chats", { folder: "Wrok" });
  assert.equal(status, 400);
  assert.equal(body.field, "folder");
  assert.deepEqual(body.candidates, [
    { id: "2", kind: "folder", title: "Work" },
    { id: "3", kind: "folder", title: "News" },
    { id: "4", kind: "folder", title: "People to answer" },
  ]);
});

Deno.test("list_chats: an empty result says which arguments to change", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const page = listSchema.parse(await answer(server, "list_chats", { query: "zzzz", kind: "bot" }));
  assert.equal(page.total, 0);
  assert.match(page.notes?.join() ?? "", /query, kind/);
});

Deno.test("list_chats: a cursor goes on in its own list only", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const { next_cursor: cursor } = listSchema.parse(await answer(server, "list_chats", { kind: "user", limit: 3 }));
  const next = listSchema.parse(await answer(server, "list_chats", { kind: "user", limit: 3, cursor }));
  const bare = listSchema.parse(await answer(server, "list_chats", { limit: 3, cursor }));
  assert.deepEqual(bare.chats, next.chats, "arguments may be left out");
  for (const other of [{ kind: "bot" }, { unread: true }, { query: "a" }, { folder: "Work" }, { archived: false }]) {
    const { status, body } = await server.call("list_chats", { ...other, cursor });
    assert.equal(status, 400);
    assert.equal(body.code, "INVALID_CURSOR");
    assert.equal(body.field, Object.keys(other)[0]);
  }
});

Deno.test("list_chats: chats that come and move between pages do not show twice", async () => {
  await using sandbox = await startSandbox();
  const first = await (async () => {
    await using server = await startServer(sandbox.environment);
    return listSchema.parse(await answer(server, "list_chats", { limit: 60 }));
  })();
  await sandbox.append("820000007", "a new message");
  await using later = await startServer(sandbox.environment);
  const rest = listSchema.parse(await answer(later, "list_chats", { limit: 100, cursor: first.next_cursor }));
  const shown = new Set(first.chats.map(({ id }) => id));
  assert.ok(rest.chats.every(({ id }) => !shown.has(id)));
  const top = listSchema.parse(await answer(later, "list_chats", { limit: 1 }));
  assert.equal(top.chats[0]?.id, "820000007");
});
