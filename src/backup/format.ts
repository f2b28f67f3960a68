/**
 * What a backup is: a tar archive of regular files, the manifest first, then the files that it lists, in its order, and nothing else.
 * @module
 */
import * as z from "zod";
import { isExportId } from "../exports/store.ts";
import { DATABASE_FILE, INDEXES_FOLDER, SESSION_FILE } from "../storage/contents.ts";

/** Where the list of the files is in the archive. */
export const MANIFEST_NAME = "manifest.json";
/** The format and its version. */
export const FORMAT = "backup/1";
/** Nobody has more: a hundred bytes a file. */
export const MOST_FILES = 100_000;
/** What a manifest may take. */
export const MOST_MANIFEST_BYTES = 32 << 20;
/** What a stored session may take; they have some 400 bytes. */
const MOST_SESSION_BYTES = 1 << 16;

const fileSchema = z.strictObject({
  /** Relative to the data directory, with slashes. */
  name: z.string().refine(isKnown, "expected a file of a data directory"),
  bytes: z.int().min(0),
  /** In hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
}).refine(({ name, bytes }) => name !== SESSION_FILE || bytes <= MOST_SESSION_BYTES, "expected a session");

/** The first file of a backup. */
export const backupManifestSchema = z.strictObject({
  schema: z.literal(FORMAT),
  /** What has written it. */
  program: z.strictObject({ name: z.string(), version: z.string(), commit: z.string().optional() }),
  created: z.iso.datetime(),
  files: z.array(fileSchema).min(1).max(MOST_FILES)
    .refine((files) => new Set(files.map(({ name }) => name)).size === files.length, "expected every name once"),
});

/** See {@link backupManifestSchema}. */
export type BackupManifest = Readonly<z.infer<typeof backupManifestSchema>>;
/** A file of a backup. */
export type BackupFile = Readonly<z.infer<typeof fileSchema>>;

/** The name of an index in a backup. */
export function indexName(id: string): string {
  return `${INDEXES_FOLDER}/${id}`;
}

/** Whether a name is an index's. */
export function isIndexName(name: string): boolean {
  return name.startsWith(`${INDEXES_FOLDER}/`) && isExportId(name.slice(INDEXES_FOLDER.length + 1));
}

/** These names and no others: none leads out of the folder that it is put into. */
function isKnown(name: string): boolean {
  return name === DATABASE_FILE || name === SESSION_FILE || isIndexName(name);
}
