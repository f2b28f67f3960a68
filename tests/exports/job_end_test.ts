/**
 * Jobs that end, whatever they left: they are over, and their folders are what their manifests say.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import { verifyExport } from "../../src/exports/verify.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { type Jobs, ME, openJobs } from "./jobs.ts";

const GROUP = "-1002000000003";

Deno.test("export job: what a killed run left beside its messages is gone when it ends early, and nothing outside", async () => {
  await using sandbox = await startSandbox();
  const outside = join(sandbox.directory, "outside");
  await Deno.mkdir(outside);
  await Deno.writeTextFile(join(outside, "kept"), "kept");
  const ends = {
    cancelled: async (jobs: Jobs, id: string) => void await jobs.exports.cancel(id, ME),
    failed: async () => {
      const error = { code: 400, message: "CHANNEL_PRIVATE" };
      await sandbox.faults({ rules: [{ method: "messages.getHistory", error }] });
    },
  };
  for (const [state, end] of Object.entries(ends)) {
    await sandbox.faults({ latencyMs: 400 });
    let id: string;
    {
      await using jobs = openJobs(sandbox);
      id = await jobs.start([GROUP], { format: "csv", download_media: true });
      await jobs.until(id, ({ position }) => (position?.bytes ?? 0) > 0, "it has a checkpoint");
      await jobs.exports.drain();
      for (const name of ["messages.csv", "messages.csv.part", "manifest.json.part", "media.ndjson.part"]) {
        await Deno.writeTextFile(jobs.path(id, name), "half");
      }
      await Deno.mkdir(jobs.path(id, "media"), { recursive: true });
      await Deno.writeTextFile(jobs.path(id, "media/.1.part"), "half");
      await Deno.symlink(outside, jobs.path(id, "linked"));
      await Deno.symlink(outside, jobs.path(id, "media/linked"));
    }
    await using jobs = openJobs(sandbox);
    await end(jobs, id);
    assert.equal((await jobs.end(id)).state, state);
    const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(id)));
    assert.deepEqual(findings.filter(({ status }) => status === "fail"), [], state);
    const names = Array.from(Deno.readDirSync(jobs.exports.folder(id)), ({ name }) => name).sort();
    assert.deepEqual(names, ["manifest.json", "messages.ndjson"], state);
    assert.equal(await Deno.readTextFile(join(outside, "kept")), "kept");
    await sandbox.clearFaults();
  }
});

Deno.test("export job: one whose part is damaged is cancelled once, without files, and gives its place free", async () => {
  await using sandbox = await startSandbox();
  const slept: number[] = [];
  await using jobs = openJobs(sandbox, {
    sleep: (seconds, signal) => {
      slept.push(seconds);
      return sleepMs(10, undefined, { signal });
    },
  });
  await sandbox.faults({ latencyMs: 400 });
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
  await sandbox.clearFaults();
  await jobs.end(await jobs.start(["@annlee"]));
  assert.ok(!slept.includes(30), "its files are not tried again and again");
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
