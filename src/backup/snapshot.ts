/**
 * What a data directory holds at one moment, in a folder of its own, while others go on writing.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { backup as copyDatabase, DatabaseSync } from "node:sqlite";
import { AppError } from "../errors.ts";
import { toDisk } from "../exports/disk.ts";
import { entriesOf, removeTree } from "../exports/tree.ts";
import { DATABASE_FILE, INDEXES_FOLDER, SESSION_FILE } from "../storage/contents.ts";
import { isDiskError } from "../storage/disk_error.ts";
import { databasePath, readDataDirectory } from "../storage/open.ts";
import { assertPrivate, FILE_MODE, FOLDER_MODE } from "../storage/private.ts";
import { assertSettled, contentsOf } from "../storage/replace.ts";
import type { BackupFile } from "./format.ts";
import { indexName, isIndexName, MOST_FILES } from "./format.ts";
import { takeTurn } from "./turn.ts";

/** In the data directory, which is its owner's alone and can be written to, whatever else cannot. */
const FOLDER = ".backup";

/** A folder with the files. Disposing removes it, and lets others have their turn. */
export interface Snapshot extends AsyncDisposable {
  readonly folder: string;
  /** The database, the session, the indexes, as far as there are such. */
  readonly files: readonly BackupFile[];
}

/**
 * Takes a snapshot, when no other process takes one of the same directory or restores it.
 * @param options.onWait told once when another one does
 * @throws AppError NOT_FOUND when there is nothing, RESOURCE_EXHAUSTED when the database is damaged or the disk takes no copy, UNSUPPORTED
 * when other users have access to the directory or a restore of it was interrupted; the signal's reason
 */
export async function takeSnapshot(
  directory: string,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: () => void },
): Promise<Snapshot> {
  assertPrivate(directory);
  assertSettled(directory);
  if (contentsOf(directory).length === 0) throw nothing(directory);
  const turn = await takeTurn(directory, signal, onWait);
  const folder = join(directory, FOLDER);
  const remove = (): Promise<void> => removeTree(folder);
  try {
    // What another one has left that was killed.
    await remove();
    const names = await toDisk(folder, () => copyAll(directory, folder, signal), "Nothing was changed.");
    if (names.length === 0) throw nothing(directory);
    const files: BackupFile[] = [];
    for (const name of names) files.push(await measured(folder, name, signal));
    return { folder, files, [Symbol.asyncDispose]: () => remove().finally(() => turn[Symbol.dispose]()) };
  } catch (error) {
    await remove().finally(() => turn[Symbol.dispose]());
    throw error;
  }
}

function nothing(directory: string): AppError {
  return new AppError("NOT_FOUND", `There is nothing in ${directory} to keep: no database and no session.`, {
    field: "DATA_DIR",
    hint: "Set DATA_DIR to the folder that the server has.",
  });
}

async function copyAll(directory: string, folder: string, signal: AbortSignal): Promise<string[]> {
  assertSettled(directory);
  const names: string[] = [];
  await Deno.mkdir(join(folder, INDEXES_FOLDER), { recursive: true, mode: FOLDER_MODE });
  // First: the index of an export is there before the database says that it is finished.
  if (await copyDatabaseOf(directory, join(folder, DATABASE_FILE))) names.push(DATABASE_FILE);
  if (await copied(join(directory, SESSION_FILE), join(folder, SESSION_FILE))) names.push(SESSION_FILE);
  const indexes = (await entriesOf(join(directory, INDEXES_FOLDER))).map(({ name }) => indexName(name));
  for (const name of indexes.filter(isIndexName).toSorted().slice(0, MOST_FILES - names.length)) {
    signal.throwIfAborted();
    if (await linked(join(directory, name), join(folder, name))) names.push(name);
  }
  return names;
}

/**
 * SQLite's own copy of one moment, all pages at once, so that writers never make it begin again
 * (https://www.sqlite.org/backup.html). `VACUUM INTO` would need a second database attached, which Deno allows to those alone who may
 * read and write everything.
 * @returns whether there is a database
 */
async function copyDatabaseOf(directory: string, to: string): Promise<boolean> {
  using from = readDataDirectory(directory);
  if (from === undefined) return false;
  // SQLite keeps the mode of what is there.
  (await Deno.open(to, { write: true, createNew: true, mode: FILE_MODE })).close();
  await copyDatabase(from, to, { rate: -1 });
  if (isWhole(to)) return true;
  throw new AppError("RESOURCE_EXHAUSTED", `The database ${databasePath(directory)} is damaged: no backup was made.`, {
    hint: "Run `doctor`, and restore an earlier backup if it says the same.",
  });
}

/** Whether all of a database can be read; from then on it is one file, which can be read wherever it is. */
function isWhole(path: string): boolean {
  using db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA journal_mode = DELETE");
    return db.prepare("PRAGMA integrity_check(1)").get()?.integrity_check === "ok";
  } catch (error) {
    if (isDiskError(error)) throw error;
    return false;
  }
}

/** False for what is not there. */
async function copied(from: string, to: string): Promise<boolean> {
  try {
    await Deno.copyFile(from, to);
    await Deno.chmod(to, FILE_MODE);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Nobody changes a finished index, so a second name for it is a copy. Some disks know no second names. */
async function linked(from: string, to: string): Promise<boolean> {
  return await Deno.link(from, to).then(() => true, () => copied(from, to));
}

async function measured(folder: string, name: string, signal: AbortSignal): Promise<BackupFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of (await Deno.open(join(folder, name))).readable) {
    signal.throwIfAborted();
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { name, bytes, sha256: hash.digest("hex") };
}
