/**
 * What of messages' files is on the disk when a checkpoint tells of them: their names too.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { Job } from "../../src/exports/job.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { openJobs } from "./jobs.ts";

const HALL = "-1002000000006";

Deno.test("media of exports: no checkpoint tells of a file whose name is not on the disk", async () => {
  await using sandbox = await startSandbox();
  for (const id of ["1", "2", "3"]) await sandbox.append(HALL, "", { id, size: 5000, mime: "application/pdf" });
  let now = Date.now();
  await using jobs = openJobs(sandbox, { now: () => now += 2000 });
  const { open, rename, mkdir } = Deno;
  const { sync } = Deno.FsFile.prototype;
  const [unsynced, paths] = [new Set<string>(), new WeakMap<Deno.FsFile, string>()];
  let renamed = 0;
  const isMedia = (path: string | URL): boolean => /\/media(\/|$)/.test(String(path));
  Object.assign(Deno, {
    open: async (path: string, options?: Deno.OpenOptions) => {
      const file = await open(path, options);
      paths.set(file, path);
      return file;
    },
    rename: async (from: string, to: string) => {
      await rename(from, to);
      if (!isMedia(to)) return;
      unsynced.add(dirname(to));
      renamed++;
    },
    mkdir: async (path: string, options?: Deno.MkdirOptions) => {
      await mkdir(path, options);
      if (isMedia(path)) unsynced.add(dirname(path));
    },
  });
  Deno.FsFile.prototype.sync = async function (): Promise<void> {
    await sync.call(this);
    unsynced.delete(paths.get(this) ?? "");
  };
  const { save } = jobs.store;
  const lost: unknown[] = [];
  Reflect.set(jobs.store, "save", (job: Job) => {
    if ((job.position?.media?.items ?? 0) > 0) lost.push(...unsynced);
    save(job);
  });
  try {
    assert.equal((await jobs.end(await jobs.start([HALL], { download_media: true }))).state, "completed");
  } finally {
    Object.assign(Deno, { open, rename, mkdir });
    Deno.FsFile.prototype.sync = sync;
  }
  assert.deepEqual([renamed, lost], [3, []]);
});
