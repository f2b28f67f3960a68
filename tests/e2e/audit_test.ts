/**
 * The audit trail of the product itself: one record a call, whatever the surface, and nothing of what was said.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { createWorld, type World } from "../../sandbox/world/mod.ts";
import { createKeyStore } from "../../src/auth/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { until } from "../cli/command.ts";
import { call, events, post } from "../mcp/raw.ts";
import { startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const NEWS = "-1002000000001";
const GROUP = "-1002000000003";
const FORUM = "-1002000000008";
const JOURNAL = "-1002000000011";
const JOURNAL_TALK = "-1002000000012";
const OLD_TOWN = "-1002000000013";
const OLD_TOWN_BEFORE = "-4002";
const TEA_ROOM = "-4001";
const ANN = "734201334";
const SELF = "1000";

type Args = Record<string, unknown>;

const recordSchema = z.strictObject({
  time: z.iso.datetime(),
  principal: z.string(),
  name: z.string().optional(),
  tool: z.string(),
  chats: z.array(z.string()),
  messages: z.int().optional(),
  outcome: z.string(),
  ms: z.int().min(0),
  request_id: z.string().optional(),
  client_ip: z.string().optional(),
});
type Record_ = z.infer<typeof recordSchema>;

/** What the trail says, but that it was read. */
async function trail({ url }: TestServer, query = "limit=1000"): Promise<Record_[]> {
  const response = await fetch(`${url}/api/audit?${query}`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text.split("\n").filter((line) => line !== "").map((line) => recordSchema.parse(JSON.parse(line)))
    .filter(({ tool }) => tool !== "audit");
}

/** The records of what is done. */
async function recordsOf(server: TestServer, work: () => Promise<unknown>): Promise<Record_[]> {
  const before = await trail(server);
  await work();
  return (await trail(server)).slice(before.length);
}

/** What is asked, and what its record must say. */
interface Case {
  readonly tool: string;
  readonly args: Args;
  readonly chats: readonly string[];
  readonly messages?: number;
  readonly outcome?: string;
}

const CASES: readonly Case[] = [
  { tool: "resolve_chat", args: { chat: "@sandbox_news" }, chats: [NEWS] },
  { tool: "resolve_chat", args: { chat: "me" }, chats: [SELF] },
  { tool: "resolve_chat", args: { chat: TEA_ROOM }, chats: [TEA_ROOM] },
  { tool: "resolve_chat", args: { chat: ANN }, chats: [ANN] },
  { tool: "list_chats", args: { query: "harbour" }, chats: [] },
  { tool: "list_topics", args: { chat: FORUM }, chats: [FORUM] },
  { tool: "fetch_history", args: { chat: "@sandbox_news", limit: 5 }, chats: [NEWS], messages: 5 },
  { tool: "fetch_history", args: { chat: GROUP, sender: "me", limit: 4 }, chats: [GROUP], messages: 4 },
  { tool: "fetch_history", args: { chat: "me", limit: 3 }, chats: [SELF], messages: 3 },
  { tool: "fetch_history", args: { chat: ANN, limit: 2, fields: "full" }, chats: [ANN], messages: 2 },
  {
    tool: "fetch_history",
    args: { chat: OLD_TOWN, limit: 5, direction: "oldest_first" },
    chats: [OLD_TOWN, OLD_TOWN_BEFORE],
    messages: 5,
  },
  { tool: "search_messages", args: { chat: "@sandbox_news", query: "harbour", limit: 1 }, chats: [NEWS], messages: 1 },
  { tool: "get_messages", args: { messages: ["https://t.me/sandbox_news/812"] }, chats: [NEWS], messages: 1 },
  { tool: "get_messages", args: { messages: [2_000_000_000], chat: ANN }, chats: [ANN], outcome: "MESSAGE_NOT_FOUND" },
  {
    tool: "get_messages",
    args: { messages: ["https://t.me/c/2000000011/7"], thread: true, limit: 1 },
    chats: [JOURNAL, JOURNAL_TALK],
    messages: 1,
  },
  { tool: "chat_stats", args: { chat: JOURNAL, group_by: "sender" }, chats: [JOURNAL] },
  { tool: "chat_stats", args: { chat: JOURNAL, top: "views", limit: 3 }, chats: [JOURNAL], messages: 3 },
  { tool: "get_media", args: { message: "https://t.me/sandbox_news/812" }, chats: [NEWS], outcome: "UNSUPPORTED" },
  { tool: "list_exports", args: {}, chats: [] },
  { tool: "get_export", args: { id: "a".repeat(26) }, chats: [], outcome: "EXPORT_NOT_FOUND" },
  { tool: "cancel_export", args: { id: "a".repeat(26) }, chats: [], outcome: "EXPORT_NOT_FOUND" },
  { tool: "fetch_history", args: { chat: "@no_such_chat_here" }, chats: [], outcome: "CHAT_NOT_FOUND" },
  { tool: "fetch_history", args: { chat: "-100999" }, chats: [], outcome: "CHAT_NOT_FOUND" },
  { tool: "fetch_history", args: { chat: NEWS, limit: 0 }, chats: [], outcome: "INPUT_VALIDATION" },
  { tool: "fetch_history", args: { chat: NEWS, cursor: "abc" }, chats: [], outcome: "INVALID_CURSOR" },
  { tool: "send_message", args: { chat: NEWS, text: "hello" }, chats: [], outcome: "NOT_FOUND" },
  { tool: "Harbour news, today!", args: {}, chats: [], outcome: "NOT_FOUND" },
];

/** The file of a message. */
async function withFile(sandbox: TestSandbox, chat: string): Promise<number> {
  const file = { kind: "document", id: "5200000000000000001", mime: "text/plain", size: 9000, name: "a.txt" } as const;
  return (await sandbox.append(chat, "a caption that nobody else has", file)).id;
}

const SURFACES = {
  "plain HTTP": (server: TestServer, tool: string, args: Args): Promise<unknown> =>
    server.call(encodeURIComponent(tool), args),
  MCP: async ({ url }: TestServer, tool: string, args: Args): Promise<unknown> =>
    await events(await post(url, call(1, tool, args))),
} as const;

for (const [surface, ask] of Object.entries(SURFACES)) {
  Deno.test(`audit, ${surface}: every call leaves one record with its chats, its messages and its outcome`, async () => {
    await using sandbox = await startSandbox();
    await using server = await startServer(sandbox.environment);
    for (const { tool, args, chats, messages, outcome = "ok" } of CASES) {
      const records = await recordsOf(server, () => ask(server, tool, args));
      const what = `${tool} ${JSON.stringify(args)}: ${JSON.stringify(records)}`;
      assert.equal(records.length, 1, what);
      const [record] = records;
      assert.equal(record?.tool, outcome === "NOT_FOUND" ? "?" : tool, what);
      assert.deepEqual([...record?.chats ?? []].sort(), [...chats].sort(), what);
      assert.equal(record?.messages, messages, what);
      assert.equal(record?.outcome, outcome, what);
      assert.equal(record?.principal, "local", what);
      assert.equal(record?.client_ip, "127.0.0.1", what);
      assert.match(record?.request_id ?? "", /^[\w-]{8,}$/, what);
    }
    // A search of everything has touched the chats that Telegram found something in.
    const [found] = await recordsOf(server, () => ask(server, "search_messages", { query: "harbour", limit: 20 }));
    const { body } = await server.call("search_messages", { query: "harbour", limit: 20, fields: "full" });
    const page = z.object({ messages: z.array(z.looseObject({ chat_id: z.string() })) }).parse(body);
    const shown = new Set(page.messages.map(({ chat_id }) => chat_id));
    assert.ok(shown.size > 1);
    assert.deepEqual([...shown].filter((id) => !found?.chats.includes(id)), []);
    assert.equal(found?.messages, page.messages.length);
    // The file of a message, as a link, and then by it.
    const message = await withFile(sandbox, NEWS);
    for (const variant of ["original", "preview"]) {
      const [media] = await recordsOf(server, () => ask(server, "get_media", { chat: NEWS, message, variant }));
      assert.deepEqual(media?.chats, [NEWS]);
      assert.equal(media?.messages, variant === "original" ? 1 : undefined);
      assert.equal(media?.outcome, variant === "original" ? "ok" : "UNSUPPORTED");
    }
  });
}

Deno.test("audit: the record of a request has the id and the address that its answer and the log have", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer({ ...sandbox.environment, TRUSTED_PROXIES: "127.0.0.1" });
  const headers = { "content-type": "application/json", "x-forwarded-for": "203.0.113.7" };
  const responses = [
    await fetch(`${server.url}/api/tools/list_chats`, { method: "POST", headers, body: "{}" }),
    await post(server.url, call(1, "list_chats", {}), headers),
    await post(server.url, { jsonrpc: "2.0", id: 1, method: "resources/list" }, headers),
  ];
  for (const response of responses) await response.text();
  const records = await trail(server);
  assert.deepEqual(records.map(({ tool }) => tool), ["list_chats", "list_chats", "resources/list"]);
  assert.deepEqual(
    records.map(({ request_id }) => request_id),
    responses.map((response) => response.headers.get("x-request-id")),
  );
  assert.deepEqual(records.map(({ client_ip }) => client_ip), Array(3).fill("203.0.113.7"));
});

