/**
 * The takeouts that are open, in SQLite: a server that was killed goes on with them, and closes them.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { migrate } from "../storage/migrate.ts";
import type { Job } from "./job.ts";

/** The steps of its tables: see `storage/migrate.ts`. */
export const TAKEOUTS_SCHEMA = [
  `CREATE TABLE open_takeouts (job_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, takeout_id TEXT NOT NULL) STRICT`,
];

const rowSchema = z.object({ jobId: z.string(), id: z.string() });

/** A takeout and the job that it was opened for, whatever has become of that. */
export type OpenTakeout = z.infer<typeof rowSchema>;

/** The open takeouts, one a job at most. */
export interface OpenTakeouts {
  /** The id of a job's takeout. */
  find(jobId: string): string | undefined;
  all(): OpenTakeout[];
  /** @throws what SQLite throws when the disk does not take it; it is known here all the same */
  add(job: Pick<Job, "id" | "accountId">, id: string): void;
  /** Forgets a job's takeout, unless it has another one by now. @throws as {@link OpenTakeouts.add} */
  remove(jobId: string, id: string): void;
}

/** Opens the table. */
export function createOpenTakeouts(db: DatabaseSync): OpenTakeouts {
  migrate(db, "takeouts", TAKEOUTS_SCHEMA);
  const rows = db.prepare("SELECT job_id AS jobId, takeout_id AS id FROM open_takeouts").all();
  const open = new Map(z.array(rowSchema).parse(rows).map(({ jobId, id }) => [jobId, id]));
  const put = db.prepare("INSERT OR REPLACE INTO open_takeouts VALUES (?, ?, ?)");
  const remove = db.prepare("DELETE FROM open_takeouts WHERE job_id = ? AND takeout_id = ?");
  return {
    find: (jobId) => open.get(jobId),
    all: () => Array.from(open, ([jobId, id]) => ({ jobId, id })),
    add: ({ id: jobId, accountId }, id) => {
      open.set(jobId, id);
      put.run(jobId, accountId, id);
    },
    remove: (jobId, id) => {
      if (open.get(jobId) === id) open.delete(jobId);
      remove.run(jobId, id);
    },
  };
}
