/**
 * Failures of the disk as SQLite tells them.
 * @module
 */
import { z } from "zod";

/** SQLite's codes for a disk that is full, failing, locked or read-only: https://www.sqlite.org/rescode.html */
const OF_THE_DISK: ReadonlySet<number> = new Set([5, 8, 10, 13, 14]);
const sqliteError = z.object({ code: z.literal("ERR_SQLITE_ERROR"), errcode: z.int() });

/** Whether SQLite could not read or write, and it is no defect of the program. */
export function isDiskError(error: unknown): boolean {
  const { data } = sqliteError.safeParse(error);
  return data !== undefined && OF_THE_DISK.has(data.errcode & 0xff);
}
