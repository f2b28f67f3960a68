/**
 * Exports that continue another one, for tests: what they should have, and what they have.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import type { ExportQuery, Job } from "../../src/exports/job.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { deletionSchema } from "../../src/model/deletion.ts";
import { messageSchema } from "../../src/model/message.ts";
import { continueExport } from "../../src/mcp/tools/continued_export.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { type Jobs, ME } from "./jobs.ts";

const recordSchema = z.discriminatedUnion("schema", [messageSchema, deletionSchema]);

/** Starts what continues an export, as the tool does. */
export async function startDelta(
  jobs: Jobs,
  delta_of: string,
  format: ExportQuery["format"] = "ndjson",
): Promise<string> {
  const principal = { ...LOCAL_PRINCIPAL, ...ME };
  const { query, targets } = await continueExport(jobs.exports, jobs.account, { delta_of, format }, { principal });
  return jobs.exports.start(ME, { query, targets }).id;
}

/** A delta that ran to its end, whose files hold. */
export async function delta(jobs: Jobs, delta_of: string): Promise<Job> {
  const job = await jobs.end(await startDelta(jobs, delta_of));
  assert.equal(job.state, "completed", JSON.stringify(job.error));
  const findings = await Array.fromAsync(verifyExport(jobs.exports.folder(job.id)));
  assert.deepEqual(findings.filter(({ status }) => status === "fail"), []);
  return job;
}

/** The records of a file in their order: `+ID` came or was edited, `-ID` is gone; with the chat's id where there are several. */
export async function recordsOf(path: string): Promise<string[]> {
  const lines = (await Deno.readTextFile(path)).split("\n").slice(0, -1);
  const records = lines.map((line) => recordSchema.parse(JSON.parse(line)));
  const isOne = new Set(records.map(({ chat_id }) => chat_id)).size <= 1;
  return records.map(({ schema, chat_id, id }) =>
    `${schema === "message/1" ? "+" : "-"}${isOne ? "" : `${chat_id}/`}${id}`
  );
}
