/**
 * The tables of a database, all features' together: what a backup may hold, and what it becomes here.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { AUDIT_SCHEMA } from "../auth/audit.ts";
import { KEYS_SCHEMA } from "../auth/keys.ts";
import { AppError } from "../errors.ts";
import { EXPORTS_SCHEMA } from "../exports/store.ts";
import { TAKEOUTS_SCHEMA } from "../exports/open_takeouts.ts";
import { LOOKUP_BUDGET_SCHEMA } from "../mtproto/budget.ts";
import { FLOODS_SCHEMA } from "../mtproto/floods.ts";
import { migrate } from "../storage/migrate.ts";
import { SECRETS_SCHEMA } from "../storage/secret.ts";
import { PEERS_SCHEMA } from "../telegram/peers.ts";

/** The steps of every feature, by its name in the database. */
export const FEATURES: Readonly<Record<string, readonly string[]>> = {
  audit: AUDIT_SCHEMA,
  exports: EXPORTS_SCHEMA,
  floods: FLOODS_SCHEMA,
  keys: KEYS_SCHEMA,
  lookup_budget: LOOKUP_BUDGET_SCHEMA,
  peers: PEERS_SCHEMA,
  secrets: SECRETS_SCHEMA,
  takeouts: TAKEOUTS_SCHEMA,
};

/**
 * Brings all tables of a database to what this program knows.
 * @throws AppError UNSUPPORTED when some were written by a newer program
 */
export function migrateAll(db: DatabaseSync): void {
  for (const feature of featuresOf(db)) if (!Object.hasOwn(FEATURES, feature)) throw newer();
  for (const [feature, steps] of Object.entries(FEATURES)) {
    try {
      migrate(db, feature, steps);
    } catch (error) {
      throw error instanceof AppError && error.code === "UNSUPPORTED" ? newer(error) : error;
    }
  }
}

/** The features that a database has tables of; none of an empty one. */
function featuresOf(db: DatabaseSync): string[] {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'").get() === undefined) return [];
  const rows = db.prepare("SELECT feature FROM schema_version").all();
  return z.array(z.object({ feature: z.string() })).parse(rows).map(({ feature }) => feature);
}

function newer(cause?: unknown): AppError {
  return new AppError("UNSUPPORTED", "The backup was written by a newer version of this program.", {
    hint: "Nothing was changed. Restore it with that version, or a later one.",
    cause,
  });
}
