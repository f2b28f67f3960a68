/**
 * A large file passes through, it is not held.
 */
import assert from "node:assert/strict";
import { setTimeout as sleepMs } from "node:timers/promises";
import { isFinished } from "../../src/exports/job.ts";
import { DEFAULT_LIMITS } from "../../src/exports/media.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { ME, openJobs } from "./jobs.ts";

const HALL = "-1002000000006";
const MB = 1024 * 1024;
/** What a process may need more at its peak than for a small file: garbage of some seconds, and no more with a larger one. */
const GARBAGE = 64 * MB;

Deno.test("media of exports: a file of 128 MiB takes no more memory than its parts", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox, { limits: { ...DEFAULT_LIMITS, maxFileBytes: 1024 * MB } });
  const peakOf = async (id: string, size: number): Promise<number> => {
    const message = await sandbox.append(HALL, "", { id, size, mime: "video/mp4" });
    const job = await jobs.start([HALL], { download_media: true });
    let peak = 0;
    for (; !isFinished(jobs.exports.get(job, ME).job); await sleepMs(5)) {
      peak = Math.max(peak, Deno.memoryUsage().rss);
    }
    assert.equal(jobs.exports.get(job, ME).job.state, "completed");
    await sandbox.remove(HALL, [message.id]);
    return peak;
  };
  const small = await peakOf("1", 8 * MB);
  const large = await peakOf("2", 128 * MB);
  assert.ok(large - small < GARBAGE, `${large - small} bytes more`);
});
