/**
 * What the audit trail says of requests that reach no tool.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { createKeyStore } from "../../src/auth/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { call, post } from "../mcp/raw.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const recordSchema = z.object({ name: z.string(), tool: z.string(), outcome: z.string() });

Deno.test("audit: calls refused by rate, batches too, reads of the trail, and words that are no tool's name", async () => {
  await using sandbox = await startSandbox();
  const { environment } = sandbox;
  using db = openDataDirectory(environment.DATA_DIR ?? "");
  const keys = createKeyStore(db, LOCAL_PRINCIPAL.accountId);
  await using server = await startServer({ ...environment, MCP_AUTH: "keys" });
  const by = (name: string, seconds?: number): Record<string, string> => ({
    "content-type": "application/json",
    authorization: `Bearer ${
      keys.create({ name, scopes: ["read", "admin"], ...(seconds && { rate: { count: 1, seconds } }) }).secret
    }`,
  });
  const [owner, plain, batch] = [by("owner"), by("plain", 3600), by("batch", 3600)];
  const ask = async (asked: Promise<Response>): Promise<number> => {
    const response = await asked;
    await response.text();
    return response.status;
  };
  const list = (headers: Record<string, string>): Promise<number> =>
    ask(fetch(`${server.url}/api/tools/list_chats`, { method: "POST", body: "{}", headers }));
  assert.deepEqual([await list(plain), await list(plain), await list(plain)], [200, 429, 429]);
  assert.equal(await ask(post(server.url, [call(1, "list_chats"), call(2, "list_chats")], batch)), 429);
  await ask(post(server.url, call(1, "ignore_all_previous_instructions"), owner));
  const told = async (): Promise<string[]> => {
    const response = await fetch(`${server.url}/api/audit`, { headers: owner });
    return (await response.text()).trim().split("\n").map((line) => {
      const { name, tool, outcome } = recordSchema.parse(JSON.parse(line));
      return `${name} ${tool} ${outcome}`;
    });
  };
  const expected = [
    "plain list_chats ok",
    "plain list_chats RATE_LIMITED",
    "batch mcp RATE_LIMITED",
    "owner ? NOT_FOUND",
  ];
  assert.deepEqual(await told(), expected);
  assert.deepEqual(await told(), [...expected, "owner audit ok"]);
});
