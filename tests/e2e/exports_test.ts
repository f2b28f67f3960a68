/**
 * start_export, get_export, list_exports and cancel_export, over HTTP and MCP.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { createWorld, type World } from "../../sandbox/world/mod.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { exportSchema } from "../../src/mcp/export_view.ts";
import { idsOf as idsOfFile, readExport } from "../cli/exports.ts";
import { piped, urlOf } from "../cli/signed_in.ts";
import { command, until } from "../cli/command.ts";
import { call, events, post } from "../mcp/raw.ts";
import { CODE, PHONE, startSignInSandbox } from "../telegram/signing_in.ts";
import { expected } from "./naive.ts";
import { startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const [GROUP, FORUM, MIGRATED, FORMER] = ["-1002000000003", "-1002000000008", "-1002000000013", "-4002"];
const WORLD = createWorld();

const strictExport = z.strictObject(exportSchema.shape);
type Export = z.infer<typeof strictExport>;
const listSchema = z.strictObject({
  count: z.int(),
  total: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  exports: z.array(z.strictObject({
    id: z.string(),
    state: z.string(),
    chats: z.array(z.looseObject({ id: z.string() })),
    format: z.string(),
    created: z.string(),
    written: z.int(),
    bytes: z.int(),
  })),
});

/** The keys of an answer, whose tail clients may cut. */
const KEYS = Object.keys(exportSchema.shape);

async function asked(server: TestServer, tool: string, args: unknown): Promise<Export> {
  const { status, body } = await server.call(tool, args);
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(Object.keys(body), KEYS.filter((key) => key in body));
  return strictExport.parse(body);
}

const started = (server: TestServer, args: Record<string, unknown>): Promise<Export> =>
  asked(server, "start_export", { wait_seconds: 45, ...args });

function folderOf({ environment }: Pick<TestSandbox, "environment">, { id }: Pick<Export, "id">): string {
  return join(String(environment["DATA_DIR"]), "exports", id);
}

const messagesOf = (sandbox: TestSandbox, one: Export): string => join(folderOf(sandbox, one), "messages.ndjson");

function idsIn(world: World, chat: string): number[] {
  return Array.from(world.messages(chat), ({ id }) => id);
}

/** Links are made anew for every answer. */
function withoutLinks({ files, ...rest }: Export): unknown {
  return { ...rest, files: files?.map(({ url: _, expires: __, ...file }) => file) };
}

Deno.test("start_export: a small one comes back finished, with ends, gaps and files that hold", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const one = await started(server, { chat: "@sandbox_group" });
  const ids = idsIn(WORLD, GROUP);
  assert.deepEqual([one.state, one.complete, one.format], ["completed", true, "ndjson"]);
  assert.deepEqual(one.progress, { written: ids.length, estimated: ids.length });
  assert.deepEqual(one.chats, [{ id: GROUP, kind: "supergroup", title: "Group", username: "sandbox_group" }]);
  assert.deepEqual([one.query, one.poll_after], [{ chats: ["@sandbox_group"] }, undefined]);
  assert.deepEqual([one.first?.id, one.last?.id], [ids[0], ids.at(-1)]);
  const { deleted, ...others } = one.gaps ?? {};
  assert.deepEqual([deleted, others], [(ids.at(-1) ?? 0) - ids.length, { service: 0, filtered: 0, unknown: 0 }]);
  assert.deepEqual(one.files?.map(({ name }) => name), ["messages.ndjson", "manifest.json"]);
  assert.equal(one.files?.[0]?.bytes, (await Deno.stat(messagesOf(sandbox, one))).size);
  assert.deepEqual(await idsOfFile(messagesOf(sandbox, one)), ids);
  assert.deepEqual(withoutLinks(await asked(server, "get_export", { id: one.id })), withoutLinks(one));
  assert.equal((await asked(server, "start_export", { chat: "@sandbox_live", wait_seconds: 0 })).complete, undefined);
});

