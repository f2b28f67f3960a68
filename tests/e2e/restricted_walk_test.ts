/**
 * A key of some chats goes through everything that the server has, and finds nothing of the others.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { exportFormatSchema } from "../../src/exports/job.ts";
import { groupingSchema, rankingSchema } from "../../src/telegram/stats.ts";
import routes from "../pins/routes.json" with { type: "json" };
import { type Caller, type Given, LINK, type Restricted, startRestricted, type Twins, twinsOf } from "./restricted.ts";
import { withoutWords } from "./sieve.ts";

const [NEWS, ARCHIVE, GROUP, PUBLIC, FORUM] = [
  "-1002000000001",
  "-1002000000002",
  "-1002000000003",
  "-1002000000007",
  "-1002000000008",
];
const [JOURNAL, JOURNAL_TALK, CURIOSITIES, OLD_TOWN, OLD_TOWN_BEFORE] = [
  "-1002000000011",
  "-1002000000012",
  "-1002000000014",
  "-1002000000013",
  "-4002",
];
const [CLOSED, LOCKED, COPYLESS, TAKEN_OVER, TEA_ROOM] = [
  "-1002000000004",
  "-1002000000005",
  "-1002000000010",
  "-1002000000019",
  "-4001",
];
const [ME, ANN, MARY, NOVA, ZOE, MENU_BOT] = [
  "1000",
  "734201334",
  "734201339",
  "734201340",
  "734201343",
  "734201350",
];

type Args = Readonly<Record<string, unknown>>;
/** Arguments of each tool with the name of a chat where one belongs. */
const NAMING: Readonly<Record<string, (name: string, home: string) => readonly Args[]>> = {
  list_chats: (name) => [{ query: name }, { folder: name }],
  resolve_chat: (chat) => [{ chat }],
  fetch_history: (chat, home) => [{ chat, limit: 3 }, { chat: home, sender: chat, limit: 3 }, {
    chat,
    topic: "general",
  }],
  search_messages: (chat, home) => [
    { chat, query: "harbour" },
    { chat: home, query: "the", sender: chat },
    { query: chat },
    { query: "harbour", chat_kind: "channel" },
  ],
  get_messages: (chat) => [{ chat, messages: ["5"] }, { messages: [chat] }, { messages: [chat], thread: true }],
  list_topics: (chat) => [{ chat }],
  chat_stats: (chat, home) => [{ chat }, { chat: home, sender: chat, group_by: "day" }],
  get_media: (chat) => [{ chat, message: "5" }, { message: chat, variant: "original" }],
  start_export: (chat, home) => [
    { chat, wait_seconds: 0 },
    { chats: [home, chat], wait_seconds: 0 },
    { chat: home, sender: chat, wait_seconds: 0 },
    { chat: home, delta_of: chat, wait_seconds: 0 },
  ],
  get_export: (id) => [{ id }],
  list_exports: () => [{}, { state: "completed" }],
  cancel_export: (id) => [{ id }],
};

const pageSchema = z.looseObject({ next_cursor: z.string().optional() });
const exportSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  files: z.array(z.looseObject({ name: z.string(), url: z.string(), uri: z.string() })).default([]),
});
const toolsSchema = z.object({ tools: z.array(z.looseObject({ name: z.string(), description: z.string() })) });

function bodyOf<T>(schema: z.ZodType<T>, { status, text }: Given): T {
  assert.equal(status, 200, text.slice(0, 500));
  return schema.parse(JSON.parse(text));
}

/** Does something for each of a list, a few at a time. */
async function forEach<T>(all: Iterable<T>, act: (one: T) => Promise<unknown>): Promise<void> {
  const rest = Iterator.from(all);
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (const one of rest) await act(one);
  }));
}

