/**
 * The command `backup`: what cannot be made again of a data directory, in one file, beside a running server or without one.
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { pack } from "../backup/archive.ts";
import { type BackupFile, type BackupManifest, FORMAT } from "../backup/format.ts";
import { takeSnapshot } from "../backup/snapshot.ts";
import { readDataDir } from "../config/data_dir.ts";
import { AppError } from "../errors.ts";
import { assertFree, removeFile, syncFolder, toDisk, writeAll } from "../exports/disk.ts";
import { writeToStderr } from "../observability/output.ts";
import { EXPORTS_FOLDER, SESSION_FILE } from "../storage/contents.ts";
import { FILE_MODE } from "../storage/private.ts";
import { isSealed, readStored } from "../storage/session_file.ts";
import { COMMIT, NAME, VERSION } from "../version.ts";
import { contentsText } from "./backup_text.ts";
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";
import { writeOut } from "./tail.ts";

/** 128 and SIGPIPE: what programs end with whose reader has gone. */
const READER_GONE = 141;

const optionsSchema = z.object({ force: z.boolean().default(false) });

/**
 * Writes a backup. Of the configuration it needs DATA_DIR alone.
 * @param file where to; `-` is standard output
 * @returns the exit code
 * @throws AppError
 */
export async function backup(file: string, rawOptions: unknown): Promise<number> {
  const { force } = optionsSchema.parse(rawOptions);
  const isPiped = file === "-";
  if (isPiped && Deno.stdout.isTerminal()) throw secretOnScreen();
  if (!isPiped) await assertFree(file, force);
  const directory = readDataDir();
  using interrupt = listenForInterrupt();
  const { signal } = interrupt;
  try {
    await using snapshot = await takeSnapshot(directory, {
      signal,
      onWait: () => writeToStderr("Another backup or a restore is under way: waiting for it.\n"),
    });
    const manifest: BackupManifest = {
      schema: FORMAT,
      program: { name: NAME, version: VERSION, ...(COMMIT !== undefined && { commit: COMMIT }) },
      created: new Date().toISOString(),
      files: [...snapshot.files],
    };
    const bytes = pack(snapshot.folder, manifest);
    if (isPiped) { for await (const chunk of bytes) await writeOut(chunk, signal); }
    else await writeFile(file, bytes, { force, signal });
    writeToStderr(told(isPiped ? "The backup" : file, directory, snapshot.folder, snapshot.files));
    return 0;
  } catch (error) {
    if (isPiped && error instanceof Deno.errors.BrokenPipe) return READER_GONE;
    if (!signal.aborted) throw error;
    writeToStderr("interrupted\n");
    return INTERRUPTED;
  }
}

/** Writes a file that is never half of it; only its owner may read it. */
async function writeFile(
  path: string,
  bytes: ReadableStream<Uint8Array>,
  { force, signal }: { readonly force: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const part = join(dirname(path), `.${basename(path)}.part`);
  const onDisk = <T>(work: () => Promise<T>): Promise<T> =>
    toDisk(path, work, "Free space, or name a file in another folder.");
  // One that was left may be a link.
  await removeFile(part);
  try {
    const open = (): Promise<Deno.FsFile> => Deno.open(part, { write: true, createNew: true, mode: FILE_MODE });
    using file = await onDisk(open);
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      await onDisk(() => writeAll(file, chunk));
    }
    await onDisk(() => file.sync());
    // Somebody may have put a file there meanwhile.
    await assertFree(path, force);
    await onDisk(() => Deno.rename(part, path));
    await onDisk(() => syncFolder(path));
  } catch (error) {
    await removeFile(part).catch(() => {});
    throw error;
  }
}

/** What is in it, and what is not. */
function told(name: string, directory: string, folder: string, files: readonly BackupFile[]): string {
  const lines = [`${name} has ${contentsText(files)}.`];
  const stored = files.some((file) => file.name === SESSION_FILE) ? readStored(folder) : undefined;
  if (stored === undefined) {
    lines.push(
      "No session is stored in the data directory: one that TELEGRAM_STRING_SESSION names is not in the backup.",
    );
  } else if (isSealed(stored)) {
    lines.push(
      "Its session is encrypted; the keys of links are not. Keep it secret, and SESSION_KEY in another place.",
    );
  } else lines.push("Whoever has it has the account: keep it secret.");
  if (existsSync(join(directory, EXPORTS_FOLDER))) {
    lines.push(`The files of exports are not in it: they are in ${join(directory, EXPORTS_FOLDER)}.`);
  }
  return `${lines.join("\n")}\n`;
}

function secretOnScreen(): AppError {
  return new AppError("INPUT_VALIDATION", "A backup is a secret and no text: it is not written to a terminal.", {
    hint: "Name a file, or redirect standard output: `backup - > FILE`.",
  });
}