Deno.test("start_export: a group and the supergroup that it became are one history, in whatever order they are named", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const expected = [...idsIn(WORLD, FORMER), ...idsIn(WORLD, MIGRATED)];
  for (const chats of [[FORMER, MIGRATED], [MIGRATED, FORMER], [MIGRATED]]) {
    const one = await started(server, { chats });
    assert.deepEqual([one.state, one.complete], ["completed", true]);
    assert.deepEqual(await idsOfFile(messagesOf(sandbox, one)), expected);
    const findings = await Array.fromAsync(verifyExport(folderOf(sandbox, one)));
    assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  }
});

Deno.test("start_export: every format has its files, which the manifest lists", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const files = {
    json: ["messages.ndjson", "result.json"],
    csv: ["messages.csv", "messages.ndjson"],
    markdown: ["messages.md", "messages.ndjson"],
    html: ["index.html", "messages.ndjson", "page-0001.html"],
  };
  for (const [format, names] of Object.entries(files)) {
    const one = await started(server, { chat: "@annlee", format });
    assert.deepEqual([one.state, one.files?.map(({ name }) => name)], ["completed", [...names, "manifest.json"]]);
    const findings = await Array.fromAsync(verifyExport(folderOf(sandbox, one)));
    assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  }
});

Deno.test("start_export: filters choose the same messages as fetch_history's do", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const at = (text: string): { readonly at: number } => ({ at: Date.parse(text) / 1000 });
  const [from, to] = ["2024-03-01T00:00:00Z", "2024-09-01T00:00:00Z"];
  const topic = WORLD.chats.get(FORUM)?.topics?.find(({ id }) => id !== 1);
  const writer = Array.from(WORLD.messages(GROUP)).find(({ from }) => from !== undefined && from !== "1000")?.from;
  assert.ok(topic && writer);
  const cases = [
    [{ chat: GROUP, from, to }, { chat: GROUP, from: at(from), to: at(to) }],
    [{ chat: GROUP, from: "#100", to: "#900" }, { chat: GROUP, from: { id: 100 }, to: { id: 900 } }],
    [{ chat: GROUP, sender: writer }, { chat: GROUP, sender: writer }],
    [{ chat: GROUP, type: "photo", from }, { chat: GROUP, type: "photo", from: at(from) }],
    [{ chat: GROUP, type: "service" }, { chat: GROUP, type: "service" }],
    [{ chat: FORUM, topic: topic.title }, { chat: FORUM, topic: topic.id }],
  ] as const;
  for (const [args, query] of cases) {
    const one = await started(server, args);
    const wanted = expected(WORLD, { ...query, oldestFirst: true }).map(({ id }) => id);
    assert.ok(wanted.length > 0, JSON.stringify(args));
    assert.deepEqual(await idsOfFile(messagesOf(sandbox, one)), wanted, JSON.stringify(args));
    const findings = await Array.fromAsync(verifyExport(folderOf(sandbox, one)));
    assert.deepEqual(findings.filter(({ status }) => status === "fail"), []);
  }
});

Deno.test("start_export: several chats and both halves of a migrated one are in one file, named once", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const one = await started(server, { chats: [MIGRATED, "@annlee", 734201334, "me"] });
  assert.deepEqual(one.chats.map(({ id, title }) => [id, title]).slice(1), [
    ["734201334", "Ann Lee"],
    ["1000", "Saved Messages"],
  ]);
  const order = [FORMER, MIGRATED, "734201334", "1000"];
  const found = (await readExport(messagesOf(sandbox, one))).map(({ chat_id, id }) => `${chat_id}/${id}`);
  assert.deepEqual(found, order.flatMap((chat) => idsIn(WORLD, chat).map((id) => `${chat}/${id}`)));
  assert.equal(one.last?.chat !== undefined, true);
});

