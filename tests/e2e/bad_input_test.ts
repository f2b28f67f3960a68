/**
 * What is wrong is refused by name, with a way out; nothing of it is ever INTERNAL, and the server lives on.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { z } from "zod";
import { createRandom, type Random } from "../../sandbox/world/random.ts";
import { createWorld } from "../../sandbox/world/mod.ts";
import { until } from "../cli/command.ts";
import { call, events, post } from "../mcp/raw.ts";
import { answer, compact } from "./page.ts";
import { startSandbox } from "./sandbox.ts";
import { type Answer, startServer, type TestServer } from "./server.ts";

const NEWS = "@sandbox_news";
const LONG = "x".repeat(301);
const history = (args: Record<string, unknown>): readonly [string, Record<string, unknown>] => [
  "fetch_history",
  { chat: NEWS, ...args },
];

const search = (args: Record<string, unknown>): readonly [string, Record<string, unknown>] => ["search_messages", args];
const get = (args: Record<string, unknown>): readonly [string, Record<string, unknown>] => ["get_messages", args];

interface Refusal {
  readonly code: string;
  readonly field?: string;
  /** What its sentence or hint must say. */
  readonly says?: RegExp;
}

const INVALID = (field: string, says?: RegExp): Refusal => ({
  code: "INPUT_VALIDATION",
  field,
  ...(says === undefined ? {} : { says }),
});

