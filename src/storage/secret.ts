/**
 * Secrets of the server's own making.
 * @module
 */
import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { migrate } from "./migrate.ts";

/** The steps of its tables: see `storage/migrate.ts`. */
export const SECRETS_SCHEMA = ["CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT"];

/**
 * 32 random bytes under a name, made when first asked for and the same from then on.
 * @param name what they are for, `cursor` for one
 */
export function loadSecret(db: DatabaseSync, name: string): Uint8Array {
  migrate(db, "secrets", SECRETS_SCHEMA);
  db.prepare("INSERT INTO secrets VALUES (?, ?) ON CONFLICT DO NOTHING").run(name, randomBytes(32));
  const row = db.prepare("SELECT value FROM secrets WHERE name = ?").get(name);
  return z.instanceof(Uint8Array).parse(row?.value);
}
