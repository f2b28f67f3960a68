/**
 * A data directory is its owner's alone: it holds the session, and keys by which others would be believed to be the owner.
 * @module
 */
import { join } from "node:path";
import { AppError } from "../errors.ts";

/** The mode of every folder that this program makes for itself. */
export const FOLDER_MODE = 0o700;
/** The mode of every file in them. */
export const FILE_MODE = 0o600;

/** Something that others than its owner have access to. */
export interface OpenPath {
  readonly path: string;
  /** Its permission bits. */
  readonly mode: number;
  readonly isFolder: boolean;
}

/**
 * What others have access to: the data directory itself, and what lies in it. Deeper folders are behind these. What belongs to
 * another user, the `lost+found` of a disk for one, was not put there by this program.
 * @returns nothing of a folder that is not there, and nothing on systems without permission bits
 */
export function openToOthers(directory: string): OpenPath[] {
  const folder = look(directory);
  if (folder === undefined || !folder.isDirectory) return [];
  const paths = [directory, ...entriesOf(directory).map((name) => join(directory, name))];
  return paths.flatMap((path) => {
    const info = look(path);
    if (info === undefined || info.mode === null || info.uid !== folder.uid || (info.mode & 0o077) === 0) return [];
    return [{ path, mode: info.mode & 0o777, isFolder: info.isDirectory }];
  });
}

/**
 * Refuses a data directory that others have access to.
 * @throws AppError UNSUPPORTED, with the command that mends it
 */
export function assertPrivate(directory: string): void {
  const open = openToOthers(directory);
  const [first] = open;
  if (first === undefined) return;
  const more = open.length === 1 ? "" : ` and ${open.length - 1} more`;
  throw new AppError(
    "UNSUPPORTED",
    `Other users of this machine have access to ${first.path}${more} (mode ${
      first.mode.toString(8)
    }), where the session ` +
      "and secrets are kept.",
    { field: "DATA_DIR", hint: `Run: ${closing(open)}` },
  );
}

/**
 * Gives what was made in a data directory to the directory's owner, where somebody else has made it, which only root can. Whoever runs the
 * server could not use it otherwise.
 * @throws Deno.errors of the file system
 */
export function giveToOwnerOf(directory: string, path: string): void {
  const [{ uid, gid }, made] = [Deno.statSync(directory), Deno.lstatSync(path)];
  if (uid !== null && gid !== null && made.uid !== uid) Deno.chownSync(path, uid, gid);
}

/** The command of a shell that takes the access away. */
export function closing(open: readonly OpenPath[]): string {
  const command = (mode: number, isFolder: boolean): string[] => {
    const paths = open.filter((each) => each.isFolder === isFolder).map(({ path }) => quoted(path));
    return paths.length === 0 ? [] : [`chmod ${mode.toString(8)} ${paths.join(" ")}`];
  };
  return [...command(FOLDER_MODE, true), ...command(FILE_MODE, false)].join(" && ");
}

function quoted(path: string): string {
  return /^[\w./+@:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Undefined for what is not there, or cannot be looked at: whoever needs it says so. */
function look(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (isUnreachable(error)) return undefined;
    throw error;
  }
}

function entriesOf(directory: string): string[] {
  try {
    return Array.from(Deno.readDirSync(directory), ({ name }) => name).toSorted();
  } catch (error) {
    if (isUnreachable(error)) return [];
    throw error;
  }
}

/** Refused by the system, or by Deno, which lets nobody look into some of the system's own folders. */
function isUnreachable(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable ||
    error instanceof Error && "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}
