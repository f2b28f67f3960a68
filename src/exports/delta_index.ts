/**
 * What a finished export had, for those that continue it: of each history the messages' ids, edit dates and hashes. It outlives
 * the export's files, is read a block at a time, and is the same bytes for the same messages.
 *
 * The file: {@link MAGIC}; records of {@link RECORD} bytes (id and edit date as 32-bit, hash as 64-bit unsigned integers, little
 * endian), those of a history in rising order of their ids; the list of the histories as JSON; the length of that list in 4
 * bytes; the SHA-256 of all before it.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import { AppError } from "../errors.ts";
import type { Content } from "./delta_content.ts";

/** The format and its version. A change of what is hashed is one too: see `delta_content.ts`. */
export const MAGIC = new TextEncoder().encode("tgindex2");
/** Bytes a message. */
export const RECORD = 16;
/** Behind the list. */
export const TRAILER = 4 + 32;

/** The histories, in the order of their records. */
export const sectionsSchema = z.array(z.strictObject({
  /** Marked id. */
  chat: z.string(),
  /** Up to this message id the export knew all that it wanted. */
  upTo: z.int(),
  /** Records. */
  count: z.int(),
}));

/** See {@link sectionsSchema}. */
export type Section = Readonly<z.infer<typeof sectionsSchema>[number]>;

/** A message that an export had. */
export interface Known extends Content {
  readonly id: number;
}

/** The messages of a history that were not taken yet. */
export interface KnownMessages {
  /** The next ones up to an id, in rising order and no more than so many; fewer are all there are. */
  take(to: number, most: number): Promise<Known[]>;
}

/** An open index. Disposing closes it. */
export interface DeltaIndex extends Disposable {
  readonly sections: readonly Section[];
  /** The messages of a chat behind an id; none when it is not in the index. */
  known(chat: string, after?: number): Promise<KnownMessages>;
}

/** Where the index of an export is. */
export function indexPath(directory: string, id: string): string {
  return join(directory, id);
}

/**
 * Opens an index and reads it once, to see that it is whole.
 * @throws AppError INPUT_VALIDATION when it is not there, or not as it was written; the signal's reason
 */
export async function openIndex(path: string, signal?: AbortSignal): Promise<DeltaIndex> {
  const file = await Deno.open(path).catch((cause) => {
    throw cause instanceof Deno.errors.NotFound ? unusable("What that export had is not known any more", cause) : cause;
  });
  try {
    const sections = await readSections(file, signal);
    if (sections === undefined) throw unusable("The record of what that export had is damaged");
    return {
      sections,
      known: async (chat, after = 0) => {
        const index = sections.findIndex((section) => section.chat === chat);
        const begin = sections.slice(0, Math.max(index, 0)).reduce((sum, { count }) => sum + count, 0);
        const records = createRecords(file, begin, sections[index]?.count ?? 0);
        return await behind(records, after);
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

function unusable(message: string, cause?: unknown): AppError {
  return new AppError("INPUT_VALIDATION", `${message}, so nothing can continue it.`, {
    field: "delta_of",
    hint: "Start an export of the chats without delta_of; later ones can continue that one.",
    cause,
  });
}

/** Undefined for a file that is not whole. */
async function readSections(
  file: Deno.FsFile,
  signal: AbortSignal | undefined,
): Promise<readonly Section[] | undefined> {
  const { size } = await file.stat();
  if (size < MAGIC.length + TRAILER) return undefined;
  const trailer = await readAt(file, size - TRAILER, TRAILER);
  const length = new DataView(trailer.buffer).getUint32(0, true);
  const listed = size - TRAILER - length;
  if (listed < MAGIC.length || await digest(file, size - 32, signal) !== trailer.subarray(4).toHex()) return undefined;
  const magic = await readAt(file, 0, MAGIC.length);
  if (magic.toHex() !== MAGIC.toHex()) return undefined;
  const list = new TextDecoder().decode(await readAt(file, listed, length));
  const sections = sectionsSchema.parse(JSON.parse(list));
  const count = sections.reduce((sum, section) => sum + section.count, 0);
  return MAGIC.length + count * RECORD === listed ? sections : undefined;
}

/** The SHA-256 of the first so many bytes. */
async function digest(file: Deno.FsFile, length: number, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  const most = 1 << 18;
  for (let at = 0; at < length; at += most) {
    signal?.throwIfAborted();
    hash.update(await readAt(file, at, Math.min(most, length - at)));
  }
  return hash.digest("hex");
}

async function readAt(file: Deno.FsFile, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(position, Deno.SeekMode.Start);
  for (let read = 0; read < length;) {
    const count = await file.read(bytes.subarray(read));
    if (count === null) throw unusable("The record of what that export had is damaged");
    read += count;
  }
  return bytes;
}

/** The records of a section by their place in it. */
interface Records {
  readonly count: number;
  at(index: number): Promise<Known>;
}

/** Records that are held at once. */
const BLOCK = 4096;

function createRecords(file: Deno.FsFile, begin: number, count: number): Records {
  let [first, block] = [0, new DataView(new ArrayBuffer(0))];
  return {
    count,
    at: async (index) => {
      if (index < first || index >= first + block.byteLength / RECORD) {
        first = index - index % BLOCK;
        const length = Math.min(BLOCK, count - first) * RECORD;
        block = new DataView((await readAt(file, MAGIC.length + (begin + first) * RECORD, length)).buffer);
      }
      const at = (index - first) * RECORD;
      return {
        id: block.getUint32(at, true),
        edited: block.getUint32(at + 4, true),
        hash: block.getBigUint64(at + 8, true),
      };
    },
  };
}

async function behind(records: Records, after: number): Promise<KnownMessages> {
  let [next, end] = [0, records.count];
  while (next < end) {
    const middle = (next + end) >>> 1;
    if ((await records.at(middle)).id <= after) next = middle + 1;
    else end = middle;
  }
  return {
    take: async (to, most) => {
      const taken: Known[] = [];
      for (; next < records.count && taken.length < most; next++) {
        const known = await records.at(next);
        if (known.id > to) break;
        taken.push(known);
      }
      return taken;
    },
  };
}
