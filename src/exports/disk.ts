/**
 * What a disk takes, and what it says when it does not.
 * @module
 */
import { dirname } from "node:path";
import { AppError } from "../errors.ts";

/** Writes all of it. @returns how many bytes that are */
export async function writeAll(
  to: { write(bytes: Uint8Array): Promise<number> },
  data: string | Uint8Array,
): Promise<number> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
  return bytes.length;
}

const NOTHING_LOST = "Free space, or let this user write there; nothing is lost.";

/** What the system said when it did not take the data. */
export function notWritten(what: string, cause: unknown, hint = NOTHING_LOST): AppError {
  return new AppError("RESOURCE_EXHAUSTED", `${what} cannot be written: ${systemReason(cause)}.`, { hint, cause });
}

/**
 * Writes, where whatever goes wrong is the disk's doing.
 * @param what a path
 * @throws AppError RESOURCE_EXHAUSTED
 */
export async function toDisk<T>(what: string, work: () => Promise<T>, hint?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof AppError ? error : notWritten(what, error, hint);
  }
}

/**
 * Does what reads and writes a server's own files, among other things: what the system does not give or take is worth waiting
 * for, other failures are as they were.
 * @param what a path
 * @throws AppError RESOURCE_EXHAUSTED in the system's words
 */
export async function onDisk<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isOfSystem(cause)) throw cause;
    throw new AppError("RESOURCE_EXHAUSTED", `${what} cannot be read or written: ${systemReason(cause)}.`, {
      hint: NOTHING_LOST,
      cause,
    });
  }
}

/** Whether an error has a name of the system's: https://man7.org/linux/man-pages/man3/errno.3.html */
export function isOfSystem(error: unknown): boolean {
  return !(error instanceof AppError) && error instanceof Error && "code" in error &&
    /^E[A-Z0-9]+$/.test(String(error.code));
}

/** The system's own words, without the number and the paths that Deno adds. */
export function systemReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error .*$/s, "").replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

/**
 * Refuses a path that a finished export must not take.
 * @throws AppError INPUT_VALIDATION
 */
export async function assertFree(path: string, force: boolean): Promise<void> {
  const there = await statOf(path);
  if (there === undefined || there.isFile && force) return;
  throw there.isFile
    ? invalid(`${path} exists already.`, "Choose another file, or add --force to replace it.")
    : invalid(`${path} is not a regular file.`, "Name the file to write, or - for standard output.");
}

/** Removes a file, if it is there. */
export async function removeFile(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** A rename is on the disk once its folder is: https://man7.org/linux/man-pages/man2/fsync.2.html */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(dirname(path));
  await folder.sync();
}

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): AppError {
  const hint = "Choose a file in a folder that exists and may be written to.";
  return new AppError("INPUT_VALIDATION", `${path} cannot be opened: ${systemReason(cause)}.`, {
    field: "--out",
    hint,
    cause,
  });
}

function invalid(message: string, hint: string): AppError {
  return new AppError("INPUT_VALIDATION", message, { field: "--out", hint });
}
