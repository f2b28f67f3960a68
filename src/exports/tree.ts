/**
 * Folders with all that is in them. Links are never followed.
 * @module
 */
import { join } from "node:path";

/** The bytes of a folder's files, or of one file; 0 for what is not there. */
export async function bytesBelow(path: string): Promise<number> {
  const { isDirectory = false, size = 0 } = await orNone(Deno.lstat(path)) ?? {};
  if (!isDirectory) return size;
  let bytes = 0;
  for (const { name } of await entriesOf(path)) bytes += await bytesBelow(join(path, name));
  return bytes;
}

/**
 * Removes a folder, or a file, one by one.
 * @param signal stops it between two files
 * @throws the signal's reason; Deno.errors of the file system
 */
export async function removeTree(path: string, signal: AbortSignal): Promise<void> {
  const { isDirectory = false } = await orNone(Deno.lstat(path)) ?? {};
  for (const { name } of isDirectory ? await entriesOf(path) : []) {
    signal.throwIfAborted();
    await removeTree(join(path, name), signal);
  }
  await orNone(Deno.remove(path));
}

/** What a folder holds; nothing where there is no folder. */
export async function entriesOf(path: string): Promise<Deno.DirEntry[]> {
  return await orNone(Array.fromAsync(Deno.readDir(path))) ?? [];
}

async function orNone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
