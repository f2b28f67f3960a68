/**
 * What the command `export` may remove: what it made and delivered, and nothing that somebody else knows of.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createWorld } from "../../sandbox/world/mod.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { command, result, run, start, until } from "./command.ts";
import { product } from "./product.ts";
import { idsOf, messagesOf, sizeOf, sizeOfPart } from "./exports.ts";
import { urlOf } from "./signed_in.ts";

const GROUP = "-1002000000003";
const IDS = Array.from(createWorld().messages(GROUP), ({ id }) => id);

/** Every job that has a folder, and what is in it. */
async function left({ environment }: TestSandbox): Promise<Record<string, string[]>> {
  const exports = join(environment["DATA_DIR"] ?? "", "exports");
  const namesIn = async (path: string): Promise<string[]> =>
    (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
  const ids = await namesIn(exports).catch(() => []);
  return Object.fromEntries(await Promise.all(ids.map(async (id) => [id, await namesIn(join(exports, id))])));
}

/** A client of MCP starts an export, and the server stops amid it. */
async function startElsewhere(sandbox: TestSandbox): Promise<string> {
  await sandbox.faults({ latencyMs: 600 });
  await using server = command(["serve"], { ...sandbox.environment, MCP_SERVER_PORT: "0" });
  const response = await fetch(`${await urlOf(server)}/api/tools/start_export`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ chat: "@sandbox_group", wait_seconds: 0 }),
  });
  const id = String(Object(await response.json()).id);
  await until(async () => await sizeOfPart(sandbox.environment) > 0, "the server writes");
  server.signal("SIGTERM");
  assert.equal(await server.ended(), 0);
  return id;
}

Deno.test("export: what somebody else began is cancelled by no Ctrl-C and no reader that has gone, and its files stay", async () => {
  await using sandbox = await startSandbox();
  const id = await startElsewhere(sandbox);
  const part = { [id]: ["messages.ndjson.part"] };
  assert.deepEqual(await left(sandbox), part);
  {
    await using piped = command(["export", "@sandbox_group", "--out", "-"], sandbox.environment);
    await until(() => piped.out.text() !== "", "it pipes");
    piped.signal("SIGINT");
    assert.equal(await piped.ended(), 130);
    assert.match(piped.err.text(), /^An equal export was unfinished already[^]*\ninterrupted\n$/m);
    assert.deepEqual(await left(sandbox), part);
  }
  const words = product(["export", "@sandbox_group", "--out", "-"], sandbox.environment);
  {
    await using shell = start("/bin/sh", ["-c", `"$0" "$@" | head -n 3`, ...words], sandbox.environment);
    assert.equal(messagesOf((await result(shell)).out).length, 3);
    assert.deepEqual(await left(sandbox), part);
  }
  await sandbox.clearFaults();
  const file = join(sandbox.directory, "f");
  const whole = await run(["export", "@sandbox_group", "--out", file], sandbox.environment);
  assert.equal(whole.code, 0, whole.err);
  assert.match(whole.err, /^An equal export was unfinished already/m);
  assert.deepEqual(await idsOf(file), IDS);
  assert.deepEqual(await left(sandbox), { [id]: ["manifest.json", "messages.ndjson"] });
  await Deno.writeTextFile(file, "other");
  assert.equal((await run(["verify", join(sandbox.environment["DATA_DIR"] ?? "", "exports", id)])).code, 0);
});

Deno.test("export: what an earlier run of the command began is its own: kept while it is interrupted, removed when delivered", async () => {
  await using sandbox = await startSandbox();
  const file = join(sandbox.directory, "f");
  await sandbox.faults({ latencyMs: 600 });
  for (const out of [file, "-"]) {
    const before = await sizeOfPart(sandbox.environment);
    await using first = command(["export", "@sandbox_group", "--out", out], sandbox.environment);
    await until(async () => await sizeOfPart(sandbox.environment) > before, "it writes");
    first.signal("SIGINT");
    assert.equal(await first.ended(), 130);
    assert.match(first.err.text(), /^the same command continues the export\ninterrupted$/m);
    assert.equal(Object.keys(await left(sandbox)).length, 1);
  }
  await sandbox.clearFaults();
  const { code, err } = await run(["export", "@sandbox_group", "--out", file], sandbox.environment);
  assert.equal(code, 0, err);
  assert.deepEqual(await idsOf(file), IDS);
  assert.deepEqual(await left(sandbox), {});
});

