/**
 * The database file.
 * @module
 */
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../errors.ts";
import { DATABASE_FILE } from "./contents.ts";
import { assertPrivate, FILE_MODE, FOLDER_MODE } from "./private.ts";
import { assertSettled } from "./replace.ts";

/** An open SQLite database; disposing closes it. */
export type Database = DatabaseSync & Disposable;

/**
 * Opens a database and creates it, and its folder, when missing; only the owner may read them.
 *
 * Write-ahead logging lets readers and the writer work at once (https://www.sqlite.org/wal.html).
 *
 * @param path of the file, or `:memory:`
 * @throws {AppError} RESOURCE_EXHAUSTED when the file cannot be opened or is no database
 */
export function openDatabase(path: string): Database {
  let db: DatabaseSync | undefined;
  try {
    if (path !== ":memory:") createPrivately(path);
    db = new DatabaseSync(path);
    db.exec(
      "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON",
    );
    return db;
  } catch (cause) {
    db?.close();
    throw new AppError("RESOURCE_EXHAUSTED", `The database ${path} cannot be opened.`, {
      hint:
        "Check DATA_DIR: the folder must be writable, on a disk with free space, and the file a database of this program.",
      cause,
    });
  }
}

/** Where the database of a data directory lies. */
export function databasePath(directory: string): string {
  return join(directory, DATABASE_FILE);
}

/**
 * The database of a data directory; see {@link openDatabase}.
 * @throws AppError UNSUPPORTED when other users have access to the directory, or a restore of it was interrupted
 */
export function openDataDirectory(directory: string): Database {
  assertPrivate(directory);
  assertSettled(directory);
  return openDatabase(databasePath(directory));
}

/**
 * The database of a data directory to read from, beside whoever writes it; undefined when there is none.
 * @throws AppError RESOURCE_EXHAUSTED when it cannot be read or is no database, UNSUPPORTED as {@link openDataDirectory}
 */
export function readDataDirectory(directory: string): Database | undefined {
  assertPrivate(directory);
  assertSettled(directory);
  const path = databasePath(directory);
  let db: DatabaseSync | undefined;
  try {
    Deno.statSync(path);
    db = new DatabaseSync(path, { readOnly: true });
    db.exec("PRAGMA busy_timeout = 5000; SELECT 1 FROM sqlite_schema");
    return db;
  } catch (cause) {
    db?.close();
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new AppError("RESOURCE_EXHAUSTED", `The database ${path} cannot be read.`, {
      hint: "Check DATA_DIR, run the command as the user that runs the server, and look whether the disk is full.",
      cause,
    });
  }
}

/** SQLite gives its -wal and -shm files the mode of the database, so it is set before SQLite creates them. */
function createPrivately(path: string): void {
  Deno.mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  Deno.openSync(path, { create: true, append: true, mode: FILE_MODE }).close();
  if (Deno.build.os !== "windows") Deno.chmodSync(path, FILE_MODE);
}