/** Whatever a tool gives out, page by page. */
async function pages(guest: Caller, tool: string, args: Args, most = 80): Promise<void> {
  let cursor: string | undefined;
  for (let page = 0; page < most; page++) {
    const given = await guest.call(tool, { ...args, ...(cursor === undefined ? {} : { cursor }) });
    assert.ok(given.status === 200 || given.status === 404 || given.status === 501 || given.status === 400, given.text);
    if (given.status !== 200) return;
    cursor = bodyOf(pageSchema, given).next_cursor;
    if (cursor === undefined) return;
  }
}

/** Answers less what differs between any two: the names that they repeat, ids of requests and of what began anew. */
function comparable({ status, text }: Given, said: readonly string[]): string {
  const bare = withoutWords(text, said, "NAME");
  return `${status} ${bare.replace(/,"request_id":"[^"]*"/, "").replaceAll(/(NAME\s*)+/g, "NAME")}`;
}

/** Every tool with every name of chats that may not be seen: answered like a name that nothing has. */
async function askByName(
  { guest, world }: Restricted,
  forbidden: readonly string[],
  chats: readonly string[],
): Promise<Set<string>> {
  const home = chats[0] ?? "";
  const called = new Set<string>();
  const all = forbidden.flatMap((id) => twinsOf(world, id, chats));
  assert.ok(all.length > 20);
  for (const [tool, argsOf] of Object.entries(NAMING)) {
    called.add(tool);
    await forEach(all.entries(), async ([turn, { id, forbidden: name, missing, said }]) => {
      // All tools find chats in one way: that takes every form, the others take turns.
      if (tool !== "resolve_chat" && tool !== "get_messages" && turn % 4 !== called.size % 4) return;
      // Whoever the account is may be looked for as a sender.
      const isOwner = id === ME;
      const twin = argsOf(missing, home);
      for (const [at, args] of argsOf(name, home).entries()) {
        const told = await guest.call(tool, args, said[0]);
        // There it is words, which may be those of other chats, or nothing at all.
        if (tool === "list_chats" || tool === "list_exports" || (args["sender"] !== undefined && isOwner)) continue;
        const same = await guest.call(tool, twin[at] ?? {}, said[1]);
        assert.equal(comparable(told, said[0]), comparable(same, said[1]), `${tool} ${JSON.stringify(args)}`);
        if (tool.startsWith("resolve")) assert.match(told.text, /CHAT_NOT_FOUND|INPUT_VALIDATION|UNSUPPORTED/);
      }
    });
  }
  return called;
}