Deno.test("audit: each call of a batch is a record, what is malformed too, and lists of tools are none", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const malformed = { jsonrpc: "2.0", id: 4, method: "tools/call", params: { name: 7 } };
  const list = { jsonrpc: "2.0", id: 5, method: "tools/list" };
  const records = await recordsOf(server, async () => {
    const [news, group] = [{ chat: NEWS, limit: 2 }, { chat: GROUP, limit: 1 }];
    const batch = [call(1, "fetch_history", news), call(2, "fetch_history", group), call(3, "nope"), malformed, list];
    await (await post(server.url, batch)).text();
    await (await fetch(`${server.url}/api/tools`)).text();
    const broken = { method: "POST", headers: { "content-type": "application/json" }, body: "{" };
    await (await fetch(`${server.url}/api/tools/fetch_history`, broken)).text();
  });
  assert.deepEqual(
    records.map(({ tool, chats, messages, outcome }) => [tool, chats, messages, outcome].flat().join(" ")).sort(),
    [
      "?  INPUT_VALIDATION",
      "fetch_history  INPUT_VALIDATION",
      `fetch_history ${GROUP} 1 ok`,
      `fetch_history ${NEWS} 2 ok`,
      "?  NOT_FOUND",
    ].sort(),
  );
});

for (const surface of ["plain HTTP", "MCP"] as const) {
  Deno.test(`audit, ${surface}: a call that its client gives up is one record, CANCELLED, with the chat that was asked for`, async () => {
    await using sandbox = await startSandbox();
    await using server = await startServer(sandbox.environment);
    await server.call("resolve_chat", { chat: NEWS });
    await sandbox.forgetMethods();
    await sandbox.faults({ rules: [{ method: "messages.GetHistory", delayMs: 60_000 }] });
    const before = await trail(server);
    const end = new AbortController();
    const args = { chat: NEWS, limit: 5 };
    const asked = surface === "MCP"
      ? post(server.url, call(1, "fetch_history", args), {}, end.signal).then((response) => response.text())
      : fetch(`${server.url}/api/tools/fetch_history`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(args),
        signal: end.signal,
      }).then((response) => response.text());
    const ended = asked.catch(() => {});
    await until(async () => "messages.GetHistory" in await sandbox.methods(), "the history is asked for");
    end.abort();
    await ended;
    await until(async () => (await trail(server)).length > before.length, "there is a record");
    const records = (await trail(server)).slice(before.length);
    assert.deepEqual(records.map(({ tool, chats, messages, outcome }) => ({ tool, chats, messages, outcome })), [
      { tool: "fetch_history", chats: [NEWS], messages: undefined, outcome: "CANCELLED" },
    ]);
    await sandbox.clearFaults();
  });
}

