/**
 * Paths that files are put at.
 * @module
 */
import { dirname } from "node:path";
import { AppError } from "../errors.ts";
import { systemReason } from "./sink.ts";

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
