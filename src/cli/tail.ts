/**
 * The messages of an export on standard output, while it grows.
 * @module
 */
import { join } from "node:path";
import { MESSAGES_FILE } from "../exports/manifest.ts";
import { notWritten } from "../exports/disk.ts";

/** See {@link createTail}. */
export interface Tail extends Disposable {
  /**
   * Writes what is missing up to a length that is on the disk, which never changes again.
   * @throws Deno.errors.BrokenPipe when the reader has gone, AppError for what the system refuses, the signal's reason
   */
  upTo(bytes: number, signal: AbortSignal): Promise<void>;
}

const CHUNK = 1 << 16;

/** Follows the messages' file of a job, whether it is a part still or finished. */
export function createTail(folder: string): Tail {
  let file: Deno.FsFile | undefined;
  let sent = 0;
  const chunk = new Uint8Array(CHUNK);
  return {
    upTo: async (bytes, signal) => {
      if (sent >= bytes) return;
      file ??= await open(join(folder, MESSAGES_FILE));
      while (sent < bytes) {
        const count = await file.read(chunk.subarray(0, Math.min(CHUNK, bytes - sent)));
        if (count === null) throw new RangeError("the messages' file is shorter than it was");
        await writeOut(chunk.subarray(0, count), signal);
        sent += count;
      }
    },
    [Symbol.dispose]: () => file?.close(),
  };
}

/** Renamed, it is the same file. */
async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(`${path}.part`, { read: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return await Deno.open(path, { read: true });
  }
}

/**
 * Writes to standard output. A reader that does not read keeps it waiting, which the signal ends.
 * @throws Deno.errors.BrokenPipe when the reader has gone, AppError for what the system refuses, the signal's reason
 */
export async function writeOut(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (let written = 0; written < bytes.length;) {
      written += await Promise.race([Deno.stdout.write(bytes.subarray(written)), aborted.promise]);
    }
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe || signal.aborted) throw error;
    throw notWritten("standard output", error, "What it has so far is not complete.");
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
