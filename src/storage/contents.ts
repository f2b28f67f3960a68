/**
 * What a data directory has in it, besides the lock of who holds it.
 * @module
 */

/** SQLite keeps files beside it, named {@link DATABASE_FILE} and an ending. */
export const DATABASE_FILE = "telegram-toolkit.sqlite";
/** What `login` has stored. */
export const SESSION_FILE = "session";
/** Every export has a folder in it. */
export const EXPORTS_FOLDER = "exports";
/** What finished exports had, for those that continue them; a file each. */
export const INDEXES_FOLDER = "exports-index";

/**
 * All that a backup replaces, SQLite's own files before what they belong to. {@link EXPORTS_FOLDER} is not among it: a backup has no files
 * of exports, those that are there are found by the ids that no other export ever has, and a disk of their own may be mounted there.
 */
export const CONTENTS: readonly string[] = [
  `${DATABASE_FILE}-journal`,
  `${DATABASE_FILE}-wal`,
  `${DATABASE_FILE}-shm`,
  DATABASE_FILE,
  SESSION_FILE,
  INDEXES_FOLDER,
];
