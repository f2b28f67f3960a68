/**
 * The schema's versions, one count for each feature, so that features stay independent of each other.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../errors.ts";

/**
 * Brings a feature's tables up to date: runs the steps that the database has not seen, all of them or none.
 *
 * @param feature the owner of the tables, `peers` for one
 * @param steps SQL, oldest first; the length is the version. A released step is never changed, only followed by another
 * @throws {AppError} UNSUPPORTED when the database was written by a newer program
 */
export function migrate(db: DatabaseSync, feature: string, steps: readonly string[]): void {
  // IMMEDIATE takes the write lock before the version is read: two processes cannot run the same step.
  db.exec("BEGIN IMMEDIATE");
  try {
    db.exec("CREATE TABLE IF NOT EXISTS schema_version (feature TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT");
    const version = versionOf(db, feature);
    if (version > steps.length) {
      throw new AppError(
        "UNSUPPORTED",
        `The database was written by a newer version of this program: its ${feature} tables are at version ${version}, ` +
          `this program knows ${steps.length}.`,
        { hint: "Start the newer version again, or set DATA_DIR to another folder." },
      );
    }
    for (const step of steps.slice(version)) db.exec(step);
    db.prepare("INSERT INTO schema_version VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version")
      .run(feature, steps.length);
    db.exec("COMMIT");
  } catch (error) {
    // A failed statement may have ended the transaction already.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function versionOf(db: DatabaseSync, feature: string): number {
  const row = db.prepare("SELECT version FROM schema_version WHERE feature = ?").get(feature);
  return Number(row?.version ?? 0);
}
