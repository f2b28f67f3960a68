/**
 * download_media of start_export on the product, and what its files are got with.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { contentOf } from "../../sandbox/world/bytes.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { exportSchema } from "../../src/mcp/export_view.ts";
import { until } from "../cli/command.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const HALL = "-1002000000006";
const MB = 1024 * 1024;
const strictExport = z.strictObject(exportSchema.shape);

Deno.test("start_export: download_media tells how far the files are, counts them, and does not list them", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer({ ...sandbox.environment, EXPORT_MAX_FILE_BYTES: String(30 * MB) });
  await sandbox.append(HALL, "", { id: "1", size: 20 * MB, mime: "video/mp4", kind: "video" });
  await sandbox.append(HALL, "", { id: "2", size: 1000, mime: "application/pdf" });
  await sandbox.append(HALL, "", { id: "3", size: 31 * MB, mime: "application/pdf" });
  await sandbox.faults({ latencyMs: 30 });
  const args = { chat: HALL, download_media: true, wait_seconds: 0 };
  const { id } = strictExport.parse((await server.call("start_export", args)).body);
  assert.equal(strictExport.parse((await server.call("start_export", args)).body).id, id, "an equal one is this one");
  const other = strictExport.parse((await server.call("start_export", { ...args, download_media: false })).body);
  assert.notEqual(other.id, id, "one without files is another");
  await until(async () => {
    const { notes } = strictExport.parse((await server.call("get_export", { id })).body);
    return notes?.includes("Files of 0 of 3 messages are done.") ?? false;
  }, "it tells of its files");
  await sandbox.clearFaults();
  const done = strictExport.parse((await server.call("get_export", { id, wait_seconds: 45 })).body);
  assert.deepEqual([done.state, done.complete, done.query.download_media], ["completed", true, true]);
  assert.deepEqual(done.files?.map(({ name }) => name), ["media.ndjson", "messages.ndjson", "manifest.json"]);
  assert.deepEqual(done.notes?.slice(0, 2), [
    `2 files of messages, ${20 * MB + 1000} bytes, are in media/; manifest.json names them, media.ndjson says whose.`,
    "Files not downloaded, by reason: 1 too_large.",
  ]);
  const folder = join(String(sandbox.environment["DATA_DIR"]), "exports", id);
  const findings = await Array.fromAsync(verifyExport(folder));
  assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
});

Deno.test("get_export: of one that lacks a file which it should have it says why it is not complete", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await sandbox.append(HALL, "", { id: "1", size: 5000, mime: "application/pdf" });
  await sandbox.resizeFile("1", 4999);
  const { body } = await server.call("start_export", { chat: HALL, download_media: true, wait_seconds: 45 });
  const { state, complete, notes } = strictExport.parse(body);
  assert.deepEqual([state, complete], ["completed", false]);
  const told = notes?.filter((note) => note.startsWith("Not complete"));
  assert.deepEqual(told, ["Not complete: Files of messages could not be downloaded: 1 wrong_size."]);
});

Deno.test("exports: a file of a message is downloaded like any other, by tag and by range", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await sandbox.append(HALL, "", { id: "1", size: 100_000, mime: "application/pdf" });
  const args = { chat: HALL, download_media: true, wait_seconds: 45 };
  const { id, state } = strictExport.parse((await server.call("start_export", args)).body);
  assert.equal(state, "completed");
  const bytes = contentOf({ id: "1", size: 100_000, part: "" }, 0, 100_000);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const url = `${server.url}/exports/${id}/media/${sha256.slice(0, 32)}.pdf`;
  const whole = await fetch(url);
  assert.deepEqual([whole.status, whole.headers.get("content-type")], [200, "application/pdf"]);
  assert.deepEqual(await whole.bytes(), bytes);
  const etag = whole.headers.get("etag") ?? "";
  assert.equal(etag, `"sha256-${sha256}"`);
  assert.equal((await fetch(url, { headers: { "if-none-match": etag } })).status, 304);
  const part = await fetch(url, { headers: { range: "bytes=99990-", "if-range": etag } });
  assert.deepEqual([part.status, await part.bytes()], [206, bytes.subarray(99_990)]);
  for (const name of ["media/x.pdf", "media", "media/..%2Fmanifest.json", `media/.${sha256}.part`]) {
    const response = await fetch(`${server.url}/exports/${id}/${name}`);
    await response.body?.cancel();
    assert.equal(response.status, 404, name);
  }
});

Deno.test("schemas: the record of a message's file is served as JSON Schema", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const schema = Object(await (await fetch(`${server.url}/api/schemas/media-1`)).json());
  assert.deepEqual(schema.anyOf.map(({ required }: { required: string[] }) => required.at(-1)), ["sha256", "skipped"]);
});
