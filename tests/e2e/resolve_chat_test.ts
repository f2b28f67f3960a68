/**
 * Names of chats: every form, what it finds, and what it costs.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { createWorld } from "../../sandbox/world/mod.ts";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { createAccount } from "../../src/telegram/account.ts";
import { createPeers } from "../../src/telegram/peers.ts";
import { resolveChat } from "../../src/telegram/resolve.ts";
import { OF_A_MODULE, ofSources } from "../cli/product.ts";
import { answer, compact } from "./page.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const NEWS = "-1002000000001";
const CLOSED = "-1002000000004";
const PUBLIC = "-1002000000007";
const ANN = "734201334";

const endSchema = z.strictObject({ id: z.int(), date: z.string() });
const resolvedSchema = z.strictObject({
  chat: z.strictObject({
    id: z.string(),
    kind: z.string(),
    title: z.string(),
    username: z.string().optional(),
    link: z.string().optional(),
    about: z.string().optional(),
    members: z.int().optional(),
    messages: z.int(),
    first: endSchema.optional(),
    last: endSchema.optional(),
    discussion: z.strictObject({ id: z.string(), title: z.string().optional() }).optional(),
    migrated_from: z.string().optional(),
    protected: z.literal(true).optional(),
    joined: z.boolean(),
  }),
  matched_by: z.string(),
  target: z.record(z.string(), z.unknown()).optional(),
  notes: z.array(z.string()).optional(),
});

async function resolve(server: TestServer, chat: unknown): Promise<z.infer<typeof resolvedSchema>> {
  return resolvedSchema.parse(await answer(server, "resolve_chat", { chat }));
}

interface Form {
  readonly chat: unknown;
  readonly id: string;
  readonly by: string;
  readonly target?: Record<string, unknown>;
}

const FORMS: readonly Form[] = [
  { chat: "me", id: "1000", by: "me" },
  { chat: "Me", id: "1000", by: "me" },
  ...["@sandbox_news", "@Sandbox_NEWS", " @sandbox_news "].map((chat) => ({ chat, id: NEWS, by: "username" })),
  ...[
    "t.me/sandbox_news",
    "https://t.me/sandbox_news",
    "http://t.me/sandbox_news/",
    "https://www.t.me/sandbox_news",
    "sandbox_news.t.me",
    "https://sandbox_news.t.me/",
    "t.me/s/sandbox_news",
    "telegram.me/sandbox_news",
    "https://telegram.dog/sandbox_news",
    "HTTPS://T.ME/sandbox_news",
    "tg://resolve?domain=sandbox_news",
  ].map((chat) => ({ chat, id: NEWS, by: "link" })),
  ...["-1002000000001", -1002000000001, "2000000001", 2000000001].map((chat) => ({ chat, id: NEWS, by: "id" })),
  ...["-4001", -4001, "4001", 4001].map((chat) => ({ chat, id: "-4001", by: "id" })),
  ...[ANN, Number(ANN)].map((chat) => ({ chat, id: ANN, by: "id" })),
  ...["Sandbox News", "sandbox news"].map((chat) => ({ chat, id: NEWS, by: "title" })),
  { chat: "sandbox_news", id: NEWS, by: "username" },
  { chat: "annlee", id: ANN, by: "username" },
  { chat: "Сантехники", id: "-1002000000102", by: "title" },
  { chat: "🌍 Travellers", id: "-1002000000111", by: "title" },
  { chat: "👩🏽‍🚀 Nova", id: "734201340", by: "title" },
  { chat: "https://t.me/+AbCdEfGhIjKl", id: CLOSED, by: "invite" },
  { chat: "t.me/joinchat/AbCdEfGhIjKl", id: CLOSED, by: "invite" },
  { chat: "tg://join?invite=AbCdEfGhIjKl", id: CLOSED, by: "invite" },
  { chat: "https://t.me/+TeAtImE00001", id: "-4001", by: "invite" },
  { chat: "https://t.me/sandbox_news/812", id: NEWS, by: "link", target: { message: 812 } },
  { chat: "t.me/s/sandbox_news/812", id: NEWS, by: "link", target: { message: 812 } },
  { chat: "https://t.me/sandbox_news/812?single", id: NEWS, by: "link", target: { message: 812, single: true } },
  { chat: "t.me/sandbox_group/12/345", id: "-1002000000003", by: "link", target: { message: 345, topic: 12 } },
  { chat: "t.me/sandbox_group/345?thread=12", id: "-1002000000003", by: "link", target: { message: 345, topic: 12 } },
  { chat: "https://t.me/c/2000000004/12", id: CLOSED, by: "link", target: { message: 12 } },
  { chat: "https://t.me/c/2000000003/12/345", id: "-1002000000003", by: "link", target: { message: 345, topic: 12 } },
  { chat: "tg://privatepost?channel=2000000004&post=7", id: CLOSED, by: "link", target: { message: 7 } },
  {
    chat: "tg://resolve?domain=sandbox_news&post=7&single",
    id: NEWS,
    by: "link",
    target: { message: 7, single: true },
  },
  { chat: "sandbox_news.t.me/812", id: NEWS, by: "link", target: { message: 812 } },
];

Deno.test("resolve_chat: every form of a name finds its chat, and a link's message is its target", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const { chat, id, by, target } of FORMS) {
    const found = await resolve(server, chat);
    assert.equal(found.chat.id, id, String(chat));
    assert.equal(found.matched_by, by, String(chat));
    assert.deepEqual(found.target, target, String(chat));
    const history = world.messages(id);
    assert.equal(found.chat.messages, history.length);
    assert.equal(found.chat.first?.id, history.idAt(0));
    assert.equal(found.chat.last?.id, history.idAt(history.length - 1));
    assert.equal(Date.parse(found.chat.last?.date ?? "") / 1000, history.dateAt(history.length - 1));
    assert.equal(found.chat.joined, true);
  }
});

Deno.test("resolve_chat: a comment that no discussion group can hold is said, not dropped", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const found = await resolve(server, "https://t.me/sandbox_news/812?comment=5");
  assert.deepEqual(found.target, { message: 812 });
  assert.match(found.notes?.join() ?? "", /comment/);
});

Deno.test("resolve_chat: details are those of the chat", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const id of [NEWS, "-1002000000003", "-4001", ANN, "734201344", "1000", "-1002000000010"]) {
    const { chat } = await resolve(server, id);
    const wanted = world.chats.get(id);
    assert.equal(chat.kind, wanted?.kind);
    assert.equal(chat.username ?? null, wanted?.username);
    assert.equal(chat.about ?? "", wanted?.about);
    if (id.startsWith("-")) assert.equal(chat.members, wanted?.size);
    assert.equal(chat.protected ?? false, wanted?.protected ?? false);
  }
  const empty = await resolve(server, "Empty Hall");
  assert.equal(empty.chat.messages, 0);
  assert.ok(empty.chat.first === undefined && empty.chat.last === undefined);
  const open = await resolve(server, "@sandbox_public");
  assert.equal(open.chat.joined, false);
});

Deno.test("resolve_chat: the same names find the same chats in fetch_history, which says what it leaves out", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const { chat, id, target } of FORMS) {
    const page = await compact(server, { chat, limit: 1 });
    assert.equal(page.chat.id, id, String(chat));
    const told = page.notes?.some((note) => note.includes(`#${target?.message}`)) ?? false;
    assert.equal(told, target !== undefined, `${chat}: ${page.notes}`);
  }
});

Deno.test("identifiers: after a restart numeric ids work without asking for the chat list", async () => {
  await using sandbox = await startSandbox();
  {
    await using server = await startServer(sandbox.environment);
    await answer(server, "list_chats", {});
    await compact(server, { chat: "@sandbox_public", limit: 1 });
  }
  await sandbox.forgetMethods();
  await using server = await startServer(sandbox.environment);
  const { dialogs } = createWorld();
  const names = [Number(NEWS), "2000000001", PUBLIC, "-4001", Number(ANN), "me", "https://t.me/c/2000000004/12"];
  for (const chat of [...names, ...dialogs.keys()]) {
    await compact(server, { chat, limit: 1 });
    assert.equal((await sandbox.methods())["messages.GetDialogs"], undefined, String(chat));
  }
  const received = await sandbox.methods();
  assert.equal(received["contacts.ResolveUsername"], undefined);
});

Deno.test("identifiers: a fresh server finds an id by reading the chat list once", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const chat of ["-1002000000150", "820000003", "-1002000000160"]) await compact(server, { chat, limit: 1 });
  const list = (await sandbox.methods())["messages.GetDialogs"] ?? 0;
  assert.ok(list > 0);
  await compact(server, { chat: "-1002000000151", limit: 1 });
  assert.equal((await sandbox.methods())["messages.GetDialogs"], list);
});

Deno.test("identifiers: a username is looked up once, also across a restart", async () => {
  await using sandbox = await startSandbox();
  for (let life = 0; life < 2; life++) {
    await using server = await startServer(sandbox.environment);
    for (const chat of ["@sandbox_public", "t.me/sandbox_public", "@SANDBOX_public", "https://t.me/sandbox_public/5"]) {
      assert.equal((await compact(server, { chat, limit: 1 })).chat.id, PUBLIC);
    }
    await resolve(server, "@sandbox_public");
  }
  assert.equal((await sandbox.methods())["contacts.ResolveUsername"], 1);
});

Deno.test("identifiers: a title that two chats share is refused with both", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (
    const [chat, ids] of [["Plumbers", ["-1002000000100", "-1002000000101"]], ["Ann Lee", [ANN, "734201341"]]] as const
  ) {
    for (const tool of ["resolve_chat", "fetch_history"]) {
      const { status, body } = await server.call(tool, { chat });
      assert.equal(status, 409);
      assert.equal(body.code, "CHAT_AMBIGUOUS");
      assert.equal(body.field, "chat");
      const candidates = z.array(z.object({ id: z.string(), kind: z.string(), title: z.literal(chat) }))
        .parse(body.candidates);
      assert.deepEqual(candidates.map(({ id }) => id).toSorted(), ids.toSorted());
      for (const { id } of candidates) assert.equal((await compact(server, { chat: id, limit: 1 })).chat.id, id);
      const { tool: next, arguments: args } = z.object({ tool: z.string(), arguments: z.unknown() }).parse(
        body.suggest,
      );
      assert.ok(z.object({ count: z.int().min(2) }).safeParse(await answer(server, next, args)).success);
    }
  }
});

Deno.test("identifiers: a name that is nearly one is refused with the chats that come near", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const [chat, id] of [["Plumers", "-1002000000100"], ["@sandbox_newz", NEWS], ["tea rom", "-4001"]] as const) {
    const { status, body } = await server.call("resolve_chat", { chat });
    assert.equal(status, 404, chat);
    assert.equal(body.code, "CHAT_NOT_FOUND");
    const candidates = z.array(z.object({ id: z.string() })).max(5).parse(body.candidates);
    assert.ok(candidates.some((each) => each.id === id), `${chat}: ${JSON.stringify(candidates)}`);
  }
});

Deno.test("identifiers: a bare word opens an own chat, and asks Telegram only where none fits", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  assert.equal((await resolve(server, "Group")).chat.id, "-1002000000003");
  assert.equal((await resolve(server, "погода")).chat.title, "Погода");
  assert.equal((await resolve(server, "mary")).chat.id, "734201339");
  assert.equal((await resolve(server, "Mary_Plumber")).chat.id, "734201339");
  const ambiguous = await server.call("resolve_chat", { chat: "chess" });
  assert.equal(ambiguous.body.code, "CHAT_AMBIGUOUS");
  assert.equal((await sandbox.methods())["contacts.ResolveUsername"], undefined);
  const stranger = await resolve(server, "sandbox_public");
  assert.equal(stranger.chat.id, PUBLIC);
  assert.equal((await sandbox.methods())["contacts.ResolveUsername"], 1);
});

Deno.test("identifiers: a title never goes by @, and an @name never by title", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const { body } = await server.call("resolve_chat", { chat: "@Group" });
  assert.equal(body.code, "CHAT_NOT_FOUND");
});

ofSources(
  OF_A_MODULE,
  "identifiers: bare digits mean the user of that id before a channel or group; without a user both are shown",
  async () => {
    using db = new DatabaseSync(":memory:");
    const peers = createPeers(db, "default");
    const call = (): Promise<never> => Promise.reject(new Error("nothing needs to be asked"));
    const directory = createAccount({ call, withDc: () => call, takeout: call }, peers, () => {});
    const photo = new Api.ChatPhotoEmpty();
    const [id, accessHash] = [bigInt(5_001), bigInt(1)];
    const channel = new Api.Channel({ id, accessHash, title: "Channel", photo, date: 1, broadcast: true });
    const group = new Api.Chat({ id, title: "Group", photo, participantsCount: 2, date: 1, version: 1 });
    peers.learn({ users: [], chats: [channel, group] });
    await assert.rejects(resolveChat(directory, "5001"), { code: "CHAT_AMBIGUOUS" });
    peers.learn({ users: [new Api.User({ id, accessHash, firstName: "User" })], chats: [] });
    assert.equal((await resolveChat(directory, "5001")).peer.title, "User");
    assert.equal((await resolveChat(directory, "-1000000005001")).peer.title, "Channel");
    assert.equal((await resolveChat(directory, "-5001")).peer.title, "Group");
  },
);

ofSources(
  OF_A_MODULE,
  "identifiers: learning who the account is forgets no chat, learning that it is another one forgets all",
  () => {
    using db = new DatabaseSync(":memory:");
    const peers = createPeers(db, "default");
    const user = (id: number, self: boolean): Api.User =>
      new Api.User({ id: bigInt(id), accessHash: bigInt(1), firstName: `User ${id}`, self });
    peers.learn({ users: [user(1, false)], chats: [] });
    peers.learn({ users: [user(2, false), user(3, true), user(4, false)], chats: [] });
    assert.deepEqual(["1", "2", "3", "4"].map((id) => peers.get(id)?.title), ["User 1", "User 2", "User 3", "User 4"]);
    peers.learn({ users: [user(5, false), user(6, true)], chats: [] });
    assert.deepEqual(["1", "2", "3", "4"].map((id) => peers.get(id)), [undefined, undefined, undefined, undefined]);
    assert.equal(peers.get("5")?.title, "User 5");
    assert.equal(peers.self()?.id, "6");
  },
);

const UNSUPPORTED = [
  "https://t.me/sandbox_news/s/12",
  "tg://resolve?domain=sandbox_news&story=12",
  "https://t.me/addstickers/Animals",
  "https://t.me/addemoji/Animals",
  "https://t.me/addlist/AbCdEf",
  "https://t.me/+9996620001",
  "tg://resolve?phone=9996620001",
  "https://t.me/share/url?url=https://example.com",
  "https://t.me/proxy?server=1.2.3.4",
  "tg://settings",
  "https://example.com/sandbox_news",
  "-2147483649000",
  "-1997852516353",
  "-1000000000000",
];

Deno.test("identifiers: links to stories, stickers, phones and other things are unsupported, and nothing is asked", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await answer(server, "list_chats", { limit: 1 });
  await sandbox.forgetMethods();
  for (const chat of UNSUPPORTED) {
    for (const tool of ["resolve_chat", "fetch_history"]) {
      const { status, body } = await server.call(tool, { chat });
      assert.equal(status, 400, `${chat}: ${JSON.stringify(body)}`);
      assert.equal(body.code, "UNSUPPORTED", chat);
      assert.equal(body.field, "chat", chat);
    }
  }
  assert.deepEqual(Object.keys(await sandbox.methods()).filter((method) => /resolve|history|search/i.test(method)), []);
});

Deno.test("sender: an id known only from a page's min object, a hidden list of members, and names that are nobody's", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const [stranger, { length } = []] = [...Map.groupBy(world.messages("-1002000000003"), ({ from }) => from ?? "")]
    .find(([id]) => world.users.get(id)?.stranger) ?? [""];
  assert.ok(length !== undefined && length > 0);
  const page = await compact(server, { chat: "@sandbox_group", sender: stranger, limit: 100 });
  assert.equal(page.total, length);
  const ann = await server.call("fetch_history", { chat: "@sandbox_group", sender: "Nobody Atall" });
  assert.equal(ann.body.code, "INPUT_VALIDATION");
  assert.equal(ann.body.field, "sender");
  const id = await server.call("fetch_history", { chat: "@sandbox_group", sender: 123_456_789 });
  assert.equal(id.body.code, "INPUT_VALIDATION");
  assert.equal(id.body.field, "sender");
  await sandbox.faults({
    rules: [{ method: "channels.getParticipants", error: { code: 400, message: "CHAT_ADMIN_REQUIRED" } }],
  });
  const hidden = await server.call("fetch_history", { chat: "@sandbox_group", sender: "Alex Kim" });
  assert.equal(hidden.body.code, "INPUT_VALIDATION");
  assert.match(String(hidden.body.hint), /id/);
});

Deno.test("sender: a display name that two members share is refused with both", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const members = (world.chats.get("-1002000000003")?.members ?? []).flatMap((id) => world.users.get(id) ?? []);
  const names = Map.groupBy(members, ({ firstName, lastName }) => `${firstName} ${lastName}`);
  const [name, namesakes = []] = [...names].find(([, each]) => each.length > 1) ?? [""];
  assert.ok(namesakes.length > 1);
  const { status, body } = await server.call("fetch_history", { chat: "@sandbox_group", sender: name });
  assert.equal(status, 409);
  assert.equal(body.field, "sender");
  const candidates = z.array(z.object({ id: z.string() })).parse(body.candidates).map(({ id }) => id);
  assert.deepEqual(candidates.toSorted(), namesakes.map(({ id }) => id).toSorted());
  for (const sender of candidates) {
    const wanted = [...world.messages("-1002000000003")].filter(({ from }) => from === sender).length;
    assert.equal((await compact(server, { chat: "@sandbox_group", sender, limit: 1 })).total ?? 0, wanted);
  }
});

Deno.test("username: one that nobody has is looked up once, not at every call", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const chat of ["@nobody_here", "nobody_here", "https://t.me/Nobody_Here/5"]) {
    const { status, body } = await server.call("resolve_chat", { chat });
    assert.deepEqual([status, body.code], [404, "CHAT_NOT_FOUND"], chat);
  }
  assert.equal((await sandbox.methods())["contacts.ResolveUsername"], 1);
});

Deno.test("title: a misspelt one is answered with candidates while usernames cannot be looked up", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const error = { code: 420, message: "FLOOD_WAIT_40000" };
  await sandbox.faults({ rules: [{ method: "contacts.resolveUsername", error }] });
  const { status, body } = await server.call("resolve_chat", { chat: "Sandbx_News" });
  assert.deepEqual([status, body.code], [404, "CHAT_NOT_FOUND"]);
  const [first] = z.array(z.object({ id: z.string() })).parse(body.candidates);
  assert.equal(first?.id, NEWS);
});

Deno.test("sender: whoever a page shows can be named, by id and by label", async () => {
  const posts = [...createWorld().messages("-1002000000003")].filter(({ from }) => from === PUBLIC);
  assert.ok(posts.length > 1);
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const [first] = posts;
  const around = { from: `#${first?.id}`, to: `#${(first?.id ?? 0) + 1}` };
  const page = await compact(server, { chat: "@sandbox_group", ...around });
  const [label] = Object.keys(page.senders ?? {});
  assert.equal(label, "Sandbox Public");
  for (const sender of [PUBLIC, label, "@sandbox_public", PUBLIC]) {
    const args = { chat: "@sandbox_group", sender, direction: "oldest_first", fields: "full", limit: 20 };
    const ids: number[] = [];
    let cursor: unknown;
    do {
      const { status, body } = await server.call("fetch_history", { ...args, cursor });
      assert.equal(status, 200, JSON.stringify(body));
      ids.push(...z.array(z.object({ id: z.int() })).parse(body.messages).map(({ id }) => id));
      cursor = body.next_cursor;
    } while (cursor !== undefined);
    assert.deepEqual(ids, posts.map(({ id }) => id), String(sender));
  }
});

Deno.test("resolve_chat: a link says what it really points to: no message there, and the topic that the message is in", async () => {
  const forum = "-1002000000008";
  const asked = [...createWorld().messages(forum)].find(({ text }) => text === "How do I renew the harbour permit?");
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const resolve = (chat: string): Promise<Record<string, unknown>> => answer(server, "resolve_chat", { chat });
  const gone = await resolve("https://t.me/sandbox_news/99999999");
  assert.deepEqual([gone.target, gone.notes], [{ message: 99_999_999 }, [
    "The chat has no message 99999999, or not any more.",
  ]]);
  const wrong = await resolve(`https://t.me/sandbox_forum/9999/${asked?.id}`);
  assert.deepEqual([wrong.target, wrong.notes], [{ message: asked?.id, topic: asked?.replyTo?.id }, undefined]);
});

Deno.test("sender: a misspelt name comes with those whom it may have meant", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (
    const [chat, sender, meant] of [["@sandbox_group", "Alex Novack", "Alex Novak"], ["-4001", "Anne Lee", "Ann Lee"]]
  ) {
    const { status, body } = await server.call("fetch_history", { chat, sender });
    assert.deepEqual([status, body.code, body.field], [400, "INPUT_VALIDATION", "sender"]);
    assert.ok(JSON.stringify(body.candidates ?? []).includes(`"${meant}"`), JSON.stringify(body));
  }
});
