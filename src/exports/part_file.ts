/**
 * A file that is either absent or complete: it grows as `FILE.part`, beside a note of what it is, and is renamed at the end.
 * @module
 */
import { dirname } from "node:path";
import { AppError } from "../errors.ts";
import { assertSame, parsePlan, type Plan } from "./plan.ts";
import { notWritten, type Sink, systemReason, writeAll } from "./sink.ts";
import { type Extent, survey } from "./survey.ts";

/**
 * Opens the part of `path`: a new one, or one that an earlier run of the same export left, cut to where it is good.
 * @param wanted the export; an old part keeps the plan that it began with
 * @param options.force whether the file may exist
 * @throws AppError INPUT_VALIDATION when the file cannot be put there, or its part belongs to another export or process
 */
export async function openPartFile(path: string, wanted: Plan, options: { readonly force: boolean }): Promise<Sink> {
  const [part, note] = [`${path}.part`, `${path}.part.json`];
  const file = await openLocked(part);
  try {
    const { plan, extent } = await continueOrBegin(file, wanted, { part, note });
    const toDisk = async (write: () => Promise<void>): Promise<void> => {
      try {
        await write();
      } catch (error) {
        throw notWritten(part, error, "Correct that and run the same command again: it continues from the part.");
      }
    };
    return {
      plan,
      lines: extent.lines,
      ...(extent.lines === 0 ? {} : { lastId: extent.lastId }),
      write: (text) => toDisk(() => writeAll(file, text)),
      complete: async () => {
        await toDisk(() => file.sync());
        await assertFree(path, options.force);
        await Deno.rename(part, path);
        await Deno.remove(note);
        await syncFolder(path);
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Refuses a path that a finished export must not take.
 * @throws AppError INPUT_VALIDATION
 */
export async function assertFree(path: string, force: boolean): Promise<void> {
  const there = await statOf(path);
  if (there === undefined || there.isFile && force) return;
  throw there.isFile
    ? invalid(`${path} exists already.`, "Choose another file, or add --force to replace it.")
    : invalid(`${path} is not a regular file.`, "Name the file to write, or - for standard output.");
}

/** The lock is the system's, on the open file, so it ends with the process however that ends. */
async function openLocked(part: string): Promise<Deno.FsFile> {
  const file = await open(part);
  try {
    const mine = await file.tryLock(true) ? await file.stat() : undefined;
    // Whoever held the lock until now may have renamed the file meanwhile: then it is not the part any more.
    const there = mine && await statOf(part);
    if (mine === undefined || there?.ino !== mine.ino) {
      throw invalid(`Another process is writing ${part}.`, "Wait for it, or choose another --out.");
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

async function open(part: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(part, { read: true, write: true, create: true, mode: 0o600 });
  } catch (error) {
    throw unusable(part, error);
  }
}

async function continueOrBegin(
  file: Deno.FsFile,
  wanted: Plan,
  { part, note }: { readonly part: string; readonly note: string },
): Promise<{ plan: Plan; extent: Extent }> {
  const { size } = await file.stat();
  if (size === 0) {
    await writeNote(note, wanted);
    return { plan: wanted, extent: { lines: 0, bytes: 0, lastId: 0 } };
  }
  const text = await statOf(note) && await Deno.readTextFile(note);
  if (text === undefined) {
    throw invalid(
      `${part} is there without ${note}.`,
      "Delete it to export from the beginning, or choose another --out.",
    );
  }
  const plan = parsePlan(text, note);
  assertSame(plan, wanted, note);
  const extent = await survey(file, plan.asked.chat);
  await file.truncate(extent.bytes);
  await file.seek(extent.bytes, Deno.SeekMode.Start);
  return { plan, extent };
}

/** Never half of it, and on the disk before the first line is: without its note a part is not continued. */
async function writeNote(note: string, plan: Plan): Promise<void> {
  const temporary = `${note}.new`;
  try {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true, mode: 0o600 });
    await writeAll(file, JSON.stringify(plan));
    await file.sync();
    await Deno.rename(temporary, note);
    await syncFolder(note);
  } catch (error) {
    throw notWritten(note, error, "Correct that and run the same command again.");
  }
}

/** A rename is on the disk once its folder is: https://man7.org/linux/man-pages/man2/fsync.2.html */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(dirname(path));
  await folder.sync();
}

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): AppError {
  const hint = "Choose a file in a folder that exists and may be written to.";
  return new AppError("INPUT_VALIDATION", `${path} cannot be opened: ${systemReason(cause)}.`, {
    field: "--out",
    hint,
    cause,
  });
}

function invalid(message: string, hint: string): AppError {
  return new AppError("INPUT_VALIDATION", message, { field: "--out", hint });
}