/** Everything that the tools tell of the chats that may be seen. */
async function readAll({ guest, world, sieve }: Restricted, chats: readonly string[]): Promise<void> {
  await readList(guest);
  await forEach(chats.entries(), async ([place, chat]) => {
    const history = world.chats.has(chat) ? world.messages(chat) : [];
    const isLong = history.length > 1000;
    /** Those of a list that are this chat's turn: of each several, and all of them among the chats. */
    const turns = <T>(all: readonly T[]): T[] => all.filter((_, at) => (at + place) % 3 === 0);
    await guest.call("resolve_chat", { chat });
    const page = { chat, limit: 100, max_chars: 80_000 };
    await pages(guest, "fetch_history", { ...page, fields: "compact" }, isLong ? 3 : 20);
    await pages(guest, "fetch_history", { ...page, fields: "full", direction: "oldest_first" }, isLong ? 3 : 20);
    await guest.call("fetch_history", { chat, unread: true });
    for (const type of turns(["media", "link", "photo", "service", "pinned", "mention", "poll"])) {
      await pages(guest, "search_messages", { chat, type, fields: "full" }, 2);
    }
    await guest.call("search_messages", { chat, query: "the" });
    await guest.call("search_messages", { chat, sender: "me", fields: "full" });
    await guest.call("list_topics", { chat });
    for (const group_by of new Set(["sender", ...isLong ? [] : turns(groupingSchema.options)])) {
      await guest.call("chat_stats", { chat, group_by });
    }
    for (const top of isLong ? ["views"] : turns(rankingSchema.options)) await guest.call("chat_stats", { chat, top });
    const ids = Array.from(history, ({ id }) => String(id));
    for (const at of [0, 60]) {
      const messages = ids.slice(at, at + 60);
      if (messages.length === 0) continue;
      await guest.call("get_messages", { chat, messages, chain: true, fields: "full", max_chars: 80_000, limit: 100 });
    }
    for (const id of ids.filter((_, at) => at % Math.ceil(ids.length / 4) === 0)) {
      await guest.call("get_messages", { chat, messages: [id], context: 3, fields: "full" });
      await guest.call("get_messages", { chat, messages: [id], thread: true, fields: "full" });
    }
    await lookAtMedia(guest, chat, Array.from(history).filter(({ media }) => media !== undefined).slice(0, 4));
  });
  // A comment under a post, and what a link to one says.
  for (const link of ["https://t.me/c/2000000011/50?comment=9", "https://t.me/c/2000000011/50"]) {
    await guest.call("resolve_chat", { chat: link }, [link, JOURNAL, JOURNAL.slice(4)]);
    await guest.call("get_messages", { messages: [link], thread: true }, [link, JOURNAL]);
    await guest.call("get_media", { message: link }, [link, JOURNAL]);
  }
  // Ids of private chats and basic groups belong to no chat in particular.
  const shared = [ZOE, NOVA, OLD_TOWN_BEFORE, ANN, TEA_ROOM, ME].flatMap((chat) =>
    Array.from(world.messages(chat), ({ id }) => id).slice(0, 60)
  );
  const [common] = chats.filter((id) => !id.startsWith("-100"));
  assert.ok(common !== undefined);
  for (let at = 0; at < shared.length; at += 100) {
    const messages = shared.slice(at, at + 100).map(String);
    await guest.call("get_messages", { chat: common, messages, limit: 100, fields: "full" }, messages);
  }
  assert.ok(sieve.names.has(ZOE));
  // So nobody is known now who was not before.
  for (const { forbidden: sender, said } of twinsOf(world, ZOE, chats)) {
    const { status, text } = await guest.call("fetch_history", { chat: chats[0], sender, limit: 1 }, said[0]);
    assert.equal(status, 400, `${sender}: ${text}`);
  }
}

async function readList(guest: Caller): Promise<void> {
  const all = [{}, { limit: 2 }, { unread: true }, { folder: "Work" }, { folder: "News" }, { archived: true }];
  await forEach(all, (args) => pages(guest, "list_chats", args));
}

async function lookAtMedia(guest: Caller, chat: string, messages: readonly { readonly id: number }[]): Promise<void> {
  const linked = z.looseObject({ url: z.string().optional() });
  for (const { id } of messages) {
    await guest.call("get_media", { chat, message: String(id) });
    const given = await guest.call("get_media", { chat, message: String(id), variant: "original" });
    const { url } = linked.parse(JSON.parse(given.text));
    if (url !== undefined) await guest.send(url, { headers: { range: "bytes=0-99" } });
  }
}

