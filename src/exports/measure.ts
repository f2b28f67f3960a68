/**
 * A file's size, digest and lines, in one pass and constant memory.
 * @module
 */
import { createHash } from "node:crypto";

/** What a file is. */
export interface Measure {
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** Line feeds. */
  readonly lines: number;
  /** False when something follows the last line feed. */
  readonly whole: boolean;
}

const LINE_FEED = 10;
const CHUNK = 1 << 18;

/** A line that is longer than this is given as undefined: no message comes near it. */
export const LONGEST_LINE = 1 << 24;

/**
 * Reads a file once.
 * @param onLine gets each line without its end, as bytes that are good until it returns
 * @param signal stops it within 256 KiB
 * @throws Deno.errors of the file system; the signal's reason
 */
export async function measure(
  path: string,
  onLine?: (line: Uint8Array | undefined) => void,
  signal?: AbortSignal,
): Promise<Measure> {
  using file = await Deno.open(path, { read: true });
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK);
  const line = onLine && lineCollector(onLine);
  let [bytes, lines, last] = [0, 0, LINE_FEED];
  for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
    signal?.throwIfAborted();
    const data = chunk.subarray(0, count);
    hash.update(data);
    bytes += count;
    last = data.at(-1) ?? last;
    let start = 0;
    for (let end = data.indexOf(LINE_FEED); end !== -1; end = data.indexOf(LINE_FEED, start)) {
      lines++;
      line?.add(data.subarray(start, end));
      line?.end();
      start = end + 1;
    }
    line?.add(data.subarray(start));
  }
  return { bytes, sha256: hash.digest("hex"), lines, whole: last === LINE_FEED };
}

/** Puts lines together that were read in pieces. */
function lineCollector(
  onLine: (line: Uint8Array | undefined) => void,
): { add(piece: Uint8Array): void; end(): void } {
  let [kept, length] = [new Uint8Array(CHUNK), 0];
  return {
    add: (piece) => {
      const wanted = length + piece.length;
      if (wanted <= LONGEST_LINE) {
        if (wanted > kept.length) {
          const larger = new Uint8Array(Math.min(LONGEST_LINE, wanted * 2));
          larger.set(kept.subarray(0, length));
          kept = larger;
        }
        kept.set(piece, length);
      }
      length = wanted;
    },
    end: () => {
      onLine(length > LONGEST_LINE ? undefined : kept.subarray(0, length));
      length = 0;
    },
  };
}
