/**
 * A folder of files that are either absent or complete: each grows as `FILE.part`, all are renamed at the end.
 * @module
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { type Quota, UNLIMITED } from "./quota.ts";
import { assertFree, systemReason, toDisk, writeAll } from "./disk.ts";
import type { Chunk } from "./render/render.ts";

const BUFFERED = 1 << 18;
const AGAIN = "Correct that and run the same command again.";

/**
 * Writes what a render yields. When anything fails, nothing stays that it wrote.
 * @param options.force whether the files may exist
 * @param options.quota what they may take; none is no limit
 * @returns the paths in the order of writing
 * @throws AppError INPUT_VALIDATION for a folder or file that cannot be there, RESOURCE_EXHAUSTED when the system does not
 * take the data
 */
export async function writeFolder(
  folder: string,
  chunks: AsyncIterable<Chunk>,
  options: { readonly force: boolean; readonly signal?: AbortSignal; readonly quota?: Quota },
): Promise<string[]> {
  await makeFolder(folder);
  const paths: string[] = [];
  const quota = options.quota ?? UNLIMITED.of(folder);
  let reserved = 0;
  const reserve = async (bytes: number): Promise<void> => {
    await quota.reserve(bytes);
    reserved += bytes;
  };
  let part: Part | undefined;
  try {
    for await (const { file, text } of chunks) {
      options.signal?.throwIfAborted();
      const path = join(folder, file);
      if (part?.path !== path) {
        await part?.complete();
        part = undefined;
        await assertFree(path, options.force);
        part = await openPart(path, reserve);
        paths.push(path);
      }
      await part.write(text);
    }
    await part?.complete();
    for (const path of paths) {
      await assertFree(path, options.force);
      await Deno.rename(`${path}.part`, path);
    }
    return paths;
  } catch (error) {
    part?.[Symbol.dispose]();
    for (const path of paths) await removeIfThere(`${path}.part`);
    quota.release(reserved);
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

async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new AppError("INPUT_VALIDATION", `${folder} cannot be a folder: ${systemReason(cause)}.`, {
      field: "--out",
      hint: "Name a folder that exists, or one that can be made.",
      cause,
    });
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
