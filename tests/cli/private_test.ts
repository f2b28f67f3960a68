/** Whose alone everything is that the program keeps. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { listedCommands } from "./listed.ts";
import { command, type Ran, result, run, type Running, start, until } from "./command.ts";
import { product } from "./product.ts";

const answerSchema = z.object({ id: z.string(), state: z.string() });
/** A small group. */
const HALL = "-1002000000006";
const UNMASKED = ["-c", 'umask 0; exec "$@"', "sh"];

/** Starts the product where the system takes away no access by itself. */
function unmasked(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  stdin: "null" | "piped" = "null",
): Running {
  return start("/bin/sh", [...UNMASKED, ...product(args, environment)], environment, { stdin });
}

/** Everything in a folder, itself included, that others have any access to: paths with modes. */
async function open(folder: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (path: string): Promise<void> => {
    const { mode, isDirectory } = await Deno.lstat(path);
    const wanted = isDirectory ? 0o700 : 0o600;
    if (((mode ?? 0) & 0o777) !== wanted) found.push(`${path} ${((mode ?? 0) & 0o777).toString(8)}`);
    if (isDirectory) { for await (const { name } of Deno.readDir(path)) await visit(join(path, name)); }
  };
  await visit(folder);
  return found;
}

/** Names of all files below a folder, without those that come and go. */
async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) found.push(...await filesIn(join(folder, name)));
    else found.push(name);
  }
  return found;
}

