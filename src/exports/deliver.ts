/**
 * Puts the files of a finished export where its owner wants them.
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError } from "../errors.ts";
import type { ExportFormat } from "./job.ts";
import { MANIFEST_FILE, MEDIA_FILE, MEDIA_FOLDER, MESSAGES_FILE, readManifest } from "./manifest.ts";
import { assertFree, notWritten, removeFile, syncFolder } from "./disk.ts";

/** Where files go. */
export interface Destination {
  /** A file, or a folder when it ends with a slash. */
  readonly out: string;
  /** Whether files that are there are replaced. */
  readonly force: boolean;
  /** Whether nobody else may want them: then they take no room twice where one disk has both. */
  readonly isOwn: boolean;
}

/** Whether a destination is a folder. */
export function isFolder(out: string): boolean {
  return /[/\\]$/.test(out);
}

/**
 * Refuses a destination that nothing can be put at, before an export is begun.
 * @throws AppError INPUT_VALIDATION
 */
export async function assertDeliverable({ out, force }: Omit<Destination, "isOwn">): Promise<void> {
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
 * Delivers a finished export, whose own files stay until whoever calls removes them: what fails can be done again. What of it is
 * there already is taken away then, unless it has replaced something.
 * @param folder the job's own
 * @returns what to look at: the file, or the folder
 * @throws AppError INPUT_VALIDATION, RESOURCE_EXHAUSTED, NOT_FOUND when the files are not there any more
 */
export async function deliver(folder: string, format: ExportFormat, destination: Destination): Promise<string> {
  const { out, force } = destination;
  const manifest = await readManifest(folder);
  if (manifest === undefined) throw filesGone(folder);
  const names = manifest.files.map(({ name }) => name);
  if (!isFolder(out)) {
    const name = format === "ndjson" ? MESSAGES_FILE : names.find(isRender) ?? MESSAGES_FILE;
    await place(join(folder, name), out, destination);
    return out;
  }
  const stale = force ? (await listedIn(out)).filter((name) => !names.includes(name)) : [];
  const placed: string[] = [];
  try {
    for (const name of names) {
      await place(join(folder, name), join(out, name), destination);
      placed.push(join(out, name));
    }
    for (const name of stale) await removeFile(join(out, name));
    // Last: with it the folder is complete.
    await place(join(folder, MANIFEST_FILE), join(out, MANIFEST_FILE), destination);
  } catch (error) {
    if (!force) { for (const path of placed) await removeFile(path); }
    throw error;
  }
  return out;
}

/** What is said of an export whose files were removed before they were delivered. */
export function filesGone(folder: string): AppError {
  return new AppError("NOT_FOUND", `The files of the export are not in ${folder} any more.`, {
    hint:
      "The server removes them after RESOURCE_MAX_AGE_HOURS: raise that if it is short, and run the same command again.",
  });
}

/** The files of an export that another one replaces. A manifest that is none of ours, or names files elsewhere, lists none. */
async function listedIn(folder: string): Promise<string[]> {
  const manifest = await readManifest(folder).catch(() => undefined);
  return manifest?.files.map(({ name }) => name) ?? [];
}

/** Whether a file is neither records nor a message's own. */
function isRender(name: string): boolean {
  return name !== MESSAGES_FILE && name !== MEDIA_FILE && !name.startsWith(`${MEDIA_FOLDER}/`);
}

/** Puts a file to a path, which is never half of it. */
async function place(from: string, to: string, { force, isOwn }: Destination): Promise<void> {
  await assertFree(to, force);
  const part = join(dirname(to), `.${basename(to)}.part`);
  try {
    await Deno.mkdir(dirname(to), { recursive: true, mode: 0o700 });
    // One that was left may be a link to the file itself, which a copy onto it would empty.
    await removeFile(part);
    if (!isOwn || !await linked(from, part)) {
      await Deno.copyFile(from, part);
      using file = await Deno.open(part, { write: true });
      await file.sync();
    }
    await Deno.rename(part, to);
    await syncFolder(to);
  } catch (error) {
    if (!existsSync(from)) throw filesGone(dirname(from));
    throw notWritten(to, error, "Correct that and run the same command again.");
  } finally {
    // Also after a rename onto a link to the same file, which leaves both: rename(2).
    await removeFile(part).catch(() => {});
  }
}

/** False where the two are on different disks, or the disk has no links. */
async function linked(from: string, to: string): Promise<boolean> {
  return await Deno.link(from, to).then(() => true, () => false);
}

function invalid(message: string, hint: string): AppError {
  return new AppError("INPUT_VALIDATION", message, { field: "--out", hint });
}