const exportSchema = z.object({
  id: z.string(),
  files: z.array(z.object({ name: z.string(), url: z.url(), uri: z.string().optional() })),
});

Deno.test("audit: exports leave a record of their end, downloads and resources one for each", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const { status, body } = await server.call("start_export", { chats: [JOURNAL, OLD_TOWN], wait_seconds: 45 });
  assert.equal(status, 200, JSON.stringify(body));
  const { id, files } = exportSchema.parse(body);
  const made = await trail(server);
  assert.deepEqual(made.map(({ tool }) => tool), ["export", "start_export"]);
  const [job, start] = made;
  assert.deepEqual([...job?.chats ?? []].sort(), [JOURNAL, OLD_TOWN, OLD_TOWN_BEFORE].sort());
  assert.equal(job?.outcome, "ok");
  assert.equal(job?.principal, "local");
  assert.equal(job?.messages, z.object({ progress: z.object({ written: z.int() }) }).parse(body).progress.written);
  assert.deepEqual([...start?.chats ?? []].sort(), [JOURNAL, OLD_TOWN].sort());

  const messages = files.find(({ name }) => name === "messages.ndjson");
  assert.ok(messages !== undefined);
  const link = new URL(messages.url);
  const records = await recordsOf(server, async () => {
    const get = async (path: string): Promise<void> => void await (await fetch(`${server.url}${path}`)).text();
    await get(`${link.pathname}${link.search}`);
    await get(link.pathname);
    await get(`/exports/${id}/nothing.txt`);
    const ask = async (method: string, params: Args): Promise<void> =>
      void await (await post(server.url, { jsonrpc: "2.0", id: 1, method, params })).text();
    await ask("resources/list", {});
    await ask("resources/list", { cursor: 7 });
    await ask("resources/read", { uri: `export://${id}/messages.ndjson?limit=100` });
    await ask("resources/read", { uri: `export://${id}/nothing` });
    await ask("resources/templates/list", {});
  });
  const chats = [JOURNAL, OLD_TOWN, OLD_TOWN_BEFORE].sort().join();
  assert.deepEqual(records.map((each) => [each.tool, [...each.chats].sort().join(), each.outcome].join(" ")), [
    `download link ${chats} ok`,
    `download ${chats} ok`,
    "download  NOT_FOUND",
    "resources/list  ok",
    "resources/list  INPUT_VALIDATION",
    `resources/read ${chats} ok`,
    "resources/read  NOT_FOUND",
  ]);
  link.searchParams.set("signature", "AAAA");
  assert.deepEqual(
    await recordsOf(server, async () => void await (await fetch(link)).text()).then((all) =>
      all.map(({ tool, outcome }) => [tool, outcome])
    ),
    [["download link", "ACCESS_DENIED"]],
  );
});

