/** A server that is lost amid its work, and another one that goes on with the backup that was made of it meanwhile. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { createWorld } from "../../sandbox/world/mod.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { command, run, until } from "./command.ts";
import { idsOf, sizeOfPart } from "./exports.ts";
import { create } from "./keys.ts";
import { bearer } from "./keys_server.ts";
import { type Environment, piped, untilReady, urlOf } from "./signed_in.ts";

const GROUP = "-1002000000003";
const jobSchema = z.looseObject({ id: z.string(), state: z.string(), complete: z.boolean().optional() });

Deno.test("backup and restore: while a server runs an export, elsewhere key, session, cursors, links, deltas are good and the export comes to its end", async () => {
  await using sandbox = await startSandbox();
  const { TELEGRAM_STRING_SESSION_FILE: sessionFile = "", ...variables } = sandbox.environment;
  const environment: Environment = {
    ...variables,
    SESSION_KEY: "a key for the session, long enough",
    MCP_AUTH: "keys",
    MCP_SERVER_PORT: "0",
  };
  const login = await piped(["login", "--import"], await Deno.readTextFile(sessionFile), environment);
  assert.equal(login.code, 0, login.err);
  const { key } = await create(environment, "--name", "desk");
  const later = await create(environment, "--name", "revoked later");
  const file = join(sandbox.directory, "b.tar");
  const ask = async (url: string, tool: string, args: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${url}/api/tools/${tool}`, {
      method: "POST",
      headers: { ...bearer(key), "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    const body: unknown = await response.json();
    assert.equal(response.status, 200, JSON.stringify(body));
    return Object(body);
  };

  let cursor: unknown, link: string, small: z.infer<typeof jobSchema>, large: z.infer<typeof jobSchema>;
  const { id: withFile } = await sandbox.append(GROUP, "a file", {
    id: "771",
    mime: "application/pdf",
    size: 5000,
    name: "a.pdf",
  });
  {
    await using server = command(["serve"], environment);
    const url = await urlOf(server);
    await untilReady(url);
    ({ next_cursor: cursor } = await ask(url, "fetch_history", { chat: "@sandbox_news", limit: 3 }));
    assert.ok(cursor);
    link = String((await ask(url, "get_media", { chat: GROUP, message: withFile, variant: "original" }))["url"]);
    small = jobSchema.parse(await ask(url, "start_export", { chat: "@sandbox_news", wait_seconds: 45 }));
    assert.equal(small.state, "completed");
    await sandbox.faults({ latencyMs: 300 });
    large = jobSchema.parse(await ask(url, "start_export", { chat: "@sandbox_group", wait_seconds: 0 }));
    await until(async () => await sizeOfPart(environment) > 0, "it writes", 60);
    const made = await run(["backup", file], environment);
    assert.equal(made.code, 0, made.err);
    assert.match(made.err, /Its session is encrypted/);
    const now = jobSchema.parse(await ask(url, "get_export", { id: large.id }));
    assert.notEqual(now.state, "completed", "it was made amid the export");
    assert.equal((await run(["keys", "revoke", later.id], environment)).code, 0);
    server.signal("SIGKILL");
    await server.ended();
  }
  await Deno.remove(environment["DATA_DIR"] ?? "", { recursive: true });
  await sandbox.clearFaults();

  const elsewhere = { ...environment, DATA_DIR: join(sandbox.directory, "elsewhere") };
  const restored = await run(["restore", file], elsewhere);
  assert.equal(restored.code, 0, restored.err);
  assert.match(restored.err, /^Keys that were revoked since are good again/m);
  const listed = await run(["keys", "list"], elsewhere);
  assert.match(listed.out, /revoked later/);
  await using server = command(["serve"], elsewhere);
  const url = await urlOf(server);
  await untilReady(url);
  await ask(url, "fetch_history", { chat: "@sandbox_news", limit: 3, cursor });
  const { pathname, search } = new URL(link);
  const media = await fetch(`${url}${pathname}${search}`);
  assert.deepEqual([media.status, (await media.bytes()).length], [200, 5000]);
  const wait = async (id: string): Promise<void> => {
    await until(
      async () => {
        const one = jobSchema.parse(await ask(url, "get_export", { id, wait_seconds: 45 }));
        assert.notEqual(one.state, "failed", JSON.stringify(one));
        return one.state === "completed" && one.complete === true;
      },
      "the export is complete",
      120,
    );
  };
  await wait(large.id);
  const folder = join(elsewhere.DATA_DIR, "exports", large.id);
  const expected = Array.from(createWorld().messages(GROUP), ({ id }) => id);
  assert.deepEqual(await idsOf(join(folder, "messages.ndjson")), [...expected, withFile]);
  const findings = await Array.fromAsync(verifyExport(folder));
  assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  const delta = jobSchema.parse(await ask(url, "start_export", { delta_of: small.id, wait_seconds: 45 }));
  await wait(delta.id);
  const gone = jobSchema.parse(await ask(url, "get_export", { id: small.id }));
  assert.equal(gone.state, "completed", "that it was there is known, and its files are not");
});