Deno.test("export: what could not be delivered is delivered by the same command, and nothing is read twice", async () => {
  await using sandbox = await startSandbox();
  const folder = join(sandbox.directory, "to");
  await Deno.mkdir(folder);
  const args = ["export", "@sandbox_group", "--out", join(folder, "f")];
  await sandbox.faults({ latencyMs: 10 });
  let id: string | undefined;
  {
    await using first = command(args, sandbox.environment);
    await until(async () => await sizeOfPart(sandbox.environment) > 0, "it writes");
    // Where the file is to go there is no folder any more.
    await Deno.remove(folder);
    await Deno.writeTextFile(folder, "");
    const { code, err } = await result(first);
    assert.equal(code, 2, err);
    id = /^export (\w{26})$/m.exec(err)?.[1];
  }
  assert.deepEqual(await left(sandbox), { [id ?? ""]: ["manifest.json", "messages.ndjson"] });
  await Deno.remove(folder);
  await Deno.mkdir(folder);
  await sandbox.clearFaults();
  await sandbox.forgetMethods();
  await sandbox.append(GROUP, "later");
  const { code, err } = await run(args, sandbox.environment);
  assert.equal(code, 0, err);
  assert.match(
    err,
    new RegExp(`^export ${id}\nAn equal export was completed 2.*Z and not delivered: this is it\\.`, "m"),
  );
  assert.equal((await sandbox.methods())["messages.GetHistory"], undefined);
  assert.deepEqual(await idsOf(join(folder, "f")), IDS);
  assert.deepEqual(await left(sandbox), {});

  const newer = await run([...args, "--force"], sandbox.environment);
  assert.equal(newer.code, 0, newer.err);
  assert.equal((await idsOf(join(folder, "f"))).length, IDS.length + 1);
});

Deno.test("export: a chat that cannot be read is said on standard error, also of messages for standard output", async () => {
  await using sandbox = await startSandbox();
  const error = { code: 400, message: "CHANNEL_PRIVATE" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", error }] });
  const { code, out, err } = await run(["export", "@sandbox_news", "--out", "-"], sandbox.environment);
  assert.deepEqual([code, out], [1, ""], err);
  assert.match(err, /private/);
  assert.doesNotMatch(err, /The system refused/);
  assert.deepEqual(await left(sandbox), {});
});

Deno.test("export: interrupted before anything was planned it leaves nothing for standard output, else what continues", async () => {
  await using sandbox = await startSandbox();
  await sandbox.faults({ rules: [{ method: "messages.getHistory", drop: true }] });
  const file = join(sandbox.directory, "f");
  for (const out of ["-", file]) {
    await sandbox.forgetMethods();
    await using running = command(["export", "@sandbox_news", "--out", out], sandbox.environment);
    await until(async () => (await sandbox.methods())["messages.GetHistory"] !== undefined, "it plans");
    running.signal("SIGINT");
    assert.equal(await running.ended(), 130);
    const said = out === "-" ? /Telegram\.\ninterrupted\n$/ : /\nthe same command continues the export\ninterrupted\n$/;
    assert.match(running.err.text(), said);
  }
  await sandbox.clearFaults();
  const { code, err } = await run(["export", "@sandbox_news", "--out", file], sandbox.environment);
  assert.equal(code, 0, err);
  assert.match(err, /^An equal export was unfinished already/m);
  assert.ok(await sizeOf(file) > 0);
});

Deno.test("export: beside a server, where files that could not be delivered are is said", async () => {
  await using sandbox = await startSandbox();
  const folder = join(sandbox.directory, "to");
  await Deno.mkdir(folder);
  const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0" };
  await using server = command(["serve"], environment);
  await urlOf(server);
  await sandbox.faults({ latencyMs: 10 });
  await using asking = command(["export", "@sandbox_group", "--out", join(folder, "f")], environment);
  await until(async () => await sizeOfPart(sandbox.environment) > 0, "the server writes");
  await Deno.remove(folder);
  await Deno.writeTextFile(folder, "");
  const { code, err } = await result(asking);
  assert.equal(code, 2, err);
  const kept = /^the server keeps the files of export \w{26} for a time, in (.*)$/m.exec(err)?.[1] ?? "";
  assert.deepEqual(await idsOf(join(kept, "messages.ndjson")), IDS);
});
