/**
 * One file of a message, downloaded into a part that grows and is renamed by its content when it is whole.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import type { Media } from "../model/media.ts";
import { type FileSource, readFile } from "../telegram/download.ts";
import type { StoredFile } from "../telegram/media.ts";
import { MEDIA_FOLDER } from "./manifest.ts";
import type { Stored } from "./media_known.ts";
import { mediaName } from "./media_name.ts";
import { syncFolder, toDisk, writeAll } from "./disk.ts";

/** A part that is open. All of it throws AppError RESOURCE_EXHAUSTED when the system does not take it. */
export interface MediaPart extends Disposable {
  readonly key: string;
  /** How long it is. */
  readonly bytes: () => number;
  write(chunk: Uint8Array): Promise<void>;
  /** Puts all that was written on the disk. */
  sync(): Promise<void>;
  /** Gives it its name. */
  complete(about: Pick<Media, "kind" | "mime_type">): Promise<Stored>;
  /** Takes it away. */
  remove(): Promise<void>;
}

/** What the server reads and writes a file in: parts of files begin at multiples of it. */
const UNIT = 4096;
const CHUNK = 1 << 18;

/**
 * Opens the part of a file.
 * @param folder the job's own
 * @param key tells the file from others
 * @param trusted so much of it is known to be on the disk and is read, not downloaded again; bytes
 */
export async function openMediaPart(folder: string, key: string, trusted: number): Promise<MediaPart> {
  const directory = join(folder, MEDIA_FOLDER);
  const part = join(directory, `.${key}.part`);
  const onPart = <T>(work: () => Promise<T>): Promise<T> => toDisk(part, work);
  const file = await onPart(async () => {
    await makeFolder(directory);
    return await Deno.open(part, { read: true, write: true, create: true, mode: 0o600 });
  });
  const hash = createHash("sha256");
  let length = 0;
  try {
    length = await onPart(() => continueAt(file, trusted, hash));
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    key,
    bytes: () => length,
    write: async (chunk) => {
      await onPart(() => writeAll(file, chunk));
      hash.update(chunk);
      length += chunk.length;
    },
    sync: () => onPart(() => file.sync()),
    complete: async (about) => {
      const sha256 = hash.digest("hex");
      const name = mediaName(sha256, about);
      await onPart(async () => {
        await file.sync();
        await Deno.rename(part, join(folder, name));
        await syncFolder(join(folder, name));
      });
      return { file: name, bytes: length, sha256 };
    },
    remove: () => onPart(() => Deno.remove(part)),
    [Symbol.dispose]: () => file.close(),
  };
}

/** A new one is on the disk before anything in it counts. */
async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { mode: 0o700 });
    await syncFolder(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** Takes what is trusted into the hash and cuts the rest away. */
async function continueAt(file: Deno.FsFile, trusted: number, hash: Hash): Promise<number> {
  const { size } = await file.stat();
  const length = size < trusted ? 0 : trusted - trusted % UNIT;
  await file.truncate(length);
  const chunk = new Uint8Array(CHUNK);
  for (let left = length; left > 0;) {
    const count = await file.read(chunk.subarray(0, Math.min(CHUNK, left)));
    if (count === null) throw new RangeError("the part became shorter while it was read");
    hash.update(chunk.subarray(0, count));
    left -= count;
  }
  return length;
}

/**
 * Downloads what is missing of a part.
 * @param onWritten after each stretch
 * @throws AppError; FileProblem when the file is not what Telegram told
 */
export async function fillPart(
  part: MediaPart,
  stored: StoredFile,
  source: FileSource,
  onWritten: () => Promise<void>,
): Promise<void> {
  for await (const chunk of readFile(stored, source, { start: part.bytes(), end: stored.size, toEnd: true })) {
    await part.write(chunk);
    await onWritten();
  }
}
