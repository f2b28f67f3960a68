/**
 * The tables of a database, all features' together: what a backup may hold, and what it becomes here.
 * @module
 */
import { AUDIT_SCHEMA } from "../auth/audit.ts";
import { KEYS_SCHEMA } from "../auth/keys.ts";
import { EXPORTS_SCHEMA } from "../exports/store.ts";
import { TAKEOUTS_SCHEMA } from "../exports/open_takeouts.ts";
import { LOOKUP_BUDGET_SCHEMA } from "../mtproto/budget.ts";
import { FLOODS_SCHEMA } from "../mtproto/floods.ts";
import { migrate } from "../storage/migrate.ts";
import type { Database } from "../storage/open.ts";
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
export function migrateAll(db: Database): void {
  for (const [feature, steps] of Object.entries(FEATURES)) migrate(db, feature, steps);
}