/** Each is a call and how it is refused. */
const CASES: readonly (readonly [readonly [string, Record<string, unknown>], Refusal])[] = [
  [history({ form: "2025-01-01" }), INVALID("form", /from, to, tz, topic, sender, type/)],
  [history({ __proto: 1 }), INVALID("__proto")],
  [history(Object.fromEntries([["__proto__", 1]])), INVALID("__proto__")],
  [["resolve_chat", { chat: NEWS, limit: 5 }], INVALID("limit", /arguments are: chat/)],
  [["list_chats", { chat: NEWS }], INVALID("chat", /query/)],
  [["fetch_history", {}], INVALID("chat", /required.*t.me link/)],
  [["resolve_chat", {}], INVALID("chat", /required/)],
  [history({ limit: 0 }), INVALID("limit", /1 to 100/)],
  [history({ limit: -3 }), INVALID("limit", /1 to 100/)],
  [history({ limit: 101 }), INVALID("limit", /1 to 100/)],
  [history({ limit: 5000 }), INVALID("limit", /next_cursor/)],
  [history({ limit: 5000, nonsense: "x".repeat(900) }), INVALID("limit", /^(?!.*xxx).*"start_export"/)],
  [history({ from: "9999-12-31T23:59:59-23:59" }), INVALID("from", /years/)],
  [history({ to: "0000-01-01T00:00:00+10:00" }), INVALID("to", /years/)],
  [history({ limit: 1e300 }), INVALID("limit")],
  [history({ limit: "50" }), INVALID("limit", /number/)],
  [history({ limit: 1.5 }), INVALID("limit", /int/)],
  [["list_chats", { limit: 0 }], INVALID("limit", /1 to 100/)],
  [["list_chats", { limit: 5000 }], INVALID("limit", /1 to 100/)],
  [history({ max_chars: 1 }), INVALID("max_chars", /2000/)],
  [history({ max_chars: 80_001 }), INVALID("max_chars", /80000/)],
  [history({ min_views: 0 }), INVALID("min_views", /1/)],
  [history({ fields: "all" }), INVALID("fields", /compact.*full/)],
  [history({ type: "image" }), INVALID("type", /one of .*photo/)],
  [history({ type: "photos" }), INVALID("type", /Did you mean photo\?/)],
  [history({ direction: "up" }), INVALID("direction", /oldest_first/)],
  [history({ unread: "yes" }), INVALID("unread", /boolean/)],
  [history({ from: "2025-04-01T00:00:00Z", to: "2025-03-01T00:00:00Z" }), INVALID("from", /Exchange/)],
  [history({ from: "2025-04-01T00:00:00Z", to: "2025-04-01T00:00:00Z" }), INVALID("from", /later/)],
  [history({ from: "2025-04-01T02:00:00+02:00", to: "2025-04-01T00:00:00Z" }), INVALID("from", /later/)],
  [history({ from: "#10", to: "#10" }), INVALID("from", /later/)],
  [history({ from: "#10", to: "#9" }), INVALID("from", /Exchange/)],
  [history({ from: "7d", to: "8d" }), INVALID("from", /Exchange/)],
  [history({ from: "2025-03-01" }), INVALID("from", /2025-03-01T00:00:00Z.*tz/)],
  [history({ to: "2025-03-01T10:00:00" }), INVALID("to", /2025-03-01T10:00:00Z.*tz/)],
  [history({ from: "2025-02-30T00:00:00Z" }), INVALID("from", /does not exist/)],
  [history({ from: "2025-02-29", tz: "UTC" }), INVALID("from", /does not exist/)],
  [history({ from: "2025-13-01T00:00:00Z" }), INVALID("from", /does not exist/)],
  [history({ from: "2025-03-01T24:00:00Z" }), INVALID("from", /does not exist/)],
  [history({ from: "2025-03-01T10:60:00Z" }), INVALID("from", /does not exist/)],
  [history({ from: "2025-03-01T10:00:00+25:00" }), INVALID("from", /offset/)],
  [history({ from: "yesterday" }), INVALID("from", /7d/)],
  [history({ from: "01.03.2025" }), INVALID("from", /RFC 3339/)],
  [history({ from: "1740787200" }), INVALID("from", /2025-03-01T00:00:00Z/)],
  [history({ from: "1740787200000" }), INVALID("from", /2025-03-01T00:00:00Z/)],
  [history({ from: "4201" }), INVALID("from", /#4201/)],
  [history({ from: "#0" }), INVALID("from", /positive/)],
  [history({ from: "#9999999999" }), INVALID("from", /2147483648/)],
  [history({ from: "-7d" }), INVALID("from", /7d/)],
  [history({ from: "7D" }), INVALID("from", /7d/)],
  [history({ from: "" }), INVALID("from", /RFC 3339/)],
  [history({ from: "2025-03-01", tz: "Mars/Olympus" }), INVALID("tz", /Europe\/Berlin/)],
  [history({ tz: "" }), INVALID("tz", /Europe\/Berlin/)],
  [history({ tz: LONG }), INVALID("tz")],
  [history({ from: LONG }), INVALID("from")],
  [history({ sender: "" }), INVALID("sender")],
  [history({ sender: LONG }), INVALID("sender")],
  [history({ sender: "Nobody Atall" }), INVALID("sender", /display name/)],
  [history({ sender: "@no_such_person_here" }), INVALID("sender", /display name/)],
  [history({ chat: "" }), INVALID("chat")],
  [history({ chat: "   " }), INVALID("chat", /empty/)],
  [history({ chat: LONG }), INVALID("chat", /300/)],
  [history({ chat: "@" }), INVALID("chat", /username/)],
  [history({ chat: "@ab" }), INVALID("chat", /4 to 32/)],
  [history({ chat: "@two words" }), INVALID("chat", /username/)],
  [history({ chat: "https://t.me/" }), INVALID("chat")],
  [history({ chat: "https://t.me/c/" }), INVALID("chat", /channel id/)],
  [history({ chat: "https://t.me/sandbox_news/abc" }), INVALID("chat", /message number/)],
  [history({ chat: "https://t.me/sandbox_news/0" }), INVALID("chat", /message number/)],
  [history({ chat: "https://t.me/%E0%A4%A" }), INVALID("chat", /percent/)],
  [history({ chat: "https://t.me/+" }), INVALID("chat", /invite/)],
  [history({ chat: "https://t.me/+AAAAAAAAAAAA" }), { code: "CHAT_NOT_FOUND", field: "chat", says: /invite/ }],
  [history({ chat: "🤷" }), { code: "CHAT_NOT_FOUND", field: "chat", says: /list_chats/ }],
  [history({ chat: "👩🏽‍🚀".repeat(20) }), { code: "CHAT_NOT_FOUND", field: "chat" }],
  [history({ chat: "no such chat at all" }), { code: "CHAT_NOT_FOUND", field: "chat", says: /list_chats/ }],
  [history({ chat: "@no_such_chat_here" }), { code: "CHAT_NOT_FOUND", field: "chat", says: /list_chats/ }],
  [history({ chat: "constructor" }), { code: "CHAT_NOT_FOUND", field: "chat" }],
  [history({ chat: "https://t.me/constructor" }), { code: "CHAT_NOT_FOUND", field: "chat" }],
  [history({ chat: 999_999_999 }), { code: "CHAT_NOT_FOUND", field: "chat" }],
  [history({ chat: -1_009_999_999_999 }), { code: "CHAT_NOT_FOUND", field: "chat" }],
  [history({ chat: -999 }), { code: "CHAT_NOT_FOUND", field: "chat" }],
  [history({ chat: 0 }), { code: "CHAT_NOT_FOUND", field: "chat" }],
  [history({ chat: "99999999999999999999" }), { code: "CHAT_NOT_FOUND", field: "chat" }],
  [history({ chat: 1.5 }), INVALID("chat", /string/)],
  [history({ chat: 1e21 }), INVALID("chat", /string/)],
  [history({ chat: true }), INVALID("chat", /string/)],
  [history({ chat: [NEWS] }), INVALID("chat", /string/)],
  [history({ chat: { id: 1 } }), INVALID("chat", /string/)],
  ...[
    "chat",
    "from",
    "to",
    "tz",
    "sender",
    "type",
    "direction",
    "min_views",
    "unread",
    "limit",
    "cursor",
    "fields",
    "max_chars",
  ].map((field) => [history({ [field]: null }), INVALID(field, /of type|one of/)] as const),
  ...["query", "kind", "folder", "unread", "mentions", "archived", "limit", "cursor"].map((field) =>
    [["list_chats", { [field]: null }], INVALID(field, /of type|one of/)] as const
  ),
  [["list_chats", { kind: "saved" }], INVALID("kind", /channel/)],
  [history({ topic: "general" }), { code: "UNSUPPORTED", field: "topic", says: /get_messages/ }],
  [["list_topics", { chat: NEWS }], { code: "UNSUPPORTED", field: "chat", says: /kind forum/ }],
  [["list_topics", {}], INVALID("chat", /required/)],
  [search({ chat: NEWS }), INVALID("query", /fetch_history/)],
  [search({ chat: NEWS, query: "  " }), INVALID("query", /fetch_history/)],
  [search({ chat: NEWS, query: "x", chat_kind: "user" }), INVALID("chat_kind", /Leave/)],
  [search({ chat: NEWS, query: "x".repeat(257) }), INVALID("query", /256/)],
  [search({ chat: NEWS, query: "x", direction: "oldest_first" }), INVALID("direction", /arguments are: query/)],
  [search({ chat: NEWS, query: "x", limit: 5000 }), INVALID("limit", /1 to 100/)],
  [search({}), INVALID("query", /Send words/)],
  [search({ query: "harbour", sender: "me" }), INVALID("sender", /Name the chat/)],
  [search({ query: "harbour", topic: "5" }), INVALID("topic", /Name the chat/)],
  [search({ query: "harbour", from: "#5" }), INVALID("from", /one chat/)],
  [search({ query: "harbour", chat_kind: "bot" }), INVALID("chat_kind", /user/)],
  [["list_chats", { query: "x".repeat(201) }], INVALID("query", /200/)],
  [["list_chats", { folder: "" }], INVALID("folder", /candidates/)],
  [get({}), INVALID("messages", /required.*or links/)],
  [get({ messages: [], chat: NEWS }), INVALID("messages", /at least one/)],
  [get({ messages: Array(101).fill(1), chat: NEWS }), INVALID("messages", /100 messages a call/)],
  [get({ messages: 812, chat: NEWS }), INVALID("messages", /array/)],
  [get({ messages: [null], chat: NEWS }), INVALID("messages.0", /string/)],
  [get({ messages: [1.5], chat: NEWS }), INVALID("messages.0", /string/)],
  [get({ messages: [812] }), INVALID("chat", /812.*of which chat.*link/)],
  [get({ messages: ["t.me/sandbox_news/812", "#813"] }), INVALID("chat", /813/)],
  ...[0, -5, 2_147_483_648, "#0", "99999999999999999999"].map((id) =>
    [get({ messages: [id], chat: NEWS }), INVALID("messages", /1 to 2147483647/)] as const
  ),
  ...["https://t.me/sandbox_news", "@sandbox_news", "t.me/+AbCdEfGhIjKl", "Sandbox News", "me"].map((name) =>
    [get({ messages: [name] }), INVALID("messages", /no message.*t\.me\/NAME\/ID/)] as const
  ),
  [get({ messages: ["@sandbox_news/812"] }), INVALID("messages")],
  [get({ messages: [" "], chat: NEWS }), INVALID("messages", /empty/)],
  [get({ messages: ["t.me/sandbox_news/abc"] }), INVALID("messages", /message number/)],
  ...["t.me/addstickers/Cats", "t.me/sandbox_news/s/4", "tg://resolve?phone=123", "https://example.com/1"].map((link) =>
    [get({ messages: ["t.me/sandbox_news/812", link] }), { code: "UNSUPPORTED", field: "messages" }] as const
  ),
  [get({ messages: [812], chat: NEWS, context: 21 }), INVALID("context", /20/)],
  [get({ messages: [812], chat: NEWS, context: -1 }), INVALID("context", /0/)],
  [get({ messages: [812], chat: NEWS, limit: 101 }), INVALID("limit", /1 to 100/)],
  [get({ messages: [812], chat: NEWS, type: "photo" }), INVALID("type", /messages, chat, context/)],
  [get({ messages: [812, 813], chat: NEWS, thread: true }), INVALID("thread", /exactly one/)],
  [get({ messages: [812], chat: NEWS, thread: true, context: 1 }), INVALID("context", /thread/)],
  [get({ messages: [812], chat: NEWS, thread: true, chain: true }), INVALID("chain", /thread/)],
  [get({ messages: [812], chat: "@no_such_chat_here" }), { code: "CHAT_NOT_FOUND", field: "chat" }],
  [get({ messages: ["t.me/sandbox_news/812?comment=3"] }), { code: "MESSAGE_NOT_FOUND", field: "messages" }],
  [get({ messages: [2_000_000_000], chat: NEWS }), { code: "MESSAGE_NOT_FOUND", field: "messages" }],
  [get({ messages: [812], chat: NEWS, cursor: "abc" }), { code: "INVALID_CURSOR", field: "cursor" }],
  [history({ cursor: "" }), { code: "INVALID_CURSOR", field: "cursor" }],
  [history({ cursor: "abc" }), { code: "INVALID_CURSOR", field: "cursor" }],
  [history({ cursor: "🤷" }), { code: "INVALID_CURSOR", field: "cursor" }],
  [history({ cursor: "A".repeat(8001) }), INVALID("cursor")],
];

/** Asserts that a refusal is one a model can act on. */
function assertRefused({ status, body }: Answer, { code, field, says }: Refusal, what: string): void {
  const told = `${what}: ${JSON.stringify(body)}`;
  assert.ok(status >= 400 && status < 500, told);
  assert.equal(body.code, code, told);
  assert.equal(body.field, field, told);
  assert.ok(typeof body.hint === "string" && body.hint.length > 10, told);
  if (says !== undefined) assert.match(`${body.detail} ${body.hint} ${JSON.stringify(body.suggest)}`, says, told);
}

async function assertAlive(server: TestServer): Promise<void> {
  assert.equal((await compact(server, { chat: NEWS, limit: 1 })).count, 1);
  assert.equal((await (await fetch(`${server.url}/health`)).json()).status, "ok");
}

Deno.test("bad input: every kind of it is refused with a code, the field and a hint, and the server lives on", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await answer(server, "list_chats", {});
  for (const [[tool, args], refusal] of CASES) {
    assertRefused(await server.call(tool, args), refusal, `${tool} ${JSON.stringify(args).slice(0, 200)}`);
  }
  await assertAlive(server);
});

Deno.test("bad input: over MCP it is a tool result with JSON text and no structuredContent", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const [sent] = await events(await post(server.url, call(1, "fetch_history", { chat: NEWS, limit: 5000 })));
  const result = z.strictObject({
    isError: z.literal(true),
    content: z.tuple([z.object({ type: z.literal("text"), text: z.string() })]),
  }).parse(sent?.message?.result);
  const { error } = z.object({
    error: z.object({
      code: z.string(),
      field: z.string(),
      suggest: z.object({ tool: z.string(), arguments: z.unknown() }),
    }),
  }).parse(JSON.parse(result.content[0].text));
  assert.equal(error.code, "INPUT_VALIDATION");
  assert.equal(error.field, "limit");
  const { tool, arguments: args } = error.suggest;
  assert.equal((await server.call(tool, args)).status, 200, "the suggested call works");
});

