/**
 * A folder of files that are either absent or complete: each grows as `FILE.part`, all are renamed at the end.
 * @module
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { type Quota, UNLIMITED } from "./quota.ts";
import { assertFree, syncFolder, systemReason, toDisk, writeAll } from "./disk.ts";
import type { Chunk } from "./render/render.ts";

const BUFFERED = 1 << 18;
const AGAIN = "Correct that and run the same command again.";

/** How {@link writeFolder} writes. */
export interface FolderOptions {
  /**
   * Whether it is a job's own folder: its files may exist, and whatever the system says of them is worth waiting for. Else a user has
   * named it.
   */
  readonly isOwn?: boolean;
  /** Whether files may exist that a user has named. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  /** What the files may take; none is no limit. */
  readonly quota?: Quota;
}

/**
 * Writes what a render yields. When anything fails, nothing stays that it wrote; what it has replaced by then is gone.
 * @returns the paths in the order of writing
 * @throws AppError INPUT_VALIDATION for a folder or file of a user that cannot be there, RESOURCE_EXHAUSTED when the system does not
 * take the data
 */
export async function writeFolder(
  folder: string,
  chunks: AsyncIterable<Chunk>,
  { isOwn = false, force = false, signal, quota = UNLIMITED.of(folder) }: FolderOptions,
): Promise<string[]> {
  await makeFolder(folder, isOwn);
  const assertUsable = async (path: string): Promise<void> => {
    if (!isOwn) await assertFree(path, force);
  };
  const [paths, renamed]: [string[], string[]] = [[], []];
  let reserved = 0;
  const reserve = async (bytes: number): Promise<void> => {
    await quota.reserve(bytes);
    reserved += bytes;
  };
  let part: Part | undefined;
  try {
    for await (const { file, text } of chunks) {
      signal?.throwIfAborted();
      const path = join(folder, file);
      if (part?.path !== path) {
        await part?.complete();
        part = undefined;
        await assertUsable(path);
        part = await openPart(path, reserve);
        paths.push(path);
      }
      await part.write(text);
    }
    await part?.complete();
    // All before the first: a file that came meanwhile is no reason to replace the others.
    for (const path of paths) await assertUsable(path);
    for (const path of paths) {
      await toDisk(path, () => Deno.rename(`${path}.part`, path), AGAIN);
      renamed.push(path);
    }
    await toDisk(folder, () => syncFolder(join(folder, "any")), AGAIN);
    return paths;
  } catch (error) {
    part?.[Symbol.dispose]();
    const isGone = await removeAll([...renamed, ...paths.map((path) => `${path}.part`)]);
    // What cannot be taken away takes its room still.
    if (isGone) quota.release(reserved);
    throw error;
  }
}

interface Part extends Disposable {
  readonly path: string;
  write(text: string): Promise<void>;
  /** Puts all of it on the disk and closes. */
  complete(): Promise<void>;
}

async function openPart(path: string, reserve: (bytes: number) => Promise<void>): Promise<Part> {
  const name = `${path}.part`;
  const onPart = <T>(work: () => Promise<T>): Promise<T> => toDisk(name, work, AGAIN);
  const file = await onPart(() => Deno.open(name, { write: true, create: true, truncate: true, mode: 0o600 }));
  let buffered = "";
  let isOpen = true;
  const close = (): void => {
    if (isOpen) file.close();
    isOpen = false;
  };
  const flush = async (): Promise<void> => {
    const text = buffered;
    buffered = "";
    await reserve(Buffer.byteLength(text));
    await onPart(() => writeAll(file, text));
  };
  return {
    path,
    write: async (text) => {
      buffered += text;
      if (buffered.length >= BUFFERED) await flush();
    },
    complete: async () => {
      await flush();
      await onPart(() => file.sync());
      close();
    },
    [Symbol.dispose]: close,
  };
}

async function makeFolder(folder: string, isOwn: boolean): Promise<void> {
  const make = (): Promise<void> => Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  if (isOwn) return await toDisk(folder, make);
  try {
    await make();
  } catch (cause) {
    throw new AppError("INPUT_VALIDATION", `${folder} cannot be a folder: ${systemReason(cause)}.`, {
      field: "--out",
      hint: "Name a folder that exists, or one that can be made.",
      cause,
    });
  }
}

/** Removes what is there of some files. @returns whether none of them is there any more */
async function removeAll(paths: readonly string[]): Promise<boolean> {
  let isGone = true;
  for (const path of paths) {
    try {
      await Deno.remove(path);
    } catch (error) {
      isGone &&= error instanceof Deno.errors.NotFound;
    }
  }
  return isGone;
}