Deno.test("audit: an export that is cancelled is a record, CANCELLED", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await sandbox.faults({ rules: [{ method: "messages.GetHistory", after: 2, delayMs: 60_000 }] });
  const { body } = await server.call("start_export", { chat: NEWS, wait_seconds: 0 });
  await server.call("cancel_export", { id: body.id });
  await until(async () => (await trail(server, "tool=export")).length > 0, "the export has its record");
  const [record, ...more] = await trail(server, "tool=export");
  assert.deepEqual(more, []);
  assert.equal(record?.outcome, "CANCELLED");
  await sandbox.clearFaults();
});

Deno.test("audit: the download of a message's file is a record when its body has ended, whole or not", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const small = await withFile(sandbox, NEWS);
  const { id: large } = await sandbox.append(NEWS, "large", {
    kind: "document",
    id: "5200000000000000005",
    mime: "text/plain",
    size: 64 * 1024 * 1024,
  });
  const urlOf = async (message: number): Promise<string> =>
    z.string().parse((await server.call("get_media", { chat: NEWS, message, variant: "original" })).body.url);
  const [first, second] = [await urlOf(small), await urlOf(large)];
  const whole = await recordsOf(server, async () => void await (await fetch(first)).arrayBuffer());
  assert.deepEqual(whole.map(({ tool, chats, outcome }) => [tool, ...chats, outcome]), [["media link", NEWS, "ok"]]);
  const before = await trail(server);
  const response = await fetch(second);
  await response.body?.cancel();
  await until(async () => (await trail(server)).length > before.length, "the download has its record");
  const [left] = (await trail(server)).slice(before.length);
  assert.deepEqual([left?.tool, left?.chats, left?.outcome], ["media link", [NEWS], "CANCELLED"]);
  const head = await recordsOf(server, async () => void await (await fetch(first, { method: "HEAD" })).text());
  assert.deepEqual(head.map(({ tool, outcome }) => [tool, outcome]), [["media link", "ok"]]);
});

