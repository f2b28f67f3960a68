import assert from "node:assert/strict";
import { giveFiles } from "../../src/mcp/export_files.ts";
import { createExportLinks } from "../../src/mcp/export_links.ts";
import type { Attachment } from "../../src/mcp/registry.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { holders } from "../http/principals.ts";

Deno.test("export files: a tool's caller gets a link, an address and a block for each", () => {
  const links = createExportLinks({ key: new Uint8Array(32), now: () => Date.UTC(2026, 0, 1) });
  const blocks: Attachment[] = [];
  const file = { name: "messages.csv", bytes: 5, sha256: "ab", mime: "text/csv" };
  const attach = (block: Attachment): void => void blocks.push(block);
  const origin = "http://[::1]:8000";
  const [given, ...none] = giveFiles(links, "abc", [file], { principal: LOCAL_PRINCIPAL, origin, attach });
  assert.ok(given !== undefined && none.length === 0);
  const { url, ...rest } = given;
  const uri = "export://abc/messages.csv";
  assert.deepEqual(rest, { name: file.name, bytes: 5, sha256: "ab", uri, expires: "2026-01-01T01:00:00Z" });
  const { searchParams } = new URL(url);
  const place = { id: "abc", file: file.name };
  assert.equal(links.readerOf(searchParams, place, holders([LOCAL_PRINCIPAL]).find), LOCAL_PRINCIPAL);
  assert.deepEqual(blocks, [{ type: "resource_link", uri, name: file.name, mimeType: "text/csv", size: 5 }]);
});
