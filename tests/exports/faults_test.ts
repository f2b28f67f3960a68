/** Everything that the sandbox can do to a client, done to one that exports. */
import assert from "node:assert/strict";
import { createWorld } from "../../sandbox/world/mod.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { openJobs } from "./jobs.ts";
import { idsOf } from "../cli/exports.ts";

const NEWS = "-1002000000001";
const IDS = Array.from(createWorld().messages(NEWS), ({ id }) => id);
const method = "messages.getHistory";

type Settings = Parameters<Awaited<ReturnType<typeof startSandbox>>["faults"]>[0];

const FAULTS: Readonly<Record<string, Settings>> = {
  "every answer is late": { latencyMs: 15 },
  "some answers are later than others": { rules: [{ method, every: 3, delayMs: 60 }] },
  "answers come in containers": { containers: 4, latencyMs: 5 },
  "answers come in containers with messages that nobody knows": { containers: 3, strangers: true, latencyMs: 5 },
  "requests are lost": { rules: [{ method, after: 3, every: 15, times: 3, drop: true }] },
  "answers are lost": { rules: [{ method, after: 3, every: 15, times: 3, lose: true }] },
  "the connection is closed before a request is done": { rules: [{ method, every: 15, times: 4, close: true }] },
  "the connection is closed after a request is done": {
    rules: [{ method, every: 15, times: 4, close: true, lose: true }],
  },
  "answers are no TL": { rules: [{ method, after: 5, every: 20, times: 3, garble: true }] },
  "Telegram asks to wait": { rules: [{ method, every: 20, times: 4, error: { code: 420, message: "FLOOD_WAIT_1" } }] },
  "Telegram has trouble of its own": {
    rules: [{ method, every: 10, times: 6, error: { code: 500, message: "RPC_CALL_FAIL" } }],
  },
  "Telegram is too slow for itself": {
    rules: [{ method, every: 25, times: 3, error: { code: -503, message: "TIMEOUT" } }],
  },
  "all of it together": {
    latencyMs: 5,
    containers: 2,
    rules: [
      { method, after: 4, every: 17, times: 2, drop: true },
      { method, after: 7, every: 19, times: 2, close: true, lose: true },
      { method, after: 11, every: 23, times: 2, error: { code: 420, message: "FLOOD_WAIT_1" } },
      { method, after: 13, every: 29, times: 2, garble: true },
    ],
  },
};

for (const [what, settings] of Object.entries(FAULTS)) {
  Deno.test(`export job: no message is lost or doubled when ${what}`, async () => {
    await using sandbox = await startSandbox();
    await using jobs = openJobs({ environment: { ...sandbox.environment, REQUEST_TIMEOUT: "2" } });
    await sandbox.faults(settings);
    const id = await jobs.start([NEWS]);
    const job = await jobs.end(id);
    assert.deepEqual([job.state, job.complete, job.error], ["completed", true, undefined]);
    assert.deepEqual(await idsOf(jobs.path(id)), IDS);
    const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(id)));
    assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
  });
}

Deno.test("export job: no message is lost or doubled when all connections are cut again and again, and the clock moves", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  await sandbox.faults({ latencyMs: 10 });
  const id = await jobs.start([NEWS]);
  for (const written of [500, 3000, 6000]) {
    await jobs.until(id, ({ position }) => (position?.written ?? 0) >= written, `${written} messages are written`);
    await sandbox.closeConnections();
    await sandbox.moveClock(written);
  }
  const job = await jobs.end(id);
  assert.deepEqual([job.state, job.complete], ["completed", true]);
  assert.deepEqual(await idsOf(jobs.path(id)), IDS);
});
