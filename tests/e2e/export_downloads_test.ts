/** Files of exports on the product itself: their links, their route and their resources. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { z } from "zod";
import { exportSchema } from "../../src/mcp/export_view.ts";
import { createExportLinks } from "../../src/mcp/export_links.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { loadSecret } from "../../src/storage/secret.ts";
import { until } from "../cli/command.ts";
import { events, message, post } from "../mcp/raw.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

async function problemOf(url: string): Promise<unknown> {
  const response = await fetch(url);
  const { request_id: _, ...problem } = z.looseObject({}).parse(await response.json());
  return { status: response.status, problem };
}

Deno.test("exports: an unknown one is no path, a link of this server's key is believed and no other", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const nothing = await problemOf(`${server.url}/nowhere`);
  assert.deepEqual(await problemOf(`${server.url}/exports/unknown/messages.csv`), nothing);
  assert.deepEqual(await problemOf(`${server.url}/exports/unknown/media/1.jpg`), nothing);
  using db = openDataDirectory(sandbox.environment.DATA_DIR ?? "");
  const linkUnder = (key: Uint8Array): string =>
    createExportLinks({ key, now: Date.now }).make(LOCAL_PRINCIPAL, { id: "unknown", file: "a" }, server.url).url;
  assert.deepEqual(await problemOf(linkUnder(loadSecret(db, "export"))), nothing);
  const refused = await fetch(linkUnder(loadSecret(db, "media")));
  assert.equal(refused.status, 403);
  await refused.body?.cancel();
});

/** A finished export of a private chat. */
async function finished(server: TestServer): Promise<z.infer<typeof exportSchema>> {
  const { body } = await server.call("start_export", { chat: "@annlee", format: "csv", wait_seconds: 45 });
  const one = exportSchema.parse(body);
  assert.equal(one.state, "completed");
  return one;
}

Deno.test("exports: every file that an export names is there under its link and its path, as the manifest has it", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const { id, files = [] } = await finished(server);
  assert.deepEqual(files.map(({ name }) => name), ["messages.csv", "messages.ndjson", "manifest.json"]);
  for (const { name, bytes, sha256, url } of files) {
    for (const path of [url, `${server.url}/exports/${id}/${name}`]) {
      const response = await fetch(path);
      const body = await response.bytes();
      const hash = createHash("sha256").update(body).digest("hex");
      assert.deepEqual([response.status, body.length, hash], [200, bytes, sha256]);
      assert.equal(response.headers.get("etag"), `"sha256-${sha256}"`);
    }
  }
  const altered = await fetch(files[0]?.url.replace("messages.csv", "manifest.json") ?? "");
  assert.equal(altered.status, 403);
  await altered.body?.cancel();
});

Deno.test("exports: one that runs has no files to be had, and a cancelled one has what it wrote", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  await sandbox.faults({ latencyMs: 30 });
  const running = exportSchema.parse(
    (await server.call("start_export", { chat: "@sandbox_archive", wait_seconds: 0 })).body,
  );
  const path = `${server.url}/exports/${running.id}/messages.ndjson`;
  assert.deepEqual(await problemOf(path), await problemOf(`${server.url}/nowhere`));
  assert.deepEqual(await problemOf(`${path}.part`), await problemOf(`${server.url}/nowhere`));
  const written = async (): Promise<number> =>
    exportSchema.parse((await server.call("get_export", { id: running.id })).body).progress.written;
  await until(async () => await written() > 0, "something is written");
  const { files = [] } = exportSchema.parse((await server.call("cancel_export", { id: running.id })).body);
  const response = await fetch(path);
  assert.equal((await response.bytes()).length, files.find(({ name }) => name === "messages.ndjson")?.bytes);
});

Deno.test("exports: resources are those of finished exports, and can be read by the address that the tool gave", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const ask = async (method: string, params: unknown): Promise<unknown> =>
    (await message(
      await post(server.url, { jsonrpc: "2.0", id: 1, method, params }, { accept: "application/json" }),
    )).result;
  assert.deepEqual(await ask("resources/list", {}), { resources: [] });
  const { files = [] } = await finished(server);
  const { resources } = z.object({ resources: z.array(z.looseObject({ uri: z.string() })) })
    .parse(await ask("resources/list", {}));
  assert.deepEqual(resources.map(({ uri }) => uri), files.map(({ uri }) => uri));
  const [csv] = files;
  const { contents } = z.object({ contents: z.array(z.looseObject({ text: z.string() })) })
    .parse(await ask("resources/read", { uri: csv?.uri }));
  assert.match(contents[0]?.text ?? "", /^\ufeff?chat/);
});

Deno.test("exports: resources are announced over MCP", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "0" } };
  const hello = (await events(await post(server.url, { jsonrpc: "2.0", id: 0, method: "initialize", params }))).at(-1);
  assert.deepEqual(
    z.object({ capabilities: z.looseObject({}) }).parse(hello?.message?.result).capabilities.resources,
    {},
  );
});

Deno.test("get_export: of an export of many files the first and the manifest are listed, and how many more there are", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const { body } = await server.call("start_export", { chat: "@sandbox_archive", format: "html", wait_seconds: 45 });
  let one = exportSchema.parse(body);
  while (one.state !== "completed") {
    one = exportSchema.parse((await server.call("get_export", { id: one.id, wait_seconds: 45 })).body);
  }
  const names = one.files?.map(({ name }) => name) ?? [];
  assert.deepEqual([names.length, names[0], names.at(-1)], [20, "index.html", "manifest.json"]);
  // An index, 21 pages of 5,000 messages, the messages and the manifest are 24.
  assert.ok(one.notes?.some((note) => note.startsWith("4 more files are named in manifest.json")), `${one.notes}`);
});