async function call(url: string, tool: string, args: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/api/tools/${tool}`, { method: "POST", headers, body: JSON.stringify(args) });
  const body: unknown = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  return body;
}

/** An export through the server; what it leaves lying meanwhile is looked at too. */
async function exported(url: string, directory: string, args: Record<string, unknown>): Promise<string> {
  const { id } = answerSchema.parse(await call(url, "start_export", { wait_seconds: 0, ...args }));
  await until(
    async () => {
      // What is being renamed or removed may be gone before its mode is read.
      const seen = await open(directory).catch((error) => {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      });
      assert.deepEqual(seen, []);
      return answerSchema.parse(await call(url, "get_export", { id })).state === "completed";
    },
    "the export is completed",
    60,
  );
  return id;
}

Deno.test("data directory: with umask 0 all that is made in it is its owner's alone, also while it is made", async () => {
  await using sandbox = await startSandbox();
  const { TELEGRAM_STRING_SESSION_FILE: _, ...environment } = sandbox.environment;
  const directory = environment.DATA_DIR ?? "";
  {
    await using login = unmasked(["login", "--phone", "9996621000"], environment, "piped");
    await login.type("22222\n");
    await login.endInput();
    assert.equal(await login.ended(), 0, login.err.text());
  }
  {
    await using server = unmasked(["serve"], { ...environment, MCP_SERVER_PORT: "0" });
    const url = /http:\S+(?=\/mcp)/.exec(await server.out.line(/^MCP endpoint: /))?.[0] ?? "";
    await call(url, "fetch_history", { chat: "@sandbox_news", limit: 3 });
    await call(url, "list_chats", {});
    for (const id of ["1", "2", "3"]) await sandbox.append(HALL, "", { id, size: 3_000_000, mime: "application/pdf" });
    const id = await exported(url, directory, { chat: HALL, format: "html", download_media: true });
    await exported(url, directory, { chat: HALL, delta_of: id });
    await exported(url, directory, { chat: "@sandbox_public", format: "json" });
    const out = join(sandbox.directory, "out");
    await using asking = unmasked(["export", "@sandbox_public", "--out", `${out}/`], environment);
    assert.equal(await asking.ended(), 0, asking.err.text());
    assert.deepEqual(await open(out), []);
    const names = await filesIn(directory);
    const wanted = ["holder.lock", "session", "telegram-toolkit.sqlite", "telegram-toolkit.sqlite-wal"];
    for (const name of [...wanted, "telegram-toolkit.sqlite-shm", "manifest.json", "messages.ndjson", "media.ndjson"]) {
      assert.ok(names.includes(name), `${name} is among ${names.join()}`);
    }
    assert.ok(names.some((name) => name.endsWith(".html")));
    assert.deepEqual(await open(directory), []);
    server.signal("SIGTERM");
    assert.equal(await server.ended(), 0, server.err.text());
  }
  const file = join(sandbox.directory, "own", "f.ndjson");
  await Deno.mkdir(join(sandbox.directory, "own"), { mode: 0o700 });
  await using own = unmasked(["export", "@sandbox_public", "--out", file], environment);
  assert.equal(await own.ended(), 0, own.err.text());
  assert.deepEqual(await open(join(sandbox.directory, "own")), []);
  assert.deepEqual(await open(directory), []);
});

/** Commands that use the data directory, with arguments with which they would work. */
const USING: Readonly<Record<string, readonly string[]>> = {
  serve: [],
  export: ["@sandbox_news", "--limit", "1", "--out", "-"],
  login: ["--again", "--phone", "9996621000"],
  logout: [],
  whoami: [],
  keys: ["list"],
  audit: ["tail"],
  backup: ["-"],
  // Any file that there is: it is not read.
  restore: ["deno.json"],
};
/** Those that do not, and the one that tells of it. */
const OTHERS = ["doctor", "healthcheck", "help", "render", "verify"];

/** Runs every command there is that uses the directory. */
async function everyCommand(sandbox: TestSandbox): Promise<Map<string, Ran>> {
  const commands = (await listedCommands()).filter((name) => !OTHERS.includes(name));
  const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0" };
  const ran = new Map<string, Ran>();
  for (const name of commands) {
    const args = USING[name];
    assert.ok(args !== undefined, `${name} is among ${Object.keys(USING)}`);
    ran.set(name, await run([name, ...args], environment));
  }
  return ran;
}

Deno.test("data directory: one that others have any access to is refused by every command, with the command that mends it", async () => {
  await using sandbox = await startSandbox();
  const directory = sandbox.environment.DATA_DIR ?? "";
  assert.equal((await run(["export", "@sandbox_news", "--limit", "1", "--out", "-"], sandbox.environment)).code, 0);
  const database = join(directory, "telegram-toolkit.sqlite");
  for (const [path, mode] of [[directory, 0o750], [database, 0o604]] as const) {
    const { mode: before } = await Deno.stat(path);
    await Deno.chmod(path, mode);
    for (const [name, { code, err, out }] of await everyCommand(sandbox)) {
      assert.equal(code, 1, `${name}: ${err}`);
      assert.equal(out, "", name);
      assert.match(err, new RegExp(`have access to ${path} \\(mode ${mode.toString(8)}\\)`), name);
      const mend = /^Run: (chmod .*)$/m.exec(err)?.[1] ?? "";
      assert.equal(mend, `chmod ${((before ?? 0) & 0o777).toString(8)} ${path}`, name);
    }
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, mode, "it is left as it was");
    const doctor = await run(["doctor"], sandbox.environment);
    assert.equal(doctor.code, 1);
    assert.match(
      doctor.out,
      new RegExp(`fail {2}data directory: .* is open to other users .*\\n +chmod \\d00 ${path}\\n`),
    );
    await Deno.chmod(path, (before ?? 0) & 0o777);
  }
  assert.equal((await run(["whoami"], sandbox.environment)).code, 0);
  await using server = command(["serve"], { ...sandbox.environment, MCP_SERVER_PORT: "0" });
  await server.out.line(/^MCP endpoint: /);
  // Beside a server, whose key the lock holds, too.
  assert.equal((await run(["whoami"], sandbox.environment)).code, 0);
  await Deno.chmod(directory, 0o770);
  assert.match((await run(["whoami"], sandbox.environment)).err, /^Run: chmod 700 /m);
  server.signal("SIGTERM");
  assert.equal((await result(server)).code, 0);
});
