/**
 * Stopping amid the passes over an export's files.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openIndex } from "../../src/exports/delta_index.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { type Jobs, ME, openJobs, undated } from "./jobs.ts";

const GROUP = "-1002000000003";
const CSV = { format: "csv" } as const;

/** Which file is read for the how manieth time. */
const PASSES = {
  "the render": ["messages.ndjson", 1],
  "the digest of the render": ["messages.csv", 1],
  "the digest of the messages": ["messages.ndjson", 2],
  "the index": ["messages.ndjson", 3],
} as const;

/** Stops the exports when a file is opened for the nth time and was read once. @returns how often it was read after that */
async function stopAmid(jobs: Jobs, [name, nth]: readonly [string, number]): Promise<number> {
  const [open, { read }] = [Deno.open, Deno.FsFile.prototype];
  const amid = Promise.withResolvers<void>();
  let [opened, reads]: [number, number] = [0, 0];
  let watched: Deno.FsFile | undefined;
  Deno.open = async (path, options) => {
    const file = await open(path, options);
    if (String(path).endsWith(`/${name}`) && !options?.write && ++opened === nth) watched = file;
    return file;
  };
  Deno.FsFile.prototype.read = async function (buffer): Promise<number | null> {
    const count = await read.call(this, buffer);
    if (this === watched && reads++ === 0) amid.resolve();
    return count;
  };
  try {
    await amid.promise;
    await jobs.exports.drain();
    return reads - 1;
  } finally {
    Deno.open = open;
    Object.assign(Deno.FsFile.prototype, { read });
  }
}

Deno.test("export job: stopped amid any pass over its files it reads no further, and the next start has the same files", async () => {
  await using sandbox = await startSandbox();
  const undisturbed = join(sandbox.directory, "undisturbed");
  const directory = String(sandbox.environment["DATA_DIR"]);
  const files = async (jobs: Jobs, data: string, id: string): Promise<readonly unknown[]> => [
    await undated(jobs.path(id)),
    await undated(jobs.path(id, "messages.csv")),
    await Deno.readFile(join(data, "exports-index", id)),
  ];
  let expected: readonly unknown[];
  {
    await using jobs = openJobs(sandbox, { directory: undisturbed });
    const id = await jobs.start([GROUP], CSV);
    assert.equal((await jobs.end(id)).state, "completed");
    expected = await files(jobs, undisturbed, id);
  }
  let id: string | undefined;
  for (const [what, pass] of Object.entries(PASSES)) {
    await using jobs = openJobs(sandbox);
    id ??= await jobs.start([GROUP], CSV);
    const further = await stopAmid(jobs, pass);
    assert.ok(further <= 1, `${what}: ${further} reads after the stop`);
    const job = jobs.exports.get(id, ME).job;
    assert.deepEqual([job.state, job.position?.segment], ["running", 1], what);
    assert.deepEqual(jobs.problems, [], what);
  }
  await using jobs = openJobs(sandbox);
  assert.ok(id !== undefined);
  assert.equal((await jobs.end(id)).state, "completed");
  assert.deepEqual(await files(jobs, directory, id), expected);
  const reason = new Error("stop");
  const path = join(directory, "exports-index", id);
  await assert.rejects(openIndex(path, AbortSignal.abort(reason)), reason);
});
