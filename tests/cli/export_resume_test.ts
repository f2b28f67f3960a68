import assert from "node:assert/strict";
import { join } from "node:path";
import { createWorld } from "../../sandbox/world/mod.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { command, run, start, until } from "./command.ts";
import { product } from "./product.ts";
import { idsOf, readExport, sizeOf, sizeOfPart } from "./exports.ts";
import { freePort } from "../http/port.ts";

const GROUP = "-1002000000003";
const IDS = Array.from(createWorld().messages(GROUP), ({ id }) => id);

Deno.test("export: killed over and over, the same command ends with the file of an undisturbed run", async () => {
  await using sandbox = await startSandbox();
  const [file, undisturbed] = [join(sandbox.directory, "f"), join(sandbox.directory, "whole")];
  assert.equal((await run(["export", GROUP, "--out", undisturbed], sandbox.environment)).code, 0);
  const args = ["export", "@sandbox_group", "--out", file];
  const end = await sizeOf(undisturbed);
  for (const share of [0.00001, 0.3, 0.7]) {
    await using running = command(args, sandbox.environment);
    await until(async () => await sizeOfPart(sandbox.environment) > share * end, `${share} of the file is there`);
    running.signal("SIGKILL");
    await running.ended();
    assert.equal(await sizeOf(file), 0, "no file before it is complete");
  }
  const { code, err } = await run(args, sandbox.environment);
  assert.equal(code, 0, err);
  assert.match(err, /^An equal export was unfinished already: this is it\.$/m);
  assert.deepEqual(await readExport(file), await readExport(undisturbed));
});

Deno.test("export: interrupted it says how to go on, and a limit counts what is there already", async () => {
  await using sandbox = await startSandbox();
  const file = join(sandbox.directory, "f");
  const args = ["export", "@sandbox_group", "--out", file, "--limit", "3000", "--from", "5000d"];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await sandbox.faults({ latencyMs: 300 });
    const before = await sizeOfPart(sandbox.environment);
    await using running = command(args, sandbox.environment);
    await until(async () => await sizeOfPart(sandbox.environment) > before, "it writes");
    running.signal(signal);
    assert.equal(await running.ended(), 130);
    assert.match(running.err.text(), /^the same command continues the export\ninterrupted$/m);
  }
  await sandbox.clearFaults();
  const other = await run(["export", "@sandbox_public", "--out", `${file}2`], sandbox.environment);
  assert.equal(other.code, 0, other.err);
  const { code, err } = await run(args, sandbox.environment);
  assert.equal(code, 0, err);
  assert.deepEqual(await idsOf(file), IDS.slice(0, 3000));
});

Deno.test("export: when the disk takes no more it stops with a sentence and goes on later", async () => {
  await using sandbox = await startSandbox();
  const file = join(sandbox.directory, "f");
  const args = ["export", "@sandbox_group", "--out", file];
  // Deno's own cache takes a full disk ill.
  const [program, ...words] = product(args, sandbox.environment, { flags: ["-A", "--no-code-cache"] });
  // A limit on the size of files (1500 blocks of 512 bytes) fails as a full disk does, amid a write.
  const script = `trap "" XFSZ; ulimit -f 1500; exec "$0" "$@"`;
  await using limited = start("/bin/sh", ["-c", script, program, ...words], sandbox.environment);
  assert.equal(await limited.ended(), 1);
  assert.match(
    limited.err.text(),
    /messages\.ndjson\.part cannot be written: file too large\.\n.*\n.*the same command again: it continues/,
  );
  assert.doesNotMatch(limited.err.text(), /^ +at /m);
  assert.deepEqual([await sizeOf(file), await sizeOfPart(sandbox.environment)], [0, 1500 * 512]);
  await using freed = start(program, words, sandbox.environment);
  assert.equal(await freed.ended(), 0, freed.err.text());
  assert.deepEqual(await idsOf(file), IDS);
});

Deno.test("export: messages that come or go while it runs change nothing before the bound set at its start", async () => {
  await using sandbox = await startSandbox();
  const file = join(sandbox.directory, "f");
  await sandbox.faults({ latencyMs: 300 });
  const args = ["export", "@sandbox_group", "--out", file];
  const gone = IDS.slice(-3);
  {
    await using running = command(args, sandbox.environment);
    await until(async () => await sizeOfPart(sandbox.environment) > 0, "it writes");
    const late = await sandbox.append(GROUP, "late");
    assert.ok(late.id > (IDS.at(-1) ?? 0));
    running.signal("SIGKILL");
    await running.ended();
  }
  await sandbox.append(GROUP, "later");
  await sandbox.remove(GROUP, gone);
  await sandbox.clearFaults();
  const { code, err } = await run(args, sandbox.environment);
  assert.equal(code, 0, err);
  assert.deepEqual(await idsOf(file), IDS.slice(0, -3));
});

Deno.test("export: floods, lost answers and cut connections cost time only", async () => {
  await using sandbox = await startSandbox();
  const file = join(sandbox.directory, "f");
  await sandbox.faults({
    rules: [
      { method: "messages.getHistory", after: 5, times: 1, error: { code: 420, message: "FLOOD_WAIT_1" } },
      { method: "messages.getHistory", after: 10, every: 20, times: 2, close: true, lose: true },
      { method: "messages.getHistory", after: 40, times: 1, drop: true },
    ],
  });
  const environment = { ...sandbox.environment, REQUEST_TIMEOUT: "1" };
  await using running = command(["export", "@sandbox_group", "--out", file], environment);
  await running.err.line(/^Telegram asks to wait 1 s$/);
  await running.err.line(/^no answer from Telegram, trying again in \d s$/);
  await sandbox.closeConnections();
  assert.equal(await running.ended(), 0, running.err.text());
  assert.deepEqual(await idsOf(file), IDS);
});

Deno.test("export: a session that is revoked amid it ends it with a sentence, and the part stays", async () => {
  await using sandbox = await startSandbox();
  const file = join(sandbox.directory, "f");
  const error = { code: 401, message: "SESSION_REVOKED" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 20, error }] });
  const { code, err } = await run(["export", "@sandbox_group", "--out", file], sandbox.environment);
  assert.equal(code, 1, err);
  assert.match(
    err,
    /The session was ended .*\nSet a TELEGRAM_STRING_SESSION .* run the command `login`, and start again\.\nThen run the same/m,
  );
  assert.ok(await sizeOfPart(sandbox.environment) > 0);
});

Deno.test("export: it waits for Telegram as long as it takes and says so; Ctrl-C ends that at once", async () => {
  await using sandbox = await startSandbox();
  const environment = { ...sandbox.environment, TELEGRAM_TEST_DC: `2@127.0.0.1:${freePort()}` };
  await using running = command(["export", "@sandbox_group", "--out", join(sandbox.directory, "f")], environment);
  await running.err.line(/^no answer from Telegram, trying again in 2 s$/);
  const asked = performance.now();
  running.signal("SIGINT");
  assert.equal(await running.ended(), 130);
  assert.ok(performance.now() - asked < 1500);
  // Nothing was begun that could be continued.
  assert.match(running.err.text(), /\ninterrupted\n$/);
  assert.doesNotMatch(running.err.text(), /continue|^ +at /m);
});
