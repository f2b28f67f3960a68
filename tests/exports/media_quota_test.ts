/**
 * Files of messages where others hold the room.
 */
import assert from "node:assert/strict";
import { isFinished, type Job } from "../../src/exports/job.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { ME, openJobs } from "./jobs.ts";

const [HALL, LIVE] = ["-1002000000006", "-1002000000017"];
const MB = 1 << 20;

Deno.test("media of exports: when others hold the room for good it fails and says so, and skips nothing", async () => {
  await using sandbox = await startSandbox();
  for (const [index, chat] of [HALL, HALL, LIVE, LIVE].entries()) {
    await sandbox.append(chat, "", { id: String(index + 1), size: 3 * MB, mime: "application/pdf" });
  }
  await sandbox.faults({ rules: [{ method: "upload.getFile", delayMs: 50 }] });
  await using jobs = openJobs(sandbox, { maxBytes: 8 * MB });
  const ids = [await jobs.start([HALL], { download_media: true }), await jobs.start([LIVE], { download_media: true })];
  const waits = ({ waiting }: Job): boolean => waiting?.reason === "quota";
  const all = (): Job[] => ids.map((id) => jobs.exports.get(id, ME).job);
  await jobs.until(ids[0] ?? "", () => all().some(isFinished), "one is over");
  const [over, other] = all().toSorted((a) => isFinished(a) ? -1 : 1);
  assert.deepEqual([over?.state, over?.complete, over?.error?.code], ["failed", false, "RESOURCE_EXHAUSTED"]);
  assert.match(over?.error?.message ?? "", /exports that run need more than/);
  const records = await Deno.readTextFile(jobs.path(over?.id ?? "", "media.ndjson"));
  assert.doesNotMatch(records, /quota/);
  await jobs.until(other?.id ?? "", waits, "the other one waits");
});
