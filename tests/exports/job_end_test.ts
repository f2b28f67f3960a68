/**
 * Jobs that end, whatever they left: they are over, and their folders are what their manifests say.
 */
import assert from "node:assert/strict";
import { setTimeout as sleepMs } from "node:timers/promises";
import { startSandbox } from "../e2e/sandbox.ts";
import { ME, openJobs } from "./jobs.ts";

const GROUP = "-1002000000003";

Deno.test("export job: one whose part is damaged is cancelled once, without files, and gives its place free", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 100 });
  const id = await jobs.start([GROUP]);
  await jobs.until(id, ({ position }) => (position?.bytes ?? 0) > 0, "it has a checkpoint");
  {
    using file = await Deno.open(`${jobs.path(id)}.part`, { write: true });
    await file.write(new TextEncoder().encode("\n\n\n"));
  }
  const cancelled = jobs.exports.cancel(id, ME);
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete], ["cancelled", false]);
  assert.deepEqual((await cancelled).job, job);
  assert.equal(jobs.problems.length, 1, String(jobs.problems.at(-1)));
  assert.match(String(jobs.problems[0]), /lines where/);
  assert.equal(jobs.store.get(id)?.state, "cancelled");
});

Deno.test("export job: what goes wrong with those who are told of its end does not keep it from being saved", async () => {
  await using sandbox = await startSandbox();
  const sleep = (seconds: number, signal?: AbortSignal): Promise<void> =>
    sleepMs(seconds * 1000, undefined, { signal });
  await using jobs = openJobs(sandbox, { sleep });
  await sandbox.faults({ latencyMs: 30 });
  const id = await jobs.start([GROUP]);
  const wait = jobs.exports.wait(id, ME, {
    seconds: 60,
    onChange: () => {
      throw new Error("nobody listens");
    },
  });
  assert.equal((await wait).job.state, "completed");
  assert.equal(jobs.store.get(id)?.state, "completed");
});
