/**
 * Writes the index of a finished export from its file of messages, and of one that continues another from both.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import * as z from "zod";
import { AppError } from "../errors.ts";
import { contentOf } from "./delta_content.ts";
import {
  type DeltaIndex,
  type Known,
  type KnownMessages,
  MAGIC,
  RECORD,
  type Section,
  TRAILER,
} from "./delta_index.ts";
import type { Plan, Position } from "./job.ts";
import { syncFolder } from "./disk.ts";
import { readLines } from "./lines.ts";

/** What an index is made of. */
export interface Indexed {
  /** The file of the messages. */
  readonly messages: string;
  readonly segments: Plan["segments"];
  readonly lost: Position["lost"];
  /** Of the export that it continues. */
  readonly base?: DeltaIndex;
  /** Stops it; what is there then is the index before, or none. */
  readonly signal?: AbortSignal;
}

const recordSchema = z.looseObject({
  schema: z.enum(["message/1", "deletion/1"]),
  chat_id: z.string(),
  id: z.int().positive(),
});
/** Records of an earlier index that are held at once. */
const MOST = 1024;

/**
 * Writes an index, which is either absent or whole; one that is there is replaced by the same.
 * @throws AppError INTERNAL when the file of messages holds something else; Deno.errors of the file system; the
 * signal's reason
 */
export async function writeIndex(path: string, indexed: Indexed): Promise<void> {
  const part = `${path}.part`;
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  {
    using file = await Deno.open(part, { write: true, create: true, truncate: true, mode: 0o600 });
    const out = createOutput(file);
    await out.add(MAGIC);
    const sections = JSON.stringify(await writeSections(out, indexed));
    const list = new TextEncoder().encode(sections);
    await out.add(list);
    await out.end(list.length);
    await file.sync();
  }
  await Deno.rename(part, path);
  await syncFolder(path);
}

async function writeSections(
  out: Output,
  { messages, segments, lost, base, signal }: Indexed,
): Promise<Section[]> {
  const sections: Section[] = [];
  let current = await beginSection(out, segments[0]?.id, { base, signal });
  const endSection = async (): Promise<void> => {
    const index = sections.length;
    const { id: chat = "", upTo = 0 } = segments[index] ?? {};
    await current.copy(Infinity);
    const before = base?.sections.find((section) => section.chat === chat)?.upTo ?? 0;
    const isLost = lost.some(({ segment }) => segment === index);
    sections.push({ chat, upTo: isLost ? Math.max(before, current.reached()) : upTo, count: current.count() });
    current = await beginSection(out, segments[index + 1]?.id, { base, signal });
  };
  for await (const { text } of readLines(messages, 0, Infinity, { signal })) {
    const value: unknown = JSON.parse(text);
    const { schema, chat_id, id } = recordSchema.parse(value);
    const isNext = (): boolean => segments[sections.length]?.id === chat_id && id > current.reached();
    while (!isNext()) {
      if (sections.length === segments.length) {
        throw new AppError("INTERNAL", `The message ${id} of ${chat_id} is not where it belongs.`);
      }
      await endSection();
    }
    await current.copy(id);
    await current.put(schema === "message/1" ? { id, ...contentOf(Object(value)) } : { id });
  }
  while (sections.length < segments.length) await endSection();
  for (const section of base?.sections ?? []) {
    if (segments.some(({ id }) => id === section.chat)) continue;
    const kept = await beginSection(out, section.chat, { base, signal });
    await kept.copy(Infinity);
    sections.push(section);
  }
  return sections;
}

/** A history that is being written. */
interface OpenSection {
  /** Takes over what the index before had up to an id, except of that very message. */
  copy(to: number): Promise<void>;
  /** The next message as it is now; without content one that is gone. */
  put(message: { readonly id: number } & Partial<Known>): Promise<void>;
  /** The last one that was put. */
  readonly reached: () => number;
  readonly count: () => number;
}

async function beginSection(
  out: Output,
  chat = "",
  { base, signal }: Pick<Indexed, "base" | "signal">,
): Promise<OpenSection> {
  const known: KnownMessages | undefined = await base?.known(chat);
  let [count, reached] = [0, 0];
  const write = async ({ id, edited, hash }: Known): Promise<void> => {
    const bytes = new DataView(new ArrayBuffer(RECORD));
    bytes.setUint32(0, id, true);
    bytes.setUint32(4, edited, true);
    bytes.setBigUint64(8, hash, true);
    count++;
    await out.add(new Uint8Array(bytes.buffer));
  };
  return {
    copy: async (to) => {
      for (let taken = await known?.take(to, MOST) ?? []; taken.length > 0; taken = await known?.take(to, MOST) ?? []) {
        signal?.throwIfAborted();
        for (const each of taken) if (each.id !== to) await write(each);
      }
    },
    put: async ({ id, edited, hash }) => {
      reached = id;
      if (edited !== undefined && hash !== undefined) await write({ id, edited, hash });
    },
    reached: () => reached,
    count: () => count,
  };
}

/** Bytes on their way into a file. */
interface Output {
  add(bytes: Uint8Array): Promise<void>;
  /** Adds the trailer. */
  end(listLength: number): Promise<void>;
}

function createOutput(file: Deno.FsFile): Output {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(1 << 16);
  let filled = 0;
  const flush = async (): Promise<void> => {
    for (let written = 0; written < filled;) written += await file.write(buffer.subarray(written, filled));
    filled = 0;
  };
  const put = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length;) {
      if (filled === buffer.length) await flush();
      const some = bytes.subarray(at, at + buffer.length - filled);
      buffer.set(some, filled);
      [at, filled] = [at + some.length, filled + some.length];
    }
  };
  const add: Output["add"] = async (bytes) => {
    hash.update(bytes);
    await put(bytes);
  };
  return {
    add,
    end: async (listLength) => {
      const length = new DataView(new ArrayBuffer(TRAILER - 32));
      length.setUint32(0, listLength, true);
      await add(new Uint8Array(length.buffer));
      await put(hash.digest());
      await flush();
    },
  };
}
