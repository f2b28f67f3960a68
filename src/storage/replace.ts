/**
 * Puts other contents into a data directory: all of them or none, whatever interrupts it. The directory itself stays, since it may be a
 * mounted volume, its parent may be somebody else's, and the lock of its holder is in it.
 *
 * One rename decides: what was prepared gets a name that says that it is whole. From then on nobody opens the database until a holder
 * of the directory has gone on to the end, or back where the system does not let go of what was there, a mount point for one.
 * @module
 */
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { CONTENTS } from "./contents.ts";
import { FOLDER_MODE, giveToOwnerOf } from "./private.ts";

/** Where contents are prepared by who holds the directory. */
export const PREPARED_FOLDER = ".restore";
/** Whole, and what was there before is being moved away; then all of that is away. A moment follows, which the former contents get too. */
const WHOLE = ".restore-whole-";
const PLACING = ".restore-placing-";
const BEFORE = "before-restore-";

/** What became of a directory. */
export interface Replaced {
  /** The folder that has the former contents; undefined when there were none. */
  readonly before?: string;
}

/** Which of {@link CONTENTS} there are. */
export function contentsOf(directory: string): string[] {
  return CONTENTS.filter((name) => isThere(join(directory, name)));
}

/**
 * Replaces the contents of a directory, which this process must hold, by those of {@link PREPARED_FOLDER}, which must be on the disk.
 * @throws Deno.errors of the file system when nothing was changed; as {@link finishReplacing}
 */
export function replaceContents(directory: string, now: Date): Replaced {
  const stamp = now.toISOString().replace(/\.\d+Z$/, "Z").replaceAll(":", "");
  let name = stamp;
  for (let n = 2; isThere(join(directory, `${BEFORE}${name}`)); n++) name = `${stamp}-${n}`;
  Deno.renameSync(join(directory, PREPARED_FOLDER), join(directory, `${WHOLE}${name}`));
  sync(directory);
  return finishReplacing(directory) ?? {};
}

/**
 * Goes on with a replacement that was interrupted, in a directory that this process holds, and removes what was prepared for one that never
 * began.
 * @returns undefined when there was none
 * @throws AppError UNSUPPORTED when something cannot be moved away, and all is as it was; RESOURCE_EXHAUSTED when the disk does not take
 * it, and whoever holds the directory next goes on
 */
export function finishReplacing(directory: string): Replaced | undefined {
  try {
    return goOn(directory);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("RESOURCE_EXHAUSTED", `A restore of ${directory} cannot be completed: ${reasonOf(cause)}.`, {
      hint: "Nothing is lost. Correct that, and start the server, or run `restore` again: either completes it.",
      cause,
    });
  }
}

function goOn(directory: string): Replaced | undefined {
  const whole = find(directory, WHOLE);
  if (whole !== undefined) {
    const before = join(directory, `${BEFORE}${whole.slice(WHOLE.length)}`);
    try {
      moveAway(directory, before);
    } catch (cause) {
      putBack(directory, before);
      Deno.renameSync(join(directory, whole), join(directory, PREPARED_FOLDER));
      sync(directory);
      Deno.removeSync(join(directory, PREPARED_FOLDER), { recursive: true });
      throw new AppError("UNSUPPORTED", `${directory} cannot be restored: ${reasonOf(cause)}.`, {
        hint:
          "Everything is as it was. Nothing may be mounted on what is named there, and this user must be allowed to " +
          "rename it; else restore into another DATA_DIR.",
        cause,
      });
    }
    Deno.renameSync(join(directory, whole), join(directory, `${PLACING}${whole.slice(WHOLE.length)}`));
    sync(directory);
  }
  if (isThere(join(directory, PREPARED_FOLDER))) Deno.removeSync(join(directory, PREPARED_FOLDER), { recursive: true });
  const placing = find(directory, PLACING);
  if (placing === undefined) return undefined;
  const from = join(directory, placing);
  for (const name of contentsOf(from)) Deno.renameSync(join(from, name), join(directory, name));
  sync(directory);
  Deno.removeSync(from);
  sync(directory);
  const before = join(directory, `${BEFORE}${placing.slice(PLACING.length)}`);
  return isThere(before) ? { before } : {};
}

/** Whether nothing is being replaced in a directory, or was when that was interrupted. */
export function isSettled(directory: string): boolean {
  return find(directory, WHOLE) === undefined && find(directory, PLACING) === undefined;
}

/**
 * Refuses a directory whose contents are being replaced, or were when that was interrupted.
 * @throws AppError UNSUPPORTED
 */
export function assertSettled(directory: string): void {
  if (isSettled(directory)) return;
  throw new AppError("UNSUPPORTED", `A restore of ${directory} is under way, or was interrupted.`, {
    field: "DATA_DIR",
    hint: "When no other command is at it, start the server, or run `restore` again: either completes it.",
  });
}

function moveAway(directory: string, to: string): void {
  const names = contentsOf(directory);
  if (names.length === 0) return;
  Deno.mkdirSync(to, { recursive: true, mode: FOLDER_MODE });
  giveToOwnerOf(directory, to);
  for (const name of names) Deno.renameSync(join(directory, name), join(to, name));
  sync(to);
  sync(directory);
}

/** Undoes {@link moveAway}, however far that came. */
function putBack(directory: string, from: string): void {
  if (!isThere(from)) return;
  for (const name of contentsOf(from)) Deno.renameSync(join(from, name), join(directory, name));
  sync(directory);
  Deno.removeSync(from);
}

/** What the system said, and of which path. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function find(directory: string, prefix: string): string | undefined {
  try {
    return Deno.readDirSync(directory).find(({ name }) => name.startsWith(prefix))?.name;
  } catch (error) {
    // Some of the system's own folders Deno lets nobody look into.
    const none = [Deno.errors.NotFound, Deno.errors.NotADirectory, Deno.errors.NotCapable];
    if (none.some((kind) => error instanceof kind)) return undefined;
    throw error;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Renames are on the disk once their folder is: https://man7.org/linux/man-pages/man2/fsync.2.html */
function sync(folder: string): void {
  if (Deno.build.os === "windows") return;
  using file = Deno.openSync(folder);
  file.syncSync();
}
