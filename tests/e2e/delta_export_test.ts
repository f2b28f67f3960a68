/**
 * start_export with delta_of, as its callers see it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { createWorld } from "../../sandbox/world/mod.ts";
import { readExportFolder } from "../../src/exports/files.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { exportSchema } from "../../src/mcp/export_view.ts";
import { until } from "../cli/command.ts";
import { recordsOf } from "../exports/deltas.ts";
import { startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const [GROUP, FORUM, ANN] = ["-1002000000003", "-1002000000008", "734201334"];
const WORLD = createWorld();
const strictExport = z.strictObject(exportSchema.shape);
type Export = z.infer<typeof strictExport>;

async function started(server: TestServer, args: Record<string, unknown>): Promise<Export> {
  const { status, body } = await server.call("start_export", { wait_seconds: 45, ...args });
  assert.equal(status, 200, JSON.stringify(body));
  return strictExport.parse(body);
}

const folderOf = ({ environment }: TestSandbox, { id }: Export): string =>
  join(String(environment["DATA_DIR"]), "exports", id);
const recordsIn = (sandbox: TestSandbox, one: Export): Promise<string[]> =>
  recordsOf(join(folderOf(sandbox, one), "messages.ndjson"));
const idAt = (chat: string, place: number): number => WORLD.messages(chat).idAt(place);

Deno.test("start_export: delta_of alone is enough; notes count what came, was edited and was deleted", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const first = await started(server, { chat: "@annlee", format: "csv" });
  const [edited, gone] = [idAt(ANN, 2), idAt(ANN, 4)];
  await sandbox.edit(ANN, edited, "Tea at five.");
  await sandbox.remove(ANN, [gone]);
  const { id } = await sandbox.append(ANN, "Are you there?");
  const one = await started(server, { delta_of: first.id, format: "markdown" });
  assert.deepEqual([one.state, one.complete, one.progress], ["completed", true, { written: 2 }]);
  assert.deepEqual(one.query, { chats: ["@annlee"], delta_of: first.id });
  assert.deepEqual(one.chats, first.chats);
  const counted =
    `Since the export ${first.id}: 1 new, 1 edited, 1 deleted (deletion/1 records, in messages.ndjson only).`;
  assert.equal(one.notes?.[0], counted);
  assert.deepEqual(await recordsIn(sandbox, one), [`+${edited}`, `-${gone}`, `+${id}`]);
  assert.deepEqual(one.files?.map(({ name }) => name), ["messages.md", "messages.ndjson", "manifest.json"]);
  const text = await Deno.readTextFile(join(folderOf(sandbox, one), "messages.md"));
  assert.ok(text.includes("Tea at five.") && text.includes("Are you there?"));
  const findings = await Array.fromAsync(verifyExport(folderOf(sandbox, one)));
  assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  const { body } = await server.call("get_export", { id: one.id });
  assert.equal(strictExport.parse(body).notes?.[0], counted);
});

Deno.test("start_export: every format is written of a delta, of an empty one too", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const first = await started(server, { chat: "@annlee" });
  for (const format of ["ndjson", "json", "csv", "markdown", "html"]) {
    const one = await started(server, { delta_of: first.id, format });
    assert.deepEqual([one.state, one.complete, one.progress.written], ["completed", true, 0]);
    assert.equal(one.notes?.[0], `Since the export ${first.id}: 0 new, 0 edited, 0 deleted.`);
    const findings = await Array.fromAsync(verifyExport(folderOf(sandbox, one)));
    assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  }
});

Deno.test("start_export: a delta has the chats and filters of the export before; others are refused by name", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const topic = WORLD.chats.get(FORUM)?.topics?.find(({ id }) => id !== 1);
  const sender = Array.from(WORLD.messages(GROUP)).find(({ from }) => from !== undefined && from !== "1000")?.from;
  assert.ok(topic && sender);
  const from = "2024-03-01T00:00:00Z";
  const filtered = await started(server, { chat: "@sandbox_group", sender, from, type: "text" });
  const inTopic = await started(server, { chat: FORUM, topic: topic.title });
  const aged = await started(server, { chat: "@annlee", from: "400d" });
  const agree: readonly (readonly [Export, Record<string, unknown>])[] = [
    [filtered, { chat: GROUP, sender, from, type: "text" }],
    [filtered, { chats: ["https://t.me/sandbox_group"], from: "2024-03-01T01:00:00+01:00" }],
    [filtered, { from: "2024-03-01", tz: "UTC" }],
    [inTopic, { topic: String(topic.id), chat: "@sandbox_forum" }],
    [aged, { from: "400d", chat: ANN }],
  ];
  for (const [{ id }, args] of agree) {
    const one = await started(server, { delta_of: id, ...args });
    assert.deepEqual([one.state, one.progress.written], ["completed", 0], JSON.stringify(args));
  }
  const again = await started(server, { delta_of: aged.id });
  assert.match(again.query.from ?? "", /^\d{4}-\d{2}-\d{2}T.*Z$/, "an age is what it came to");
  const refused: readonly (readonly [Export, Record<string, unknown>, string])[] = [
    [filtered, { chat: "@annlee" }, "chat"],
    [filtered, { chats: [GROUP, ANN] }, "chats"],
    [filtered, { sender: "me" }, "sender"],
    [filtered, { from: "2024-03-02T00:00:00Z" }, "from"],
    [filtered, { to: "2025-01-01T00:00:00Z" }, "to"],
    [filtered, { type: "photo" }, "type"],
    [inTopic, { topic: "general" }, "topic"],
    [inTopic, { type: "text" }, "type"],
    [aged, { from: "399d" }, "from"],
  ];
  for (const [{ id }, args, field] of refused) {
    const { status, body } = await server.call("start_export", { delta_of: id, ...args });
    assert.deepEqual([status, body["code"], body["field"]], [400, "INPUT_VALIDATION", field], JSON.stringify(args));
    assert.match(String(body["hint"]), /without delta_of/);
  }
});

Deno.test("start_export: what is over leaves nothing new, and says so", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  for (const to of ["2025-01-01T00:00:00Z", `#${idAt(GROUP, 900)}`]) {
    const first = await started(server, { chat: GROUP, from: `#${idAt(GROUP, 700)}`, to });
    await sandbox.append(GROUP, "Too late.");
    const one = await started(server, { delta_of: first.id });
    assert.deepEqual([one.state, one.progress.written], ["completed", 0]);
    assert.match(one.notes?.[0] ?? "", /only edits and deletions/);
  }
});

Deno.test("start_export: only a completed export of one's own whose index is there can be continued", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const missing = await server.call("start_export", { delta_of: "../../etc/passwd" });
  assert.deepEqual([missing.status, missing.body["code"], missing.body["field"]], [
    404,
    "EXPORT_NOT_FOUND",
    "delta_of",
  ]);
  await sandbox.faults({ latencyMs: 30 });
  const { id } = await started(server, { chat: "@sandbox_archive", wait_seconds: 0 });
  const early = await server.call("start_export", { delta_of: id });
  assert.deepEqual([early.body["code"], early.body["field"]], ["INPUT_VALIDATION", "delta_of"]);
  assert.deepEqual(Object(early.body["suggest"]).tool, "get_export");
  await server.call("cancel_export", { id });
  const cancelled = await server.call("start_export", { delta_of: id });
  assert.match(String(cancelled.body["detail"]), /is cancelled, not completed/);
  assert.deepEqual(Object(cancelled.body["suggest"]).tool, "list_exports");
  await sandbox.clearFaults();
  const first = await started(server, { chat: "@annlee" });
  await Deno.remove(join(String(sandbox.environment["DATA_DIR"]), "exports-index", first.id));
  const unknown = await server.call("start_export", { delta_of: first.id });
  assert.deepEqual([unknown.body["code"], unknown.body["field"]], ["INPUT_VALIDATION", "delta_of"]);
  assert.match(String(unknown.body["hint"]), /without delta_of/);
});

Deno.test("get_export: a delta under way says what it has compared, and an equal one is it", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const first = await started(server, { chat: GROUP });
  await sandbox.faults({ latencyMs: 400 });
  const { id } = await started(server, { delta_of: first.id, wait_seconds: 0 });
  const again = await started(server, { delta_of: first.id, chat: "@sandbox_group", wait_seconds: 0 });
  // The name that the chat is given does not make it another one.
  assert.equal(again.id, id);
  let notes = "";
  await until(async () => {
    notes = JSON.stringify((await server.call("get_export", { id })).body["notes"] ?? []);
    return notes.includes("is compared");
  }, "it tells how far it is");
  assert.match(notes, /Message \d+ of \d+ in -1002000000003 is compared/);
});

Deno.test("start_export: a delta has the files of what it has, within a takeout too", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const first = await started(server, { chat: "@annlee" });
  const [gone, replaced] = [idAt(ANN, 4), idAt(ANN, 8)];
  await sandbox.remove(ANN, [gone]);
  await sandbox.alter(ANN, replaced, { media: { id: "77", mime: "application/pdf", size: 900 } });
  const came = await sandbox.append(ANN, "", { id: "78", mime: "application/pdf", size: 1200 });
  for (const takeout of [false, true]) {
    const one = await started(server, { delta_of: first.id, download_media: true, takeout });
    assert.deepEqual([one.state, one.complete], ["completed", true], JSON.stringify(one));
    assert.deepEqual(await recordsIn(sandbox, one), [`-${gone}`, `+${replaced}`, `+${came.id}`]);
    const media = (await readExportFolder(folderOf(sandbox, one)))?.manifest.files.filter(({ name }) =>
      name.startsWith("media/")
    );
    assert.deepEqual(media?.map(({ bytes }) => bytes).sort((a, b) => a - b), [900, 1200]);
    const findings = await Array.fromAsync(verifyExport(folderOf(sandbox, one)));
    assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  }
});