Deno.test("bad input: a body that is no object of arguments", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const body of ["[]", '"x"', "null", "1", "{", '{"chat":', "\u0000"]) {
    const response = await fetch(`${server.url}/api/tools/fetch_history`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    assert.equal((await response.json()).code, "INPUT_VALIDATION", body);
  }
  assert.equal((await server.call("no_such_tool", {})).status, 404);
  await assertAlive(server);
});

/** The cursor with one bit of its bytes turned. */
function altered(cursor: string, at: number): string {
  const bytes = Buffer.from(cursor, "base64url");
  bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
  return bytes.toString("base64url");
}

Deno.test("cursor: one that is altered anywhere, another tool's, or another query's is refused by name", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const query = { chat: NEWS, from: "2025-03-01T00:00:00Z", type: "photo", limit: 5 };
  const { next_cursor: cursor = "" } = await compact(server, query);
  const list = z.object({ next_cursor: z.string() }).parse(await answer(server, "list_chats", { limit: 1 }));
  const size = Buffer.from(cursor, "base64url").length;
  const bad = [
    ...Array.from({ length: size }, (_, at) => altered(cursor, at)),
    `${cursor}A`,
    `${cursor}=`,
    ` ${cursor}`,
    cursor.slice(0, -1),
    cursor.slice(0, 21),
    list.next_cursor,
  ];
  for (const each of bad) {
    assertRefused(await server.call("fetch_history", { ...query, cursor: each }), {
      code: "INVALID_CURSOR",
      field: "cursor",
    }, each);
  }
  assertRefused(await server.call("list_chats", { cursor }), { code: "INVALID_CURSOR", field: "cursor" }, "list_chats");
  const others = {
    chat: "@sandbox_group",
    from: "2025-03-02T00:00:00Z",
    to: "2025-05-01T00:00:00Z",
    tz: "UTC",
    sender: "me",
    type: "video",
    direction: "oldest_first",
    min_views: 5,
    unread: true,
  };
  for (const [field, value] of Object.entries(others)) {
    const refusal = { code: "INVALID_CURSOR", field, says: new RegExp(`another ${field}`) };
    assertRefused(await server.call("fetch_history", { ...query, [field]: value, cursor }), refusal, field);
  }
  const next = await compact(server, { chat: NEWS, cursor, limit: 5 });
  const same = [
    query,
    { ...query, from: "2025-03-01T01:00:00+01:00", direction: "newest_first" },
    { chat: -1_002_000_000_001, cursor, limit: 5 },
  ];
  for (const each of same) {
    const page = await compact(server, { ...each, cursor });
    assert.deepEqual(page.messages, next.messages, "what agrees may be repeated, also in other words");
  }
});

