/** A server's directory goes back to an earlier backup of itself: what becomes of its exports. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { createWorld } from "../../sandbox/world/mod.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { command, run, until } from "./command.ts";
import { idsOf, sizeOf } from "./exports.ts";
import { type Environment, piped, untilReady, urlOf } from "./signed_in.ts";

const GROUP = "-1002000000003";
const jobSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  complete: z.boolean().optional(),
  files: z.array(z.object({ name: z.string(), url: z.string() })).optional(),
});
type Job = z.infer<typeof jobSchema>;

async function ask(url: string, tool: string, args: unknown): Promise<readonly [number, unknown]> {
  const response = await fetch(`${url}/api/tools/${tool}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  return [response.status, await response.json()];
}

async function job(url: string, tool: string, args: unknown): Promise<Job> {
  const [status, body] = await ask(url, tool, args);
  assert.equal(status, 200, JSON.stringify(body));
  return jobSchema.parse(body);
}

/** Whether the database tells of something that an export has written. */
function isAtCheckpoint({ DATA_DIR = "" }: Environment, id: string): boolean {
  using db = new DatabaseSync(join(DATA_DIR, "telegram-toolkit.sqlite"), { readOnly: true });
  const row = db.prepare("SELECT position ->> 'bytes' AS bytes FROM exports WHERE id = ?").get(id);
  return Number(row?.bytes ?? 0) > 0;
}

/** Waits until an export is complete. */
async function complete(url: string, id: string): Promise<void> {
  await until(
    async () => {
      const one = await job(url, "get_export", { id, wait_seconds: 45 });
      assert.notEqual(one.state, "failed", JSON.stringify(one));
      return one.state === "completed" && one.complete === true;
    },
    "the export is complete",
    120,
  );
}

Deno.test("restore --force: over the server that it is a backup of: exports that were finished have their files, later ones keep them unseen, unfinished ones begin again and come to their end", async () => {
  await using sandbox = await startSandbox();
  const { TELEGRAM_STRING_SESSION_FILE: sessionFile = "", ...variables } = sandbox.environment;
  const environment: Environment = { ...variables, MCP_SERVER_PORT: "0" };
  const login = await piped(["login", "--import"], await Deno.readTextFile(sessionFile), environment);
  assert.equal(login.code, 0, login.err);
  const [file, exports] = [join(sandbox.directory, "b.tar"), join(environment["DATA_DIR"] ?? "", "exports")];
  const messages = (id: string): string => join(exports, id, "messages.ndjson");

  let finished: Job, under: Job, later: Job;
  {
    await using server = command(["serve"], environment);
    const url = await urlOf(server);
    await untilReady(url);
    finished = await job(url, "start_export", { chat: "@sandbox_news", wait_seconds: 45 });
    assert.equal(finished.state, "completed");
    await sandbox.faults({ latencyMs: 300 });
    under = await job(url, "start_export", { chat: "@sandbox_group", wait_seconds: 0 });
    await until(() => isAtCheckpoint(environment, under.id), "it has something to go on with", 60);
    const made = await run(["backup", file], environment);
    assert.equal(made.code, 0, made.err);
    assert.notEqual((await job(url, "get_export", { id: under.id })).state, "completed", "it was made amid the export");
    await sandbox.clearFaults();
    await complete(url, under.id);
    later = await job(url, "start_export", { chat: "@sandbox_news", format: "csv", wait_seconds: 45 });
    assert.equal(later.state, "completed");
    server.signal("SIGTERM");
    await server.ended();
  }
  const before = await Deno.readTextFile(messages(finished.id));

  const { code, err } = await run(["restore", "--force", file], environment);
  assert.equal(code, 0, err);
  assert.match(err, new RegExp(`^Those replace the files that they have in .*/exports: ${under.id}\\.$`, "m"));
  assert.match(err, new RegExp(`does not know these exports in .*/exports, so nobody .*: ${later.id}\\. The server`));
  // None of what a position in the backup tells of need be what is there now.
  const written = await Deno.readTextFile(messages(under.id));
  await Deno.writeTextFile(messages(under.id), written.replaceAll("\n", " "));

  await using server = command(["serve"], environment);
  const url = await urlOf(server);
  await untilReady(url);
  const { files = [] } = await job(url, "get_export", { id: finished.id });
  const link = new URL(files.find(({ name }) => name === "messages.ndjson")?.url ?? "");
  const response = await fetch(`${url}${link.pathname}${link.search}`);
  assert.deepEqual([response.status, await response.text()], [200, before]);
  assert.equal((await ask(url, "get_export", { id: later.id }))[0], 404);
  await complete(url, under.id);
  assert.deepEqual(await idsOf(messages(under.id)), Array.from(createWorld().messages(GROUP), ({ id }) => id));
  for (const { id } of [finished, under]) {
    const findings = await Array.fromAsync(verifyExport(join(exports, id)));
    assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  }
  const delta = await job(url, "start_export", { delta_of: finished.id, wait_seconds: 45 });
  await complete(url, delta.id);
  assert.ok(await sizeOf(messages(later.id)) > 0, "nobody has removed it");
});
