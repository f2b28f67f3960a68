/**
 * The last steps of the messages' files: from parts to files that the manifest lists.
 * @module
 */
import { join } from "node:path";
import { AppError } from "../errors.ts";
import type { ManifestFile, ManifestMedia } from "../model/manifest.ts";
import type { MediaPosition } from "./job.ts";
import { openLogFile } from "./log_file.ts";
import { MEDIA_FILE, MEDIA_FOLDER } from "./manifest.ts";
import { isThere, readRecordsOf } from "./media_known.ts";

/** Media files as a manifest has them. */
export interface FinishedMedia {
  /** {@link MEDIA_FILE} not among them. */
  readonly files: readonly ManifestFile[];
  readonly summary: ManifestMedia;
}

/**
 * Names the file of records, takes away what no record tells of, and says what there is. It may be done again after a crash.
 * @param position the last checkpoint
 * @returns undefined when the records are not there any more
 * @throws AppError RESOURCE_EXHAUSTED when a file is not there that a record tells of, or the disk takes nothing; Deno.errors; the
 * signal's reason
 */
export async function finishMedia(
  folder: string,
  position: MediaPosition,
  signal: AbortSignal,
): Promise<FinishedMedia | undefined> {
  {
    using log = await openLogFile(folder, position.bytes, MEDIA_FILE);
    if (log === undefined) return undefined;
    await log.complete();
  }
  const media = await summarize(join(folder, MEDIA_FILE), signal);
  for (const file of media.files) {
    signal.throwIfAborted();
    if (await isThere(folder, { file: file.name, bytes: file.bytes })) continue;
    // Whoever tries again later finds that too, and downloads anew.
    throw new AppError("RESOURCE_EXHAUSTED", `${file.name} is not there any more, or not as it was written.`);
  }
  await removeOthers(folder, new Set(media.files.map(({ name }) => name)));
  return media;
}

/** What records come to. */
async function summarize(path: string, signal: AbortSignal): Promise<FinishedMedia> {
  const files = new Map<string, ManifestFile>();
  const skipped: ManifestMedia["skipped"] = {};
  for await (const record of readRecordsOf(path)) {
    signal.throwIfAborted();
    if ("skipped" in record) skipped[record.skipped] = (skipped[record.skipped] ?? 0) + 1;
    else files.set(record.file, { name: record.file, bytes: record.bytes, sha256: record.sha256 });
  }
  return { files: [...files.values()], summary: summaryOf([...files.values()], skipped) };
}

/** The sum of files that differ, and of records without one. */
export function summaryOf(
  files: readonly Pick<ManifestFile, "bytes">[],
  skipped: ManifestMedia["skipped"],
): ManifestMedia {
  const byName = Object.entries(skipped).sort(([a], [b]) => a < b ? -1 : 1);
  return {
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    skipped: Object.fromEntries(byName),
  };
}

/** What was to be had and is not there. The owner's limits and Telegram's own rules are no reason to call it missing. */
const MISSED = ["changed", "denied", "failed", "quota", "wrong_size"] as const;

/** Why files of messages keep an export from being complete: a sentence for its manifest, or none. */
export function missedMedia({ skipped }: Pick<ManifestMedia, "skipped">): string[] {
  const missed = MISSED.flatMap((reason) => skipped[reason] === undefined ? [] : [`${skipped[reason]} ${reason}`]);
  return missed.length === 0 ? [] : [`Files of messages could not be downloaded: ${missed.join(", ")}.`];
}

/** Parts, and what was named shortly before a crash and is of no message any more. */
async function removeOthers(folder: string, names: ReadonlySet<string>): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(join(folder, MEDIA_FOLDER))) {
      if (names.has(`${MEDIA_FOLDER}/${name}`)) continue;
      await Deno.remove(join(folder, MEDIA_FOLDER, name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