Deno.test("cursor: it holds after a restart, and not with another server's key", async () => {
  await using sandbox = await startSandbox();
  let [first, second]: [string | undefined, string | undefined] = [undefined, undefined];
  {
    await using server = await startServer(sandbox.environment);
    first = (await compact(server, { chat: NEWS, limit: 5 })).next_cursor;
  }
  {
    await using server = await startServer(sandbox.environment);
    second = (await compact(server, { chat: NEWS, limit: 5, cursor: first })).next_cursor;
    assert.ok(second !== undefined);
  }
  const elsewhere = { ...sandbox.environment, DATA_DIR: `${sandbox.directory}/other` };
  await using other = await startServer(elsewhere);
  const { body } = await other.call("fetch_history", { chat: NEWS, cursor: second });
  assert.equal(body.code, "INVALID_CURSOR");
});

Deno.test("log: its lines hold neither message texts nor the session, whatever goes wrong", async () => {
  const world = createWorld();
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment, { isLogged: true });
  const secret = "a sentence that nobody else may read";
  const { id } = await sandbox.append("734201338", secret);
  await compact(server, { chat: "734201338", limit: 100 });
  await compact(server, { chat: NEWS, limit: 100 });
  await sandbox.faults({
    rules: [{ method: "messages.getHistory", times: 1, error: { code: 400, message: "NO_IDEA" } }],
  });
  await server.call("fetch_history", { chat: "734201338", from: `#${id}` });
  await sandbox.faults({ rules: [{ method: "messages.getHistory", times: 1, close: true }] });
  await server.call("fetch_history", { chat: "734201338", limit: 7 });
  await server.call("fetch_history", { chat: secret });
  await server.call("fetch_history", { chat: NEWS, sender: secret });
  // What is told of the last call comes after its answer.
  await until(() => server.log().split('"message":"call"').length > 5, "all calls are logged");
  const log = server.log();
  assert.ok(!log.includes(secret));
  const texts = [...world.messages("734201338"), ...[...world.messages("-1002000000001")].slice(-100)];
  for (const { text } of texts) if (text.length > 12) assert.ok(!log.includes(text.slice(0, 40)), text);
  const session = await Deno.readTextFile(sandbox.environment.TELEGRAM_STRING_SESSION_FILE ?? "");
  assert.ok(session.length > 300 && !log.includes(session.slice(0, 60)));
});

