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
export async function removeTree(path: string, signal?: AbortSignal): Promise<void> {
  const { isDirectory = false } = await orNone(Deno.lstat(path)) ?? {};
  for (const { name } of isDirectory ? await entriesOf(path) : []) {
    signal?.throwIfAborted();
    await removeTree(join(path, name), signal);
  }
  await orNone(Deno.remove(path));
}

/**
 * Removes all that is in a folder but some files, and folders that have none of them.
 * @param names paths relative to it, with slashes
 * @throws the signal's reason; Deno.errors of the file system
 */
export async function removeOthers(folder: string, names: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  const { isDirectory = false } = await orNone(Deno.lstat(folder)) ?? {};
  if (!isDirectory) return;
  const folders = new Set(Array.from(names, foldersOf).flat());
  const visit = async (below: string): Promise<void> => {
    for (const entry of await entriesOf(join(folder, below))) {
      signal.throwIfAborted();
      const name = `${below}${entry.name}`;
      if (entry.isDirectory && folders.has(name)) await visit(`${name}/`);
      else if (!names.has(name)) await removeTree(join(folder, name), signal);
    }
  };
  await visit("");
}

function foldersOf(name: string): string[] {
  return [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index));
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
