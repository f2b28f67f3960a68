/**
 * A delta that is interrupted at every page: it has the bytes of one that is not, and so has its index.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createWorld } from "../../sandbox/world/mod.ts";
import type { Job } from "../../src/exports/job.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { delta, recordsOf, startDelta } from "./deltas.ts";
import { type Jobs, ME, openJobs } from "./jobs.ts";

const [GROUP, LIVE] = ["-1002000000003", "-1002000000017"];
const BEGUN = Date.parse("2025-06-02T00:00:00Z");
/** Stands still, so that the same delta is begun at the same moment. */
const now = (): number => BEGUN;

/** Runs a job with a stop after each request for a page, opening everything anew each time. */
async function withStops(
  open: () => Jobs,
  start: (jobs: Jobs) => Promise<string>,
): Promise<{ job: Job; stops: number }> {
  let [id, stops]: [string | undefined, number] = [undefined, 0];
  for (;; stops++) {
    await using jobs = open();
    id ??= await start(jobs);
    const reached = ({ position }: Job): string => `${position?.segment}/${position?.after}`;
    const before = reached(jobs.exports.get(id, ME).job);
    const job = await jobs.until(id, (job) => job.state === "completed" || reached(job) !== before, "it goes on");
    if (job.state === "completed") return { job, stops };
  }
}

for (const type of [undefined, "photo", "text"] as const) {
  Deno.test(`delta ${type ?? "of all"}: stopped at every page it writes the bytes of an undisturbed one`, async () => {
    await using sandbox = await startSandbox();
    const world = createWorld();
    const directory = String(sandbox.environment["DATA_DIR"]);
    const open = (): Jobs => openJobs(sandbox, { now });
    const indexed = (id: string): Promise<Uint8Array> => Deno.readFile(join(directory, "exports-index", id));
    let first: string;
    {
      await using jobs = open();
      first = await jobs.start([GROUP, LIVE], { type });
      await jobs.end(first);
    }
    const ids = Array.from(world.messages(GROUP), ({ id }) => id);
    const wanted = ids.filter((_, place) => place % 17 === 0);
    await sandbox.remove(GROUP, wanted.slice(0, 200));
    // More than a page, with nothing between them.
    await sandbox.remove(GROUP, ids.slice(4000, 4350));
    for (const id of ids.filter((_, place) => place % 97 === 5)) {
      if (!wanted.includes(id) && id < (ids[4000] ?? 0)) await sandbox.edit(GROUP, id, "Said otherwise.");
    }
    await sandbox.append(GROUP, "New.");
    let whole: Job;
    {
      await using jobs = open();
      whole = await delta(jobs, first);
    }
    // Between two checkpoints a second passes, or each page would not be one.
    let clock = BEGUN;
    const readAhead = type === "text" ? undefined : 1;
    const ticking = (): Jobs => openJobs(sandbox, { now: () => clock += 1000, readAhead });
    const { job, stops } = await withStops(ticking, async (jobs) => {
      clock = BEGUN;
      return await startDelta(jobs, first);
    });
    assert.ok(stops > (type === undefined ? 40 : 3), `${stops} stops`);
    await using jobs = open();
    const [expected, found] = [whole, job].map(({ id }) => jobs.path(id));
    const undated = async (path = ""): Promise<string> =>
      (await Deno.readTextFile(path)).replaceAll(/("(?:observed|detected)_at":")[^"]*/g, "$1");
    assert.ok((await recordsOf(found ?? "")).length > 20);
    assert.equal(await undated(found), await undated(expected));
    const moments = (await Deno.readTextFile(found ?? "")).matchAll(/"(?:observed|detected)_at":"([^"]*)/g);
    assert.deepEqual(new Set(Array.from(moments, ([, moment]) => moment)), new Set([job.plan?.begun]));
    assert.deepEqual(job.position?.tally, whole.position?.tally, "it is counted as if nothing had happened");
    assert.deepEqual(await indexed(job.id), await indexed(whole.id));
    const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(job.id)));
    assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  });
}

Deno.test("delta: one that ended while its index was not written yet writes it when it is opened again", async () => {
  await using sandbox = await startSandbox();
  const directory = String(sandbox.environment["DATA_DIR"]);
  let [first, id]: [string, string] = ["", ""];
  {
    await using jobs = openJobs(sandbox, { now });
    first = await jobs.start([LIVE]);
    await jobs.end(first);
    await sandbox.remove(LIVE, [3]);
    // The manifest is there, and then the process dies.
    const { rename } = Deno;
    Deno.rename = (from, to) =>
      String(from).includes("exports-index") ? Promise.reject(new Error("killed")) : rename(from, to);
    try {
      id = await startDelta(jobs, first);
      const isStopped = ({ state }: Job): boolean => state === "failed" || state === "waiting";
      await jobs.until(id, isStopped, "it cannot go on");
      await jobs.exports.drain();
    } finally {
      Deno.rename = rename;
    }
    assert.ok((await Deno.stat(jobs.path(id, "manifest.json"))).isFile);
    const { job } = jobs.exports.get(id, ME);
    jobs.store.save({ ...job, state: "running", error: undefined, complete: undefined, finished: undefined });
  }
  await using jobs = openJobs(sandbox, { now });
  const job = await jobs.end(id);
  assert.equal(job.state, "completed");
  assert.deepEqual(await recordsOf(jobs.path(id)), ["-3"]);
  assert.ok((await Deno.stat(join(directory, "exports-index", id))).isFile);
  assert.equal((await delta(jobs, id)).position?.written, 0);
});
