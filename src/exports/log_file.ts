/**
 * The records of a job: NDJSON that only grows, in a part file which is renamed when all are in it.
 * @module
 */
import { dirname, join } from "node:path";
import { MESSAGES_FILE } from "./manifest.ts";
import { syncFolder, toDisk, writeAll } from "./disk.ts";

/** An open part. All of it throws AppError RESOURCE_EXHAUSTED when the system does not take it. */
export interface LogFile extends Disposable {
  /** How long it is with what was written. */
  readonly bytes: () => number;
  write(text: string): Promise<void>;
  /** Puts all that was written on the disk: before that no checkpoint may tell of it. */
  sync(): Promise<void>;
  /** Gives it its name. */
  complete(): Promise<void>;
}

/**
 * Opens the part of a job, cut to where its last checkpoint stands; one that was completed already is a part again.
 * @param folder the job's own, made when missing
 * @param bytes the length at the checkpoint
 * @param name the file's, without folders
 * @returns undefined when the file is not there, or shorter than that: what the checkpoint tells of is gone
 */
export async function openLogFile(
  folder: string,
  bytes: number,
  name = MESSAGES_FILE,
): Promise<LogFile | undefined> {
  const path = join(folder, name);
  const part = `${path}.part`;
  const onPart = <T>(work: () => Promise<T>): Promise<T> => toDisk(part, work);
  const file = await onPart(async () => {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.rename(path, part).catch(noneThere);
    const opened = await Deno.open(part, { read: true, write: true, create: true, mode: 0o600 });
    try {
      // Before a checkpoint tells of it, its name has to be on the disk, and the folders that were made for it.
      for (const made of [part, folder, dirname(folder)]) await syncFolder(made);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  try {
    const { size } = await onPart(() => file.stat());
    if (size < bytes) {
      file.close();
      return undefined;
    }
    await onPart(async () => {
      await file.truncate(bytes);
      await file.seek(bytes, Deno.SeekMode.Start);
    });
  } catch (error) {
    file.close();
    throw error;
  }
  let length = bytes;
  return {
    bytes: () => length,
    write: async (text) => {
      length += await onPart(() => writeAll(file, text));
    },
    sync: () => onPart(() => file.sync()),
    complete: () =>
      onPart(async () => {
        await file.sync();
        await Deno.rename(part, path);
        await syncFolder(path);
      }),
    [Symbol.dispose]: () => file.close(),
  };
}

function noneThere(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