Deno.test("start_export: nonsense is refused at once, not as a failed job", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const cases: readonly (readonly [args: Record<string, unknown>, code: string, field: string, hint: RegExp])[] = [
    [{}, "INPUT_VALIDATION", "chat", /chats for up to 50/],
    [{ chat: "me", chats: ["me"] }, "INPUT_VALIDATION", "chats", /chat for one/],
    [{ chats: [] }, "INPUT_VALIDATION", "chats", /./],
    [{ chats: Array(51).fill("me") }, "INPUT_VALIDATION", "chats", /./],
    [{ chat: "@no_such_chat_here" }, "CHAT_NOT_FOUND", "chat", /list_chats/],
    [{ chats: ["me", "@no_such_chat_here"] }, "CHAT_NOT_FOUND", "chats", /list_chats/],
    [{ chat: GROUP, from: "yesterday" }, "INPUT_VALIDATION", "from", /7d/],
    [{ chat: GROUP, topic: "general" }, "UNSUPPORTED", "topic", /./],
    [{ chat: GROUP, sender: "Nobody At All" }, "INPUT_VALIDATION", "sender", /./],
    [{ chats: [GROUP, "me"], from: "#5" }, "INPUT_VALIDATION", "from", /one by one/],
    [{ chat: GROUP, format: "xml" }, "INPUT_VALIDATION", "format", /./],
    [{ chat: GROUP, format: "parquet" }, "UNSUPPORTED", "format", /csv/],
    [{ chat: GROUP, delta_of: "x" }, "EXPORT_NOT_FOUND", "delta_of", /list_exports/],
    [{ chat: GROUP, wait_seconds: 46 }, "INPUT_VALIDATION", "wait_seconds", /./],
    [{ chat: GROUP, words: "x" }, "INPUT_VALIDATION", "words", /./],
  ];
  for (const [args, code, field, hint] of cases) {
    const { body } = await server.call("start_export", args);
    assert.deepEqual([body["code"], body["field"]], [code, field], JSON.stringify(body));
    assert.match(String(body["hint"]), hint);
  }
  for (const tool of ["get_export", "cancel_export"]) {
    const { status, body } = await server.call(tool, { id: "../../etc/passwd" });
    assert.deepEqual([status, body["code"]], [404, "EXPORT_NOT_FOUND"]);
  }
  assert.deepEqual((await server.call("list_exports", {})).body, { count: 0, total: 0, has_more: false, exports: [] });
});

Deno.test("get_export: while it runs it tells how far it is, how long it takes and when to ask again", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await sandbox.faults({ latencyMs: 30 });
  const args = { chat: "@sandbox_archive", wait_seconds: 0 };
  const { id, state, poll_after } = await asked(server, "start_export", args);
  assert.deepEqual([["queued", "running"].includes(state), (poll_after ?? 0) >= 2], [true, true]);
  let one = await asked(server, "get_export", { id });
  await until(async () => {
    one = await asked(server, "get_export", { id });
    return one.progress.eta_seconds !== undefined;
  }, "it can tell how long it takes");
  const { written, estimated, rate = 0, eta_seconds: eta = 0 } = one.progress;
  assert.equal(estimated, 100_001);
  assert.ok(written > 0 && rate > 10 && Math.abs(eta - (100_001 - written) / rate) < eta / 10 + 2, JSON.stringify(one));
  const again = await asked(server, "start_export", { ...args, chat: "-1002000000002" });
  assert.equal(again.id, id);
  assert.match(again.notes?.[0] ?? "", /equal export was unfinished/);
  assert.notEqual((await asked(server, "start_export", { ...args, format: "csv" })).id, id);
});