const WORDS: readonly unknown[] = [
  NEWS,
  "me",
  "-1002000000003",
  734_201_334,
  "-4001",
  "Group",
  "Ann Lee",
  "annlee",
  "2025-03-01T00:00:00Z",
  "2025-03-01",
  "7d",
  "#100",
  "UTC",
  "Europe/Berlin",
  "photo",
  "text",
  "service",
  "newest_first",
  "compact",
  "full",
  true,
  false,
  1,
  5,
  100,
  2000,
  0,
  -1,
  101,
  1.5,
  1e300,
  -0,
  2 ** 53,
  -(2 ** 63),
  null,
  [],
  {},
  [[]],
  { a: 1 },
  "",
  " ",
  "\n",
  "\u0000",
  "\ud800",
  "\u202e",
  "🤷",
  "👨‍👩‍👧‍👦",
  "%",
  "%00",
  "@",
  "@@",
  "@me",
  "#",
  "#-1",
  "##1",
  "+",
  "-",
  "--1",
  "-0",
  "00",
  "0x10",
  "1e5",
  "Infinity",
  "NaN",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "toString",
  "https://",
  "http://[",
  "https://t.me",
  "https://t.me//",
  "https://t.me/%2F",
  "https://t.me/%",
  "t.me/c/-5/1",
  "t.me/c/1/2/3/4",
  "t.me/s",
  "t.me/s/",
  "t.me/+%20",
  "tg:",
  "tg://",
  "tg:resolve",
  "tg://resolve",
  "tg://resolve?domain=",
  "tg://privatepost?channel=x",
  "tg://join?invite=",
  "a.t.me",
  "https://sandbox_news.t.me:99999/",
  "https://user:pw@t.me/sandbox_news",
  "javascript:alert(1)",
  "file:///etc/passwd",
  "' OR 1=1 --",
  "<b>",
  "{}",
  "\\",
  "99999999999h",
  "99999w",
  "0h",
  "9999-12-31T23:59:59-23:59",
  "0000-01-01T00:00:00+23:59",
  "0001-01-01",
  "9999-12-31",
  "2025-03-01T00:00:00.999999999999999999999Z",
  "x".repeat(299),
  "é".repeat(300),
  "𠮷".repeat(150),
  "A".repeat(7999),
  "eyJ0b29sIjoiZmV0Y2hfaGlzdG9yeSJ9",
];

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  fetch_history:
    "chat from to tz sender type direction min_views unread limit cursor fields max_chars topic query __proto__ constructor"
      .split(" "),
  resolve_chat: "chat field limit constructor".split(" "),
  list_chats: "query kind folder unread mentions archived limit cursor chat toString".split(" "),
};

