/**
 * The command `restore`: a data directory as it was when a backup was made.
 * @module
 */
import { join } from "node:path";
import * as z from "zod";
import { type ExportsThere, restore as restoreInto, type Restored } from "../backup/restore.ts";
import { takeTurn } from "../backup/turn.ts";
import { readDataDir } from "../config/data_dir.ts";
import { AppError } from "../errors.ts";
import { systemReason } from "../exports/disk.ts";
import { writeToStderr } from "../observability/output.ts";
import { EXPORTS_FOLDER, SESSION_FILE } from "../storage/contents.ts";
import { holdDirectory } from "../storage/lock.ts";
import { contentsOf } from "../storage/replace.ts";
import { contentsText } from "./backup_text.ts";
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";

const optionsSchema = z.object({ force: z.boolean().default(false) });

/**
 * Restores a backup. Of the configuration it needs DATA_DIR alone.
 * @param file `-` is standard input
 * @returns the exit code
 * @throws AppError
 */
export async function restore(file: string, rawOptions: unknown): Promise<number> {
  const { force } = optionsSchema.parse(rawOptions);
  const directory = readDataDir();
  using interrupt = listenForInterrupt();
  const { signal } = interrupt;
  const source = await open(file);
  try {
    using lock = await holdDirectory(directory, "restore");
    if (lock.restored !== undefined) {
      writeToStderr(`A restore that was interrupted has been completed.\n${keptText(lock.restored.before)}`);
    }
    using _turn = await takeTurn(directory, signal, () => writeToStderr("A backup is under way: waiting for it.\n"));
    assertEmpty(directory, force);
    const restored = await restoreInto(directory, source, { signal, now: () => new Date() });
    writeToStderr(told(directory, restored));
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    writeToStderr("interrupted; nothing was changed\n");
    return INTERRUPTED;
  } finally {
    await source.cancel().catch(() => {});
  }
}

async function open(file: string): Promise<ReadableStream<Uint8Array>> {
  if (file === "-") {
    if (!Deno.stdin.isTerminal()) return Deno.stdin.readable;
    throw new AppError("INPUT_VALIDATION", "A backup cannot be typed.", {
      hint: "Name a file, or redirect standard input: `restore - < FILE`.",
    });
  }
  try {
    const { isFile } = await Deno.stat(file);
    if (isFile) return (await Deno.open(file)).readable;
  } catch (cause) {
    const isRefused = cause instanceof Deno.errors.PermissionDenied;
    throw new AppError("INPUT_VALIDATION", `${file} cannot be read: ${systemReason(cause)}.`, {
      hint: isRefused
        ? "The user that runs this may not read it. Whoever may redirects it: `restore --force - < FILE`."
        : "Name a file that `backup` wrote.",
      cause,
    });
  }
  throw new AppError("INPUT_VALIDATION", `${file} is no regular file.`, { hint: "Name a file that `backup` wrote." });
}

function assertEmpty(directory: string, force: boolean): void {
  const names = contentsOf(directory);
  if (names.length === 0 || force) return;
  throw new AppError("INPUT_VALIDATION", `${directory} is in use already: it has ${names.join(", ")}.`, {
    field: "--force",
    hint: "Set DATA_DIR to another folder, or add --force: that is then kept in a folder of it.",
  });
}

function told(directory: string, { manifest: { created, program, files }, before, exports }: Restored): string {
  const lines = [`${directory} is as it was at ${created}, by version ${program.version}: ${contentsText(files)}.\n`];
  lines.push(keptText(before));
  if (files.some(({ name }) => name === SESSION_FILE)) {
    lines.push(
      "Start nothing else with this session: two programs that use one at once lose it (AUTH_KEY_DUPLICATED).\n",
    );
  }
  lines.push(
    "Keys that were revoked since are good again, as `keys list` shows; exports that were unfinished begin again.\n",
  );
  lines.push(exportsText(join(directory, EXPORTS_FOLDER), exports));
  return lines.join("");
}

/** What the server does to files that are there, by itself and as soon as it starts. */
function exportsText(folder: string, { again, unknown }: ExportsThere): string {
  const lines: string[] = [];
  if (again.length > 0) lines.push(`Those replace the files that they have in ${folder}: ${again.join(", ")}.\n`);
  if (unknown.length > 0) {
    lines.push(
      `The backup does not know these exports in ${folder}, so nobody can fetch their files: ${unknown.join(", ")}. ` +
        "The server removes them when they are RESOURCE_MAX_AGE_HOURS old.\n",
    );
  }
  if (lines.length > 0) lines.push("Copy what you need of these files before you start the server.\n");
  return lines.join("");
}

function keptText(before: string | undefined): string {
  return before === undefined ? "" : `What was there is in ${before}, secrets too: remove it when all is well.\n`;
}