/** Exports in every format, their files by every way, and one that continues another. */
async function exportAll({ guest, world }: Restricted, chats: readonly string[]): Promise<void> {
  const small = chats.filter((chat) => world.messages(chat).length <= 700)
    .sort((a, b) => world.messages(a).length - world.messages(b).length);
  /** The smallest of them with forwards from elsewhere, which every format must do without. */
  const few = small.filter((chat) => Array.from(world.messages(chat)).some(({ forward }) => forward)).slice(0, 1);
  const read = async (id: string): Promise<void> => {
    let one = bodyOf(exportSchema, await guest.call("get_export", { id }));
    while (one.state !== "completed" && one.state !== "failed") {
      one = bodyOf(exportSchema, await guest.call("get_export", { id, wait_seconds: 20 }));
    }
    assert.equal(one.state, "completed", JSON.stringify(one));
    for (const { name, url, uri } of one.files) {
      await guest.send(`/exports/${id}/${name}`);
      await guest.send(url, { headers: { range: "bytes=0-9999" } });
      await speak(guest, "resources/read", { uri });
      if (name !== "manifest.json" && name !== "media.ndjson") continue;
      for (const [, path] of (await guest.send(`/exports/${id}/${name}`)).text.matchAll(/"(media\/[^"]+)"/g)) {
        await guest.send(`/exports/${id}/${path}`, { headers: { range: "bytes=0-99" } });
      }
    }
  };
  let first: string | undefined;
  for (const format of [...exportFormatSchema.options, "parquet"]) {
    const given = await guest.call("start_export", {
      chats: format === "ndjson" ? small : few,
      format,
      to: "2025-06-02T00:00:00Z",
      ...(format === "html" ? { download_media: true } : {}),
      ...(format === "json" ? { takeout: true } : {}),
      wait_seconds: 30,
    });
    if (given.status !== 200) continue;
    const { id } = bodyOf(exportSchema, given);
    first ??= id;
    await read(id);
  }
  assert.ok(first !== undefined);
  const { id } = bodyOf(exportSchema, await guest.call("start_export", { delta_of: first, wait_seconds: 30 }));
  await read(id);
  await pages(guest, "list_exports", { limit: 2 });
}

/** One JSON-RPC request, in a session of its own or in none. */
function speak(
  guest: Caller,
  method: string,
  params: Args = {},
  { session, said = [] }: { readonly session?: string; readonly said?: readonly string[] } = {},
): Promise<Given> {
  return guest.send("/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(session === undefined ? {} : { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  }, said);
}

/** The same over MCP: lists, resources, completions, tools with names, an event stream. */
async function speakMcp(
  { guest, url, guestKey, sieve }: Restricted,
  twins: readonly Twins[],
  home: string,
): Promise<void> {
  const client = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "walk", version: "0" } };
  const { headers } = await speak(guest, "initialize", client);
  const session = headers.get("mcp-session-id") ?? "";
  // What tools say of themselves is the same for everybody, and has examples.
  const descriptions = (await catalogueOf(guest)).map(({ description }) => description);
  await speak(guest, "tools/list", {}, { session, said: descriptions });
  for (const method of ["resources/list", "resources/templates/list", "prompts/list", "ping", "logging/setLevel"]) {
    await speak(guest, method, method.startsWith("logging") ? { level: "debug" } : {}, { session });
  }
  for (const { forbidden, said } of twins) {
    const ref = { type: "ref/resource", uri: "export://{id}/{file}{?offset,limit}" };
    await speak(guest, "completion/complete", { ref, argument: { name: "id", value: forbidden } }, {
      session,
      said: said[0],
    });
    await speak(guest, "resources/read", { uri: `export://${forbidden}/messages.ndjson` }, { session, said: said[0] });
    for (const [name, argsOf] of Object.entries(NAMING)) {
      const [args = {}] = argsOf(forbidden, home);
      await speak(guest, "tools/call", { name, arguments: args }, { session, said: said[0] });
    }
  }
  await speak(guest, "tools/call", {
    name: "fetch_history",
    arguments: { chat: home, limit: 100, fields: "full", max_chars: 80_000 },
    _meta: { progressToken: 1 },
  }, { session });
  // The stream stays open: what comes at once is looked at.
  const stop = new AbortController();
  const stream = await fetch(`${url}/mcp`, {
    headers: { accept: "text/event-stream", authorization: `Bearer ${guestKey}`, "mcp-session-id": session },
    signal: stop.signal,
  });
  const reader = (stream.body ?? new ReadableStream()).getReader();
  assert.deepEqual(sieve.find([...stream.headers].join("\n")), []);
  stop.abort();
  await reader.read().catch(() => {});
  await guest.send("/mcp", { method: "DELETE", headers: { "mcp-session-id": session } });
}

async function catalogueOf(guest: Caller): Promise<z.infer<typeof toolsSchema>["tools"]> {
  const { text } = await guest.send("/api/tools", {}, STATIC);
  return toolsSchema.parse(JSON.parse(text)).tools;
}

