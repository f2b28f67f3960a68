/** Exports' files on the product itself, before there is one. */
import assert from "node:assert/strict";
import { z } from "zod";
import { createExportLinks } from "../../src/mcp/export_links.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { loadSecret } from "../../src/storage/secret.ts";
import { events, message, post } from "../mcp/raw.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

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

Deno.test("exports: resources are announced over MCP, and there is none", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "0" } };
  const hello = (await events(await post(server.url, { jsonrpc: "2.0", id: 0, method: "initialize", params }))).at(-1);
  assert.deepEqual(
    z.object({ capabilities: z.looseObject({}) }).parse(hello?.message?.result).capabilities.resources,
    {},
  );
  const list = await post(server.url, { jsonrpc: "2.0", id: 1, method: "resources/list" }, {
    accept: "application/json",
  });
  assert.deepEqual((await message(list)).result, { resources: [] });
});
