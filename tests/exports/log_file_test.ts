import assert from "node:assert/strict";
import { join } from "node:path";
import { type LogFile, openLogFile } from "../../src/exports/log_file.ts";
import { rejection } from "../mtproto/telegram.ts";

async function withFolder(test: (folder: string, part: string, whole: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "log-" });
  try {
    const folder = join(directory, "exports", "one");
    await test(folder, join(folder, "messages.ndjson.part"), join(folder, "messages.ndjson"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function opened(folder: string, bytes: number): Promise<LogFile> {
  const log = await openLogFile(folder, bytes);
  assert.ok(log);
  return log;
}

Deno.test("log file: it grows in a part that only its owner may read, and has its name once it is complete", () =>
  withFolder(async (folder, part, whole) => {
    using log = await opened(folder, 0);
    await log.write("äöü\n");
    await log.sync();
    assert.equal(log.bytes(), 7);
    assert.equal(await Deno.readTextFile(part), "äöü\n");
    await assert.rejects(Deno.stat(whole));
    const { mode } = await Deno.stat(part);
    assert.deepEqual([mode! & 0o777, (await Deno.stat(folder)).mode! & 0o777], [0o600, 0o700]);
    await log.complete();
    assert.equal(await Deno.readTextFile(whole), "äöü\n");
    await assert.rejects(Deno.stat(part));
  }));

Deno.test("log file: what follows the checkpoint is cut off, and goes on from there", () =>
  withFolder(async (folder, part) => {
    {
      using log = await opened(folder, 0);
      await log.write("one\ntwo\nthr");
    }
    using log = await opened(folder, 4);
    assert.equal((await Deno.stat(part)).size, 4);
    await log.write("2\n");
    assert.deepEqual([await Deno.readTextFile(part), log.bytes()], ["one\n2\n", 6]);
  }));

Deno.test("log file: a completed one is a part again, whatever was meant to follow", () =>
  withFolder(async (folder, part, whole) => {
    {
      using log = await opened(folder, 0);
      await log.write("one\ntwo\n");
      await log.complete();
    }
    using log = await opened(folder, 8);
    await assert.rejects(Deno.stat(whole));
    assert.equal(await Deno.readTextFile(part), "one\ntwo\n");
    await log.complete();
    assert.equal(await Deno.readTextFile(whole), "one\ntwo\n");
  }));

Deno.test("log file: one that is shorter than its checkpoint, or gone, is not gone on with", () =>
  withFolder(async (folder, part) => {
    assert.equal(await openLogFile(folder, 1), undefined);
    await Deno.writeTextFile(part, "1234");
    assert.equal(await openLogFile(folder, 5), undefined);
    using _log = await opened(folder, 4);
  }));

Deno.test("log file: what the system does not take is RESOURCE_EXHAUSTED with its own words", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(join(folder, ".."), { recursive: true });
    await Deno.writeTextFile(folder, "");
    assert.match((await rejection(openLogFile(folder, 0), "RESOURCE_EXHAUSTED")).message, /cannot be written: \w/);
    await rejection(openLogFile("/proc/nowhere", 0), "RESOURCE_EXHAUSTED");
  }));
