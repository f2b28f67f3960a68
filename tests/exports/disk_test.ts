/**
 * What is on the disk, and what the disk says, where exports write.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { openLogFile } from "../../src/exports/log_file.ts";
import { writeFolder } from "../../src/exports/output_folder.ts";
import { UNLIMITED } from "../../src/exports/quota.ts";
import type { Chunk } from "../../src/exports/render/mod.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { rejection } from "../mtproto/telegram.ts";
import { openJobs } from "./jobs.ts";

const GROUP = "-1002000000003";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "disk-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function* chunks(...list: readonly (readonly [string, string])[]): AsyncGenerator<Chunk> {
  for (const [file, text] of list) yield await Promise.resolve({ file, text });
}

/** The paths that were synced while something was done, in their order. */
async function syncedBy(work: () => Promise<void>): Promise<string[]> {
  const [open, { sync }] = [Deno.open, Deno.FsFile.prototype];
  const paths = new WeakMap<Deno.FsFile, string>();
  const synced: string[] = [];
  Deno.open = async (path, options) => {
    const file = await open(path, options);
    paths.set(file, String(path));
    return file;
  };
  Deno.FsFile.prototype.sync = async function (): Promise<void> {
    await sync.call(this);
    synced.push(paths.get(this) ?? "");
  };
  try {
    await work();
    return synced;
  } finally {
    Deno.open = open;
    Object.assign(Deno.FsFile.prototype, { sync });
  }
}

Deno.test("log file: the names of its part and of its folder are on the disk before anything can tell of it", () =>
  inFolder(async (directory) => {
    const folder = join(directory, "exports", "one");
    const synced = await syncedBy(async () => (await openLogFile(folder, 0))?.[Symbol.dispose]());
    assert.deepEqual(synced, [folder, dirname(folder), directory]);
  }));

Deno.test("writeFolder: the files' names are on the disk when it is done", () =>
  inFolder(async (folder) => {
    const synced = await syncedBy(async () => void await writeFolder(folder, chunks(["a", "1"], ["b", "2"]), {}));
    assert.deepEqual(synced, [join(folder, "a.part"), join(folder, "b.part"), folder]);
  }));

Deno.test("writeFolder: nothing stays of it when only some files get their names, and their room is free again", () =>
  inFolder(async (folder) => {
    let taken = 0;
    const quota = {
      ...UNLIMITED.of("one"),
      reserve: (bytes: number) => Promise.resolve(void (taken += bytes)),
      release: (bytes: number) => void (taken -= bytes),
    };
    await Deno.mkdir(join(folder, "b"));
    const writing = writeFolder(folder, chunks(["a", "1"], ["b", "2"]), { isOwn: true, quota });
    assert.match((await rejection(writing, "RESOURCE_EXHAUSTED")).message, /b cannot be written/);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["b"]);
    assert.equal(taken, 0);
  }));

Deno.test("export job: amid its render it waits while the system reads or opens no file, and then goes on", async () => {
  const refused = {
    "EMFILE of the part": (path: string) => path.endsWith("messages.csv.part"),
    "EMFILE of the messages": (path: string) => path.endsWith("messages.ndjson"),
  };
  await using sandbox = await startSandbox();
  for (const [name, isRefused] of Object.entries(refused)) {
    await using jobs = openJobs(sandbox);
    const { open } = Deno;
    let refusals = 0;
    Deno.open = async (path, options) => {
      if (refusals === 2 || !isRefused(String(path))) return await open(path, options);
      refusals++;
      throw Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
    };
    try {
      const id = await jobs.start([GROUP], { format: "csv", limit: 200 });
      await jobs.until(id, ({ waiting }) => waiting?.reason === "disk", `${name}: it waits`);
      assert.equal((await jobs.end(id)).state, "completed", name);
      assert.equal(refusals, 2, name);
      await Deno.stat(jobs.path(id, "messages.csv"));
    } finally {
      Deno.open = open;
    }
  }
});