/** Texts of the world that would be recognised: words that also stand in records are too short to be among them. */
function textsOf(world: World): Set<string> {
  const texts = new Set<string>();
  const add = (text: string | null | undefined): void => {
    if (text && text.length > 3) texts.add(text);
  };
  for (const [id, chat] of world.chats) {
    add(chat.title);
    add(chat.username);
    for (const { text } of world.messages(id)) add(text);
  }
  for (const { firstName, lastName, username } of world.users.values()) {
    [firstName, lastName, username].forEach((name) => add(name));
  }
  return texts;
}

Deno.test("audit: nothing of what was asked or answered is in the table", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const queries = ["a query like no other", "https://t.me/sandbox_news/812", "from_argument_of_mine"];
  for (const ask of Object.values(SURFACES)) {
    for (const { tool, args } of CASES) await ask(server, tool, args);
    await ask(server, "search_messages", { query: queries[0], limit: 5 });
    await ask(server, "search_messages", { query: "harbour", limit: 5 });
    await ask(server, "fetch_history", { chat: NEWS, from: queries[2] });
    await ask(server, "list_chats", { query: queries[0] });
    await ask(server, queries[0] ?? "", {});
    await ask(server, "start_export", { chat: "@sandbox_journal", wait_seconds: 45 });
  }
  await trail(server);
  using db = openDataDirectory(sandbox.environment.DATA_DIR ?? "");
  const rows = db.prepare("SELECT * FROM audit").all();
  assert.ok(rows.length > 2 * CASES.length);
  const dump = JSON.stringify(rows);
  const texts = textsOf(createWorld());
  assert.ok(texts.size > 1000);
  assert.deepEqual([...texts, ...queries, "harbour", "Harbour", "hello"].filter((text) => dump.includes(text)), []);
});

