/**
 * Lines of a file with their places in it, in constant memory.
 * @module
 */
import { LONGEST_LINE } from "./measure.ts";

/** A line without its end. */
export interface PlacedLine {
  readonly text: string;
  /** Whether it ended with a line feed. */
  readonly isWhole: boolean;
  /** Where the next line begins, in bytes from the file's begin. */
  readonly end: number;
}

const LINE_FEED = 10;
const CHUNK = 1 << 18;

/** How lines are read. */
export interface LinesOptions {
  /** Stops it within 256 KiB. */
  readonly signal?: AbortSignal;
  /** For a file that may be torn: what follows the last line feed is a line too, and what is no UTF-8 becomes U+FFFD. */
  readonly isLenient?: boolean;
}

/**
 * Reads whole lines of UTF-8; what follows the last line feed is left out.
 * @param from where a line begins, in bytes
 * @param to where to stop at the latest, in bytes; the file's end if left out
 * @throws Deno.errors of the file system; TypeError for what is no UTF-8; RangeError for a line of more than 16 MiB; the signal's
 * reason
 */
export async function* readLines(
  path: string,
  from = 0,
  to = Infinity,
  { signal, isLenient = false }: LinesOptions = {},
): AsyncGenerator<PlacedLine, void, undefined> {
  using file = await Deno.open(path, { read: true });
  // A pipe, which a user may have named, has no places.
  if (from > 0) await file.seek(from, Deno.SeekMode.Start);
  const decoder = new TextDecoder("utf-8", { fatal: !isLenient, ignoreBOM: true });
  const chunk = new Uint8Array(CHUNK);
  let pieces: Uint8Array[] = [];
  let begun = 0;
  let [at, end] = [from, from];
  while (at < to) {
    signal?.throwIfAborted();
    const count = await file.read(chunk.subarray(0, Math.min(CHUNK, to - at)));
    if (count === null) break;
    at += count;
    const data = chunk.subarray(0, count);
    let start = 0;
    for (let feed = data.indexOf(LINE_FEED); feed !== -1; feed = data.indexOf(LINE_FEED, start)) {
      const line = joined([...pieces, data.subarray(start, feed)]);
      [pieces, begun] = [[], 0];
      start = feed + 1;
      end += line.length + 1;
      yield { text: decoder.decode(line), isWhole: true, end };
    }
    if (start === count) continue;
    pieces.push(data.slice(start));
    begun += count - start;
    if (begun > LONGEST_LINE) throw new RangeError(`${path} has a line of more than ${LONGEST_LINE} bytes`);
  }
  if (isLenient && begun > 0) yield { text: decoder.decode(joined(pieces)), isWhole: false, end: at };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = pieces;
  if (first !== undefined && rest.length === 0) return first;
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
