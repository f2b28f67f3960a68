/**
 * The files that an export has: each is downloaded once, however many messages have it, and stored once, however many
 * files it is for Telegram.
 * @module
 */
import { join } from "node:path";
import { type MediaRecord, mediaRecordSchema, type SavedMedia } from "../model/media_record.ts";
import type { MediaPosition } from "./job.ts";
import { readLines } from "./lines.ts";
import { MEDIA_FILE } from "./manifest.ts";
import { readFileMessages } from "./media_messages.ts";
import { fileIdOf } from "./media_slots.ts";

/** A file that is there. */
export type Stored = Pick<SavedMedia, "file" | "bytes" | "sha256">;

/** See the module's text. Never more entries than files were downloaded. */
export interface KnownFiles {
  /** Files downloaded, as Telegram counts them. */
  count(): number;
  find(key: string): Stored | undefined;
  /** Notes a download. @returns the file that has this content, which may have come before under another name */
  add(key: string, downloaded: Stored): Stored;
}

/** Begins at nothing. */
export function createKnownFiles(): KnownFiles {
  const byKey = new Map<string, Stored>();
  const byContent = new Map<string, Stored>();
  return {
    count: () => byKey.size,
    find: (key) => byKey.get(key),
    add: (key, downloaded) => {
      const stored = byContent.get(downloaded.sha256) ?? downloaded;
      byContent.set(stored.sha256, stored);
      byKey.set(key, stored);
      return stored;
    },
  };
}

/**
 * What the files of a job say that was interrupted; undefined when one of its messages' files is not there any more.
 * @param folder the job's own, with both files as parts
 * @throws the signal's reason
 */
export async function restoreKnownFiles(
  folder: string,
  position: MediaPosition,
  signal: AbortSignal,
): Promise<KnownFiles | undefined> {
  const known = createKnownFiles();
  const there = new Set<string>();
  const records = readRecordsOf(join(folder, `${MEDIA_FILE}.part`), position.bytes);
  try {
    let left = await records.next();
    for await (const { slots } of readFileMessages(folder, { signal })) {
      if (left.done) break;
      for (const { media } of slots ?? []) {
        const { done, value: record } = left;
        if (done) break;
        left = await records.next();
        if (!("file" in record)) continue;
        const key = fileIdOf(media)?.key;
        if (key === undefined || !there.has(record.file) && !await isThere(folder, record)) return undefined;
        there.add(record.file);
        const { file, bytes, sha256 } = record;
        known.add(key, { file, bytes, sha256 });
      }
    }
    return known;
  } finally {
    await records.return();
  }
}

/**
 * The records of a file.
 * @param to where they end, in bytes; the file's end if left out
 * @throws ZodError and SyntaxError for a line that is none
 */
export async function* readRecordsOf(path: string, to?: number): AsyncGenerator<MediaRecord, void, undefined> {
  for await (const { text } of readLines(path, 0, to)) yield mediaRecordSchema.parse(JSON.parse(text));
}

/** Whether a record's file has its length; what is in it is for the manifest's checks. */
export async function isThere(folder: string, { file, bytes }: Pick<Stored, "file" | "bytes">): Promise<boolean> {
  try {
    const { isFile, size } = await Deno.lstat(join(folder, file));
    return isFile && size === bytes;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