Deno.test("audit: a record names the key that asked, as it was called then; attempts beyond its scopes are records, too", async () => {
  await using sandbox = await startSandbox();
  const { environment } = sandbox;
  using db = openDataDirectory(environment.DATA_DIR ?? "");
  const keys = createKeyStore(db, LOCAL_PRINCIPAL.accountId);
  const desk = keys.create({ name: "desk", scopes: ["read"] });
  const owner = keys.create({ name: "owner", scopes: ["admin"] });
  await using server = await startServer({ ...environment, MCP_AUTH: "keys" });
  const by = (secret: string): Record<string, string> => ({
    "content-type": "application/json",
    authorization: `Bearer ${secret}`,
  });
  const ask = async (tool: string, args: Args): Promise<void> => {
    const headers = by(desk.secret);
    const init = { method: "POST", headers, body: JSON.stringify(args) };
    await (await fetch(`${server.url}/api/tools/${tool}`, init)).text();
    await events(await post(server.url, call(1, tool, args), headers));
  };
  await ask("fetch_history", { chat: NEWS, limit: 2 });
  await ask("start_export", { chat: NEWS });
  await (await fetch(`${server.url}/exports/abc/def`, { headers: by(desk.secret) })).text();
  const told = async (query = ""): Promise<string[]> => {
    const response = await fetch(`${server.url}/api/audit?${query}`, { headers: by(owner.secret) });
    return (await response.text()).trim().split("\n").filter((line) => !/^$|"tool":"audit"/.test(line)).map((line) => {
      const { principal, name, tool, chats, outcome } = recordSchema.parse(JSON.parse(line));
      assert.equal(principal, desk.key.id);
      return [name, tool, ...chats, outcome].join(" ");
    });
  };
  const attempts = [
    ...Array<string>(2).fill(`desk fetch_history ${NEWS} ok`),
    ...Array<string>(2).fill("desk start_export ACCESS_DENIED"),
    "desk download ACCESS_DENIED",
  ];
  assert.deepEqual(await told(), attempts);
  assert.deepEqual(await told("principal=desk"), attempts);
  assert.deepEqual(await told(`principal=${desk.key.id}&tool=download`), attempts.slice(-1));
  assert.deepEqual(await told("principal=owner"), []);
  const refused = await fetch(`${server.url}/api/audit`, { headers: by(desk.secret) });
  await refused.body?.cancel();
  assert.equal(refused.status, 403);
});

Deno.test("audit: downloads that end with their key are CANCELLED", async () => {
  await using sandbox = await startSandbox();
  const { environment } = sandbox;
  using db = openDataDirectory(environment.DATA_DIR ?? "");
  const keys = createKeyStore(db, LOCAL_PRINCIPAL.accountId);
  const { key, secret } = keys.create({ name: "desk", scopes: ["read", "export"] });
  const owner = keys.create({ name: "owner", scopes: ["admin"] });
  await using server = await startServer({ ...environment, MCP_AUTH: "keys" });
  const ask = async (tool: string, args: Args): Promise<unknown> => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
    const init = { method: "POST", headers, body: JSON.stringify(args) };
    return await (await fetch(`${server.url}/api/tools/${tool}`, init)).json();
  };
  const file = { kind: "document", id: "5200000000000000005", mime: "text/plain", size: 24 * 1024 * 1024 } as const;
  const { id: message } = await sandbox.append(JOURNAL, "large", file);
  const media = z.object({ url: z.url() }).parse(
    await ask("get_media", { chat: JOURNAL, message, variant: "original" }),
  );
  const job = exportSchema.parse(
    await ask("start_export", {
      chat: JOURNAL,
      from: `#${message}`,
      download_media: true,
      wait_seconds: 45,
    }),
  );
  const list = await (await fetch(job.files.find(({ name }) => name === "media.ndjson")?.url ?? "")).text();
  const copy = `${server.url}/exports/${job.id}/${/media\/\w{32}[^"]*/.exec(list)?.[0]}`;
  const headers = { authorization: `Bearer ${secret}` };
  const responses = [await fetch(media.url), await fetch(copy, { headers })];
  assert.deepEqual(responses.map(({ status }) => status), [200, 200]);
  keys.revoke(key.id);
  for (const { body } of responses) await assert.rejects(async () => await Array.fromAsync(body ?? []));
  const told = async (tool: string): Promise<string> =>
    await (await fetch(`${server.url}/api/audit?tool=${tool}`, {
      headers: { authorization: `Bearer ${owner.secret}` },
    }))
      .text();
  for (const tool of ["media link", "download"]) {
    await until(async () => /"outcome":"CANCELLED"[^\n]*\}\n$/.test(await told(tool)), `${tool} has its record`);
  }
});

