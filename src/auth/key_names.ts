/**
 * The names of keys, for whoever may only read the database.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";

const rowsSchema = z.array(z.object({ id: z.string(), name: z.string() }));

/** All keys there ever were, newest first; none before the first was made. */
export function readKeyNames(db: DatabaseSync): z.infer<typeof rowsSchema> {
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'api_keys'").get();
  if (isThere === undefined) return [];
  return rowsSchema.parse(db.prepare("SELECT id, name FROM api_keys ORDER BY rowid DESC").all());
}
