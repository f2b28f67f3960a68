/**
 * Failures of the disk as SQLite tells them.
 * @module
 */
import * as z from "zod";

/**
 * SQLite's codes, https://www.sqlite.org/rescode.html, for a disk that is locked, read-only, failing, full or not there, and
 * their texts: Deno's `exec` leaves the code out.
 */
const OF_THE_DISK: ReadonlyMap<number, string> = new Map([
  [5, "database is locked"],
  [8, "attempt to write a readonly database"],
  [10, "disk I/O error"],
  [13, "database or disk is full"],
  [14, "unable to open database file"],
]);
const TEXTS: ReadonlySet<string> = new Set(OF_THE_DISK.values());

const sqliteError = z.object({ code: z.literal("ERR_SQLITE_ERROR"), errcode: z.int().optional(), message: z.string() });

/** Whether SQLite could not read or write, and it is no defect of the program. */
export function isDiskError(error: unknown): boolean {
  const { data } = sqliteError.safeParse(error);
  if (data === undefined) return false;
  return data.errcode === undefined ? TEXTS.has(data.message) : OF_THE_DISK.has(data.errcode & 0xff);
}
