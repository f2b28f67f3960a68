/**
 * Files of this machine as bodies.
 * @module
 */
import type { ByteRange } from "./byte_range.ts";

const CHUNK = 1 << 16;

/** An open file. Disposing closes it, and lets go of whatever was kept for it. */
export interface OpenedFile extends Disposable {
  readonly file: Deno.FsFile;
}

/**
 * A stretch of an open file, read no further ahead than its reader takes it. It is disposed of at the end, on a failure, and
 * when the reader goes.
 * @param options.signal aborted when the client goes, who may do so before the body is looked at
 * @param options.onProblem told what broke the stream off, an end before the stretch's for one
 */
export function streamFile(
  opened: OpenedFile,
  { start, end }: ByteRange,
  { signal, onProblem }: { readonly signal: AbortSignal; readonly onProblem: (problem: unknown) => void },
): ReadableStream<Uint8Array> {
  const { file } = opened;
  let left = end - start;
  let isOpen = true;
  const close = (): void => {
    if (isOpen) opened[Symbol.dispose]();
    isOpen = false;
    signal.removeEventListener("abort", close);
  };
  signal.addEventListener("abort", close);
  if (signal.aborted) close();
  const read = async (): Promise<Uint8Array> => {
    if (left === end - start) await file.seek(start, Deno.SeekMode.Start);
    const chunk = new Uint8Array(Math.min(CHUNK, left));
    const count = await file.read(chunk);
    if (count === null) throw new Deno.errors.UnexpectedEof("The file is shorter than it was.");
    left -= count;
    return chunk.subarray(0, count);
  };
  return new ReadableStream({
    pull: async (controller): Promise<void> => {
      try {
        const bytes = await read();
        // A pull that ended without a word would be waited for, for ever.
        if (!isOpen) throw signal.reason ?? new DOMException("The reader has gone.", "AbortError");
        controller.enqueue(bytes);
        if (left > 0) return;
        controller.close();
        close();
      } catch (error) {
        if (isOpen) onProblem(error);
        close();
        throw error;
      }
    },
    cancel: close,
  }, { highWaterMark: 0 });
}