function garbage(random: Random): readonly [string, Record<string, unknown>] {
  const tool = random.pick(Object.keys(ARGUMENTS));
  const names = ARGUMENTS[tool] ?? [];
  const entries = Array.from({ length: random.int(5) }, (): [string, unknown] => [
    random.oneIn(2) ? "chat" : random.pick(names),
    WORDS[random.int(WORDS.length)],
  ]);
  // Half of the calls differ from a good one in one place only, or nothing but the argument check would be reached.
  const good: [string, unknown][] = tool === "list_chats" ? [] : [["chat", random.pick([NEWS, "-4001", "me"])]];
  const texts = WORDS.filter((word) => typeof word === "string");
  if (tool !== "list_chats" && random.oneIn(4)) return [tool, { chat: random.pick(texts) }];
  const one = entries.slice(0, 1).map(([, value]): [string, unknown] => [random.pick(names), value]);
  return [tool, Object.fromEntries(random.oneIn(2) ? [...good, ...one] : entries)];
}

Deno.test("bad input: random garbage is answered in time, never INTERNAL, and the server lives on", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const calls = Number(Deno.env.get("CALLS") ?? 2500);
  const codes = new Map<unknown, number>();
  for (let seed = 0; seed < calls; seed++) {
    const [tool, args] = garbage(createRandom(0xbad, seed));
    const begun = performance.now();
    const { status, body } = await server.call(tool, args);
    const told = `seed ${seed}: ${tool} ${JSON.stringify(args).slice(0, 400)}: ${JSON.stringify(body).slice(0, 400)}`;
    assert.ok(performance.now() - begun < 10_000, told);
    assert.ok(status === 200 || status >= 400 && status < 500, told);
    if (status !== 200) {
      const isTold =
        z.object({ code: z.string(), detail: z.string(), hint: z.string().min(10) }).safeParse(body).success;
      assert.ok(isTold && body.code !== "INTERNAL", told);
    }
    codes.set(body.code ?? "ok", (codes.get(body.code ?? "ok") ?? 0) + 1);
  }
  for (const code of ["ok", "INPUT_VALIDATION", "CHAT_NOT_FOUND", "UNSUPPORTED", "INVALID_CURSOR"]) {
    assert.ok((codes.get(code) ?? 0) >= calls / 200, `${code} is among ${JSON.stringify([...codes])}`);
  }
  await assertAlive(server);
});