Deno.test("get_export: a flood is waiting with its end, and a note that nothing need be done", async () => {
  await using sandbox = await startSandbox();
  const error = { code: 420, message: "FLOOD_WAIT_120" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 10, error }] });
  await using server = await startServer(sandbox.environment);
  const { id } = await asked(server, "start_export", { chat: GROUP, wait_seconds: 0 });
  let one = await asked(server, "get_export", { id });
  await until(async () => {
    one = await asked(server, "get_export", { id });
    return one.state === "waiting";
  }, "it waits");
  assert.equal(one.waiting?.reason, "flood");
  const left = (Date.parse(one.waiting?.until ?? "") - Date.now()) / 1000;
  assert.ok(left > 110 && left <= 120);
  assert.ok(Math.abs((one.poll_after ?? 0) - left) < 3);
  assert.match(one.notes?.[0] ?? "", /goes on by itself/);
  const { body } = await server.call("list_exports", { state: "waiting" });
  assert.equal(listSchema.parse(body).exports[0]?.id, id);
  const cancelled = await asked(server, "cancel_export", { id });
  assert.deepEqual([cancelled.state, cancelled.complete, cancelled.waiting], ["cancelled", false, undefined]);
});

Deno.test("cancel_export: what was written stays, and a finished one is unchanged, with a note", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await sandbox.faults({ latencyMs: 30 });
  const { id } = await asked(server, "start_export", { chat: "@sandbox_archive", format: "csv", wait_seconds: 0 });
  await until(async () => (await asked(server, "get_export", { id })).progress.written > 0, "something is written");
  const one = await asked(server, "cancel_export", { id });
  assert.deepEqual([one.state, one.complete], ["cancelled", false]);
  assert.deepEqual(one.files?.map(({ name }) => name), ["messages.ndjson", "manifest.json"]);
  assert.equal((await idsOfFile(messagesOf(sandbox, one))).length, one.progress.written);
  const again = await asked(server, "cancel_export", { id });
  assert.match(again.notes?.[0] ?? "", /cancelled already/);
  assert.deepEqual(withoutLinks({ ...again, notes: one.notes }), withoutLinks(one));
});

Deno.test("list_exports: newest first, page by page, by state; a cursor keeps its state", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const ids: string[] = [];
  for (const chat of ["me", "@annlee", "@sandbox_live"]) ids.unshift((await started(server, { chat })).id);
  const first = listSchema.parse((await server.call("list_exports", { limit: 2, state: "completed" })).body);
  assert.deepEqual([first.count, first.total, first.has_more], [2, 3, true]);
  const cursor = first.next_cursor;
  const rest = listSchema.parse((await server.call("list_exports", { limit: 2, cursor })).body);
  assert.deepEqual([rest.count, rest.has_more, rest.next_cursor], [1, false, undefined]);
  assert.deepEqual([...first.exports, ...rest.exports].map(({ id }) => id), ids);
  const live = first.exports[0];
  assert.deepEqual([live?.written, live?.chats[0]?.id, live?.format], [12, "-1002000000017", "ndjson"]);
  assert.equal(live?.bytes, (await asked(server, "get_export", { id: live?.id ?? "" })).files?.[0]?.bytes);
  const other = await server.call("list_exports", { cursor, state: "failed" });
  assert.deepEqual([other.status, other.body["code"]], [400, "INVALID_CURSOR"]);
});

Deno.test("start_export over MCP: whoever waits is told of progress, and the result is the export", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await sandbox.faults({ latencyMs: 400 });
  const request = call(7, "start_export", { chat: GROUP, wait_seconds: 45 });
  const params = { ...Object(request["params"]), _meta: { progressToken: "p" } };
  const sent = (await events(await post(server.url, { ...request, params }))).map(({ message }) => message);
  const told = sent.filter((each) => each?.method === "notifications/progress").map((each) => each?.params);
  assert.ok(told.some((each) => Number(each?.["progress"]) > 0 && each?.["total"] === 5000), JSON.stringify(told));
  assert.match(String(told.at(-1)?.["message"]), /messages$/);
  const { structuredContent } = z.looseObject({ structuredContent: strictExport }).parse(sent.at(-1)?.result);
  assert.deepEqual([structuredContent.state, structuredContent.complete], ["completed", true]);
});

