/**
 * Puts the files of a finished export where its owner wants them.
 * @module
 */
import { basename, dirname, join } from "node:path";
import { AppError } from "../errors.ts";
import type { ExportFormat } from "./job.ts";
import { MANIFEST_FILE, MEDIA_FILE, MEDIA_FOLDER, MESSAGES_FILE, readManifest } from "./manifest.ts";
import { assertFree, notWritten, syncFolder } from "./disk.ts";

/** Where files go. */
export interface Destination {
  /** A file, or a folder when it ends with a slash. */
  readonly out: string;
  /** Whether files that are there are replaced. */
  readonly force: boolean;
  /** Whether they may be taken away from where they are. */
  readonly move: boolean;
}

/** Whether a destination is a folder. */
export function isFolder(out: string): boolean {
  return /[/\\]$/.test(out);
}

/**
 * Refuses a destination that nothing can be put at, before an export is begun.
 * @throws AppError INPUT_VALIDATION
 */
export async function assertDeliverable({ out, force }: Omit<Destination, "move">): Promise<void> {
  if (!isFolder(out)) {
    await assertFree(out, force);
    const folder = await Deno.stat(dirname(out)).catch(() => undefined);
    if (folder?.isDirectory) return;
    throw invalid(`${dirname(out)} is no folder.`, "Choose a file in a folder that exists and may be written to.");
  }
  await assertFree(join(out, MANIFEST_FILE), force);
  await assertFree(join(out, MESSAGES_FILE), force);
}

/**
 * Delivers a finished export.
 * @param folder the job's own
 * @returns what to look at: the file, or the folder
 * @throws AppError INPUT_VALIDATION, RESOURCE_EXHAUSTED
 */
export async function deliver(folder: string, format: ExportFormat, destination: Destination): Promise<string> {
  const { out } = destination;
  const manifest = await readManifest(folder);
  if (manifest === undefined) {
    throw new AppError("NOT_FOUND", `The files of the export are not in ${folder} any more.`, {
      hint: "Run the same command again.",
    });
  }
  const names = manifest.files.map(({ name }) => name);
  if (!isFolder(out)) {
    const name = format === "ndjson" ? MESSAGES_FILE : names.find(isRender) ?? MESSAGES_FILE;
    await place(join(folder, name), out, destination);
    return out;
  }
  // The manifest last: with it the folder is complete.
  for (const name of [...names, MANIFEST_FILE]) await place(join(folder, name), join(out, name), destination);
  return out;
}

/** Whether a file is neither records nor a message's own. */
function isRender(name: string): boolean {
  return name !== MESSAGES_FILE && name !== MEDIA_FILE && !name.startsWith(`${MEDIA_FOLDER}/`);
}

/** Puts a file to a path, which is never half of it. */
async function place(from: string, to: string, { force, move }: Destination): Promise<void> {
  await assertFree(to, force);
  try {
    await Deno.mkdir(dirname(to), { recursive: true, mode: 0o700 });
    if (!move || !await renamed(from, to)) {
      const part = join(dirname(to), `.${basename(to)}.part`);
      await Deno.copyFile(from, part);
      using file = await Deno.open(part, { write: true });
      await file.sync();
      await Deno.rename(part, to);
    }
    await syncFolder(to);
  } catch (error) {
    throw notWritten(to, error, "Correct that and run the same command again.");
  }
}

/** False for a path on another disk. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await Deno.rename(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EXDEV") return false;
    throw error;
  }
}

function invalid(message: string, hint: string): AppError {
  return new AppError("INPUT_VALIDATION", message, { field: "--out", hint });
}
