import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { type CallRecord, createCallRecorder } from "../../src/mcp/call_record.ts";
import { createRateRefusals } from "../../src/mcp/rate_refusals.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";

Deno.test("rate refusals: of each principal the first in a minute is recorded, by a name that is known", () => {
  let now = 0;
  const records: CallRecord[] = [];
  const refused = createRateRefusals(
    createCallRecorder((record) => records.push(record)),
    (name) => name === "list_chats",
    () => now,
  );
  const error = new AppError("RATE_LIMITED", "Too many.");
  const ask = (path: string, id?: string): void =>
    refused(error, path, {
      requestId: "r",
      clientIp: "192.0.2.1",
      params: {},
      localPort: 1,
      startedAt: 0,
      ...(id !== undefined && { principal: { ...LOCAL_PRINCIPAL, id } }),
    });
  const told = (): string[] =>
    records.splice(0).map(({ principal, tool, status }) => `${principal.id} ${tool} ${status}`);
  ask("/api/tools/list_chats");
  assert.deepEqual(told(), [], "nobody's are left out");
  for (let i = 0; i < 100; i++) ask("/api/tools/list_chats", "ann");
  ask("/mcp", "bob");
  assert.deepEqual(told(), ["ann list_chats RATE_LIMITED", "bob mcp RATE_LIMITED"]);
  now = 59_999;
  ask("/mcp", "ann");
  assert.deepEqual(told(), []);
  const paths = ["/mcp", "/api/audit", "/exports/a/b", "/media/x", "/api/tools", "/api/tools/ignore_all", "/mcp"];
  for (const path of paths) {
    now += 60_000;
    ask(path, "ann");
  }
  assert.deepEqual(
    told().map((line) => line.replace(/^ann | RATE_LIMITED$/g, "")),
    ["mcp", "audit", "download", "media link", "?", "?", "mcp"],
  );
});