Deno.test("exports: a server that is stopped goes on with them when it starts again", async () => {
  await using sandbox = await startSandbox();
  await sandbox.faults({ latencyMs: 400 });
  let id: string;
  {
    await using server = await startServer(sandbox.environment);
    ({ id } = await asked(server, "start_export", { chat: GROUP, wait_seconds: 0 }));
    await until(async () => (await asked(server, "get_export", { id })).progress.written > 0, "something is written");
  }
  await sandbox.clearFaults();
  await using server = await startServer(sandbox.environment);
  const one = await asked(server, "get_export", { id, wait_seconds: 45 });
  assert.deepEqual([one.state, one.complete], ["completed", true]);
  assert.deepEqual(await idsOfFile(messagesOf(sandbox, one)), idsIn(WORLD, GROUP));
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, /telegram_exports_total\{format="ndjson",status="completed"\} 1/);
  assert.match(metrics, /telegram_export_size_bytes_count\{format="ndjson"\} 1/);
});

Deno.test("exports: a session that is ended amid one makes it wait for a login, and it goes on with the new one", async () => {
  await using sandbox = await startSignInSandbox();
  const environment = sandbox.environment();
  const login = (): ReturnType<typeof piped> => piped(["login", "--phone", PHONE], CODE, environment);
  assert.equal((await login()).code, 0);
  await using server = command(["serve"], { ...environment, MCP_SERVER_PORT: "0" });
  const url = await urlOf(server);
  const ask = async (tool: string, args: unknown): Promise<Export> => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(args) };
    return strictExport.parse(await (await fetch(`${url}/api/tools/${tool}`, init)).json());
  };
  await sandbox.faults({ latencyMs: 400 });
  const { id } = await ask("start_export", { chat: GROUP, wait_seconds: 0 });
  await until(async () => (await ask("get_export", { id })).progress.written > 0, "something is written");
  await sandbox.revoke("SESSION_REVOKED");
  let one = await ask("get_export", { id });
  await until(async () => (one = await ask("get_export", { id })).state === "waiting", "it waits");
  assert.equal(one.waiting?.reason, "login");
  assert.match(one.notes?.[0] ?? "", /log in/);
  const ran = await login();
  assert.equal(ran.code, 0, ran.err);
  await sandbox.faults();
  one = await ask("get_export", { id, wait_seconds: 45 });
  assert.deepEqual([one.state, one.complete], ["completed", true]);
  assert.deepEqual(await idsOfFile(join(folderOf({ environment }, one), "messages.ndjson")), idsIn(WORLD, GROUP));
});

Deno.test("start_export is suggested where pages are not enough, with the same filters", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const history = (args: Record<string, unknown>): ReturnType<TestServer["call"]> => server.call("fetch_history", args);
  const much = { chat: "@sandbox_group", limit: 5000, from: "2024-01-01T00:00:00Z", type: "photo", max_chars: 9000 };
  const wanted = { chat: "@sandbox_group", from: "2024-01-01T00:00:00Z", type: "photo" };
  assert.deepEqual((await history(much)).body["suggest"], { tool: "start_export", arguments: wanted });
  const viewed = { chat: "@sandbox_news", limit: 100, min_views: 5 };
  assert.deepEqual((await history({ ...viewed, limit: 5000 })).body["suggest"], {
    tool: "fetch_history",
    arguments: viewed,
  });
  const { body: page } = await history({ chat: "@sandbox_group", limit: 2 });
  assert.match(JSON.stringify(page["notes"]), /5000 messages match; for all of them start_export/);
  const words = await server.call("search_messages", { chat: "@sandbox_group", query: "parser", limit: 2 });
  assert.doesNotMatch(JSON.stringify(words.body), /start_export/);
  const error = { code: 420, message: "FLOOD_WAIT_100" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", error }] });
  const { body } = await history({ chat: "@sandbox_group", to: "#90" });
  assert.deepEqual([body["code"], body["suggest"]], ["FLOOD_WAIT", {
    tool: "start_export",
    arguments: { chat: GROUP, to: "#90" },
  }]);
});
