/**
 * A part of a text file that is small enough to be read at once: whole lines, where lines are not longer than that.
 * @module
 */

/** A stretch in bytes with its text; `end` does not belong to it. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Bytes, and so characters, that a window never exceeds. */
export const WIDEST = 100_000;
const LINE_FEED = 10;

/**
 * Reads the lines that begin at an offset and end within the limit; one line at least, up to {@link WIDEST}, and of a longer
 * one a part. Windows that each begin at the last one's end are the whole file, once.
 * @param offset bytes, up to the size; inside a character it means that character's end
 * @param limit bytes
 */
export async function readWindow(
  file: Deno.FsFile,
  { offset, limit, size }: { readonly offset: number; readonly limit: number; readonly size: number },
): Promise<Window> {
  const bytes = await readAt(file, offset, Math.min(WIDEST, size - offset));
  let skipped = 0;
  while (skipped < 3 && isContinuation(bytes[skipped])) skipped++;
  const isLast = offset + bytes.length >= size;
  const end = endOf(bytes, skipped + Math.min(limit, WIDEST), isLast);
  return {
    start: offset + skipped,
    end: offset + end,
    text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(skipped, end)),
  };
}

function endOf(bytes: Uint8Array, limit: number, isLast: boolean): number {
  if (isLast && bytes.length <= limit) return bytes.length;
  const within = bytes.lastIndexOf(LINE_FEED, limit - 1) + 1;
  if (within > 0) return within;
  const beyond = bytes.indexOf(LINE_FEED) + 1;
  if (beyond > 0 || isLast) return beyond || bytes.length;
  // A line without an end in sight is cut before its last character, which may not be all there.
  let last = bytes.length - 1;
  while (last > bytes.length - 4 && isContinuation(bytes[last])) last--;
  return last;
}

function isContinuation(byte = 0): boolean {
  return (byte & 0xc0) === 0x80;
}

async function readAt(file: Deno.FsFile, offset: number, length: number): Promise<Uint8Array> {
  await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
