/**
 * From a backup to a data directory: all of it is read, checked and on the disk before anything there changes.
 * @module
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../errors.ts";
import { syncFolder, toDisk, writeAll } from "../exports/disk.ts";
import { beginAgain, createExportStore, isExportId } from "../exports/store.ts";
import { entriesOf, removeTree } from "../exports/tree.ts";
import { DATABASE_FILE, EXPORTS_FOLDER, INDEXES_FOLDER } from "../storage/contents.ts";
import { FILE_MODE, FOLDER_MODE, giveToOwnerOf } from "../storage/private.ts";
import { PREPARED_FOLDER, replaceContents, type Replaced } from "../storage/replace.ts";
import { unpack } from "./archive.ts";
import type { BackupManifest } from "./format.ts";
import { migrateAll } from "./tables.ts";

/** Ids of exports that have files in the directory, which a restore leaves alone. */
export interface ExportsThere {
  /** Not over in the backup: they begin again, and write into the same folders. */
  readonly again: readonly string[];
  /** Of which the backup knows nothing: nobody is given their files, and the sweep takes them when they are old enough. */
  readonly unknown: readonly string[];
}

/** What {@link restore} did. */
export interface Restored extends Replaced {
  readonly manifest: BackupManifest;
  readonly exports: ExportsThere;
}

/**
 * Restores a backup into a directory that this process holds; what was in there is kept in a folder of it, and the files of exports stay
 * where they are.
 * @throws AppError INPUT_VALIDATION for what is no whole backup, UNSUPPORTED for one of a newer program and where something cannot be moved
 * away, RESOURCE_EXHAUSTED when the disk does not take it; the signal's reason. Nothing is changed then
 */
export async function restore(
  directory: string,
  source: ReadableStream<Uint8Array>,
  { signal, now }: { readonly signal: AbortSignal; readonly now: () => Date },
): Promise<Restored> {
  const folder = join(directory, PREPARED_FOLDER);
  try {
    const manifest = await prepare(folder, source, signal);
    const there = (await entriesOf(join(directory, EXPORTS_FOLDER))).map(({ name }) => name).filter(isExportId);
    const exports = isWith(manifest, DATABASE_FILE)
      ? adopt(join(folder, DATABASE_FILE), there.toSorted())
      : { again: [], unknown: there.toSorted() };
    for (const each of [join(folder, DATABASE_FILE), join(folder, INDEXES_FOLDER, "any")]) {
      await toDisk(folder, () => syncFolder(each));
    }
    signal.throwIfAborted();
    settle(directory, folder);
    await toDisk(folder, () => syncFolder(folder));
    return { manifest, exports, ...replaceContents(directory, now()) };
  } catch (error) {
    await removeTree(folder);
    throw error;
  }
}

/** Puts the files where they are checked. */
async function prepare(
  folder: string,
  source: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<BackupManifest> {
  const hint = "Nothing was changed: free space on the disk of DATA_DIR and try again.";
  return await unpack(source, {
    signal,
    begin: () =>
      toDisk(folder, () => Deno.mkdir(join(folder, INDEXES_FOLDER), { recursive: true, mode: FOLDER_MODE }), hint),
    take: async ({ name }, bytes) => {
      const path = join(folder, name);
      using file = await toDisk(path, () => Deno.open(path, { write: true, createNew: true, mode: FILE_MODE }), hint);
      for await (const chunk of bytes) {
        signal.throwIfAborted();
        await toDisk(path, () => writeAll(file, chunk), hint);
      }
      await toDisk(path, () => file.sync(), hint);
    },
  });
}

function isWith({ files }: BackupManifest, wanted: string): boolean {
  return files.some(({ name }) => name === wanted);
}

/**
 * Looks whether a file is a whole database of this program, and brings it to what this version knows.
 * @param there ids of exports that have files
 */
function adopt(path: string, there: readonly string[]): ExportsThere {
  using db = new DatabaseSync(path);
  if (!isWhole(db)) {
    throw new AppError("INPUT_VALIDATION", "This is no whole backup of this program: its database is damaged.", {
      hint: "Nothing was changed. Take another one.",
    });
  }
  // Until it is in its place the database is one file; the server decides how it works with it.
  db.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL");
  migrateAll(db);
  const again = new Set(beginAgain(db));
  const { endOf } = createExportStore(db);
  return { again: there.filter((id) => again.has(id)), unknown: there.filter((id) => endOf(id) === null) };
}

function isWhole(db: DatabaseSync): boolean {
  try {
    return db.prepare("PRAGMA integrity_check(1)").get()?.integrity_check === "ok";
  } catch {
    // It is no database at all.
    return false;
  }
}

/** Whoever runs the server owns the directory, and gets what root has put there. */
function settle(directory: string, folder: string): void {
  const give = (path: string): void => {
    giveToOwnerOf(directory, path);
    for (const { name } of Deno.lstatSync(path).isDirectory ? Deno.readDirSync(path) : []) give(join(path, name));
  };
  give(folder);
}