/** Names in the examples of tools' descriptions. */
const STATIC = [
  "@sandbox_news",
  "@sandbox_archive",
  "@sandbox_group",
  "@sandbox_forum",
  "sandbox_news",
  "c/2000000003/12/345",
];

/** All other routes. */
async function openRoutes({ guest }: Restricted): Promise<void> {
  for (const path of Object.keys(routes)) {
    if (path.includes(":") || path === "/mcp") continue;
    for (const method of ["GET", "HEAD", "POST", "OPTIONS", "DELETE"]) await guest.send(path, { method }, STATIC);
  }
  for (const path of ["/api/audit?limit=10000", "/api/audit?principal=owner", "/metrics"]) await guest.send(path);
  for (const path of ["/nothing", "/api/tools/nothing", "/media/nothing", "/exports/nothing/messages.ndjson"]) {
    await guest.send(path, { method: path.startsWith("/api/tools/") ? "POST" : "GET" });
  }
}

/** What the owner of the account has: cursors, exports, links. */
async function useOthers({ owner, guest }: Restricted): Promise<void> {
  const exported = bodyOf(
    exportSchema,
    await owner.call("start_export", { chat: CLOSED, format: "ndjson", wait_seconds: 45 }),
  );
  const [id] = [exported.id];
  for (const tool of ["get_export", "cancel_export"]) {
    assert.equal((await guest.call(tool, { id })).status, 404, tool);
  }
  assert.equal((await guest.call("start_export", { delta_of: id })).status, 404);
  assert.equal((await guest.send(`/exports/${id}/messages.ndjson`)).status, 404);
  assert.match(
    (await speak(guest, "resources/read", { uri: `export://${id}/messages.ndjson` })).text,
    /-32002|NOT_FOUND/,
  );
  for (
    const [tool, args] of [
      ["fetch_history", { chat: NEWS, limit: 3 }],
      ["fetch_history", { chat: GROUP, limit: 3 }],
      ["search_messages", { query: "harbour", limit: 3 }],
      ["list_chats", { limit: 3 }],
      ["get_messages", { chat: NEWS, messages: ["2", "3", "4", "5", "6", "7"], limit: 1 }],
    ] as const
  ) {
    const { next_cursor: cursor } = bodyOf(pageSchema, await owner.call(tool, args));
    assert.ok(cursor !== undefined, tool);
    const given = await guest.call(tool, { ...args, cursor }, [NEWS, cursor]);
    assert.equal(given.status, 400, `${tool}: ${given.text}`);
  }
}

/** References that the world has none of: the preview of a link into another chat, and stories. */
async function addReferences({ sandbox }: Restricted, chat: string): Promise<void> {
  const page = {
    _: "webPage",
    id: "991",
    url: LINK,
    display_url: LINK,
    hash: 0,
    type: "telegram_message",
    site_name: "Telegram",
    title: "Waiting Room",
    description: "Locked Room says more than may be told.",
  };
  const story = { _: "messageMediaStory", peer: { _: "peerChannel", channel_id: 2_000_000_007 }, id: 31 };
  await sandbox.append(chat, `Look over there: ${LINK}`, {
    kind: "other",
    tl: { _: "messageMediaWebPage", webpage: page },
  });
  await sandbox.append(chat, "", { kind: "other", tl: story });
}

/** Whom requests named since the last time that the record was empty: nobody whom the guest may not see. */
async function assertNamed({ sandbox, world }: Restricted, chats: ReadonlySet<string>): Promise<void> {
  const requests = await sandbox.requests();
  assert.ok(requests.length > 50, `${requests.length} requests`);
  for (const { method, names = [] } of requests) {
    assert.ok(!/ResolveUsername|CheckChatInvite|SearchGlobal/.test(method), method);
    // The place in the chat list where its next page begins, which no caller has a say in.
    if (method === "messages.GetDialogs") continue;
    for (const name of names) {
      const isSender = method === "messages.Search" && (name === "self" || world.users.has(name));
      const isOwn = method === "users.GetUsers" && name === "self";
      const isSaved = name === "self" && chats.has(ME);
      assert.ok(chats.has(name) || isSender || isOwn || isSaved, `${method} names ${name}`);
    }
  }
}

