/**
 * The audit trail as it grows.
 * @module
 */
import type { AuditEntry } from "../auth/audit_record.ts";
import { type AuditQuery, readAudit } from "../auth/audit_tail.ts";
import type { Database } from "../storage/open.ts";

/** What {@link tailAudit} takes. */
export interface TailOptions extends Pick<AuditQuery, "since" | "principal" | "tool"> {
  /** At most so many of the records that are there. */
  readonly lines: number;
  readonly follow?: boolean | undefined;
  /** The database; undefined when there is none, or not yet. */
  readonly open: () => Database | undefined;
  /** Is given records that came together, never none. */
  readonly print: (entries: readonly AuditEntry[]) => Promise<void>;
  /** Until it is worth looking again. @throws what ends the following */
  readonly wait: () => Promise<void>;
}

/** Records that are read at once. */
const BATCH = 1000;

/**
 * Prints the latest records, then those that follow.
 * @throws what printing and waiting throw, AppError for a database that cannot be read
 */
export async function tailAudit({ lines, follow, open, print, wait, ...query }: TailOptions): Promise<void> {
  using db = await opened(open, follow ? wait : undefined);
  if (db === undefined) return;
  const { tail } = readAudit(db);
  const show = async (entries: readonly AuditEntry[]): Promise<void> => {
    if (entries.length > 0) await print(entries);
  };
  let last = tail({ limit: 1 }).at(-1)?.id ?? 0;
  await show(tail({ ...query, limit: lines }).filter(({ id }) => id <= last));
  while (follow) {
    const entries = tail({ ...query, after: last, limit: BATCH });
    await show(entries);
    last = entries.at(-1)?.id ?? last;
    if (entries.length < BATCH) await wait();
  }
}

async function opened(
  open: () => Database | undefined,
  wait: (() => Promise<void>) | undefined,
): Promise<Database | undefined> {
  for (;;) {
    const db = open();
    if (db !== undefined || wait === undefined) return db;
    await wait();
  }
}