Deno.test("audit: the export that ends with its key is recorded in the name that the key had", async () => {
  await using sandbox = await startSandbox();
  const { environment } = sandbox;
  using db = openDataDirectory(environment.DATA_DIR ?? "");
  const keys = createKeyStore(db, LOCAL_PRINCIPAL.accountId);
  const { key, secret } = keys.create({ name: "desk", scopes: ["read", "export"] });
  // A name is no id: what is the owner's own is not this key's.
  keys.create({ name: "local", scopes: ["read"] });
  const owner = keys.create({ name: "owner", scopes: ["admin"] });
  await using server = await startServer({ ...environment, MCP_AUTH: "keys" });
  await sandbox.faults({ rules: [{ method: "messages.GetHistory", after: 2, delayMs: 60_000 }] });
  const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
  const body = JSON.stringify({ chat: NEWS, wait_seconds: 0 });
  await (await fetch(`${server.url}/api/tools/start_export`, { method: "POST", headers, body })).text();
  keys.revoke(key.id);
  const told = async (): Promise<string> => {
    const answer = await fetch(`${server.url}/api/audit?tool=export`, {
      headers: { authorization: `Bearer ${owner.secret}` },
    });
    return (await answer.text()).trim();
  };
  await until(async () => await told() !== "", "the export has its record");
  const { principal, name, outcome } = recordSchema.parse(JSON.parse(await told()));
  assert.deepEqual([principal, name, outcome], [key.id, "desk", "CANCELLED"]);
  await sandbox.clearFaults();
});

Deno.test("GET /api/audit: only what its parameters allow; others are refused by name", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await server.call("list_chats", {});
  await server.call("list_exports", {});
  await server.call("list_chats", { limit: 0 });
  const told = async (query: string): Promise<string[]> => (await trail(server, query)).map(({ tool }) => tool);
  assert.deepEqual(await told(""), ["list_chats", "list_exports", "list_chats"]);
  assert.deepEqual(await told("limit=1&tool=list_exports"), ["list_exports"]);
  assert.deepEqual(await told("tool=list_exports&principal=local&since=1h"), ["list_exports"]);
  assert.deepEqual(await told("principal=nobody"), []);
  assert.deepEqual(await told("since=2999-01-01T00:00:00Z"), []);
  for (const query of ["limit=0", "limit=1001", "limit=x", "since=soon", "key=local", "limit=1&limit=2"]) {
    const response = await fetch(`${server.url}/api/audit?${query}`);
    const problem = z.object({ code: z.string(), field: z.string() }).parse(await response.json());
    assert.equal(response.status, 400, query);
    assert.deepEqual(problem, { code: "INPUT_VALIDATION", field: query.split("=")[0] });
  }
});

Deno.test("GET /api/audit: needs the scope admin, and somebody without a key leaves no record", async () => {
  await using sandbox = await startSandbox();
  const key = "k".repeat(40);
  await using server = await startServer({ ...sandbox.environment, MCP_AUTH: "keys", MCP_API_KEY: key });
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, { headers });
  const statuses = [
    await ask("/api/audit"),
    await ask("/api/audit", { authorization: `Bearer ${key}` }),
    await ask("/exports/abc/def"),
    await ask("/media/abc"),
  ];
  for (const response of statuses) await response.body?.cancel();
  assert.deepEqual(statuses.map(({ status }) => status), [401, 403, 401, 404]);
  await using reader = await startServer({ ...sandbox.environment, DATA_DIR: `${sandbox.directory}/other` });
  assert.deepEqual(await trail(reader), []);
  using db = openDataDirectory(sandbox.environment.DATA_DIR ?? "");
  assert.equal(db.prepare("SELECT count(*) AS n FROM audit").get()?.n, 0);
});