async function walk(
  chats: readonly string[],
  forbidden: readonly string[],
  alsoAllowed: readonly string[] = [],
): Promise<void> {
  const all = new Set([...chats, ...alsoAllowed]);
  await using restricted = await startRestricted([...all]);
  const { guest, owner, sieve, world, sandbox, leaks, visited } = restricted;
  for (const name of ["Sandbox News", "sandbox_archive", "Locked Room", ARCHIVE]) {
    assert.ok(sieve.names.has(name), name);
  }
  assert.ok(sieve.stretches > 50_000, `${sieve.stretches} stretches of words are looked for`);
  const home = chats[0] ?? "";
  await addReferences(restricted, home);
  // The owner of the account makes the server know all there is: only the key stands before it.
  await owner.call("list_chats", {});
  for (const chat of [NEWS, PUBLIC, GROUP, ...forbidden]) await owner.call("fetch_history", { chat, limit: 50 });
  await owner.call("resolve_chat", { chat: "@sandbox_public" });
  await owner.call("fetch_history", { chat: "@sandbox_moved" });
  await useOthers(restricted);
  await sandbox.forgetMethods();

  const called = await askByName(restricted, forbidden, [...all]);
  await readAll(restricted, chats);
  await exportAll(restricted, chats);
  await speakMcp(restricted, twinsOf(world, forbidden[0] ?? "", chats), home);
  await openRoutes(restricted);

  assert.deepEqual(leaks, []);
  await assertNamed(restricted, all);
  const listed = (await catalogueOf(guest)).map(({ name }) => name);
  assert.ok(listed.length >= 12);
  assert.deepEqual([...called].sort(), listed.sort(), "every tool is walked through");
  const patterns = Object.keys(routes);
  assert.ok(patterns.length > 10, "the pinned routes are known");
  for (const pattern of patterns) {
    const fits = new RegExp(`^${pattern.replaceAll(/:\w+\+/g, ".+").replaceAll(/:\w+/g, "[^/]+")}$`);
    assert.ok([...visited].some((path) => fits.test(path)), `${pattern} is visited`);
  }
}

Deno.test("a key of some chats: a group with forwards, a channel without its discussion, a supergroup without its past, a forum, a bot", async () => {
  await walk(
    [CURIOSITIES, GROUP, JOURNAL, OLD_TOWN, FORUM, MENU_BOT],
    [NEWS, PUBLIC, JOURNAL_TALK, OLD_TOWN_BEFORE, CLOSED, LOCKED, TAKEN_OVER, MARY, ZOE, ME],
  );
});

Deno.test("a key of some chats: a discussion without its channel, a group and what it became, saved messages, a friend, a basic group", async () => {
  await walk(
    [JOURNAL_TALK, OLD_TOWN_BEFORE, ME, ANN, TEA_ROOM, COPYLESS],
    [NEWS, JOURNAL, CURIOSITIES, GROUP, PUBLIC, LOCKED, NOVA, ZOE],
    [OLD_TOWN],
  );
});

Deno.test("a key of some chats: folders without one of them are as if there were none", async () => {
  await using restricted = await startRestricted([FORUM, OLD_TOWN]);
  const { guest, owner, world, leaks } = restricted;
  const all = world.folders.map(({ title }) => title);
  for (const title of all) assert.ok((await owner.call("list_chats", {})).text.includes(JSON.stringify(title)), title);
  await readList(guest);
  for (const title of all) {
    const missing = `${title.slice(0, -1)}x`;
    const [told, same] = [
      await guest.call("list_chats", { folder: title }, [title]),
      await guest.call("list_chats", { folder: missing }, [missing]),
    ];
    assert.equal(comparable(told, [title]), comparable(same, [missing]));
  }
  assert.deepEqual(leaks, []);
});
