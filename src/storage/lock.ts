/**
 * One session, one holder: the lock of a data directory. Two programs that use one session at once lose it
 * (AUTH_KEY_DUPLICATED, https://core.telegram.org/api/errors), and two that share flood waits lengthen them.
 * @module
 */
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import * as z from "zod";
import { AppError } from "../errors.ts";
import { assertPrivate, FILE_MODE, FOLDER_MODE, giveToOwnerOf } from "./private.ts";
import { finishReplacing, type Replaced } from "./replace.ts";

/** Who holds a data directory, as its lock file says. */
const holderSchema = z.object({
  pid: z.int().positive(),
  /** The command that runs, `serve` for one. */
  command: z.string(),
  /** RFC 3339. */
  since: z.iso.datetime(),
  /** Where it answers on this machine, if it serves. */
  url: z.url().optional(),
  /** What it takes for the owner's key, which changes with each start. */
  key: z.string().optional(),
  /** Its session comes from its configuration, not from what `login` stores. */
  configured: z.literal(true).optional(),
});

/** Who holds a data directory. */
export type Holder = z.infer<typeof holderSchema>;

/** A held data directory; disposing gives it up, and so does the end of the process, however it ends. */
export interface DirectoryLock extends Disposable {
  /** Says where the holder answers, and by which key to whoever can read the lock. */
  announce(url: string, key?: string): void;
  /** What became of the directory when a restore of it had been interrupted, which taking it has completed. */
  readonly restored?: Replaced;
}

const FILE = "holder.lock";
/** Somebody who only looks has the lock for a moment. */
const ATTEMPTS = 5;
const PAUSE_MS = 40;
/** Commands that end by themselves within seconds are waited for. */
const BRIEF: ReadonlySet<string> = new Set(["doctor", "keys", "login", "logout", "whoami"]);
const ATTEMPTS_BESIDE_BRIEF = 500;

/**
 * Takes the data directory for this process; the folder is created when missing, and a restore completed that was interrupted.
 * @param command what this process does, for whoever finds the directory held
 * @param options.configured whether the session is one of the configuration
 * @throws AppError UNSUPPORTED, naming the holder, when another process has it, or when other users have access to it;
 * RESOURCE_EXHAUSTED for an unusable folder; as {@link finishReplacing}
 */
export async function holdDirectory(
  directory: string,
  command: string,
  { configured }: { readonly configured?: boolean } = {},
): Promise<DirectoryLock> {
  const file = open(directory);
  for (let attempt = 1; !tryLock(file, directory); attempt++) {
    const isBrief = attempt < ATTEMPTS_BESIDE_BRIEF && BRIEF.has(read(directory)?.command ?? "");
    if (attempt < ATTEMPTS || isBrief) {
      await sleepMs(PAUSE_MS);
      continue;
    }
    file.close();
    throw heldBy(read(directory));
  }
  const record: Holder = { pid: Deno.pid, command, since: new Date().toISOString(), ...(configured && { configured }) };
  const write = (holder: Holder): void => {
    const text = new TextEncoder().encode(JSON.stringify(holder));
    file.truncateSync();
    file.seekSync(0, Deno.SeekMode.Start);
    for (let sent = 0; sent < text.length;) sent += file.writeSync(text.subarray(sent));
  };
  let restored: Replaced | undefined;
  try {
    write(record);
    restored = finishReplacing(directory);
  } catch (cause) {
    file.close();
    throw cause instanceof AppError ? cause : unusable(directory, cause);
  }
  return {
    ...(restored && { restored }),
    announce: (url, key) => write({ ...record, url, ...(key !== undefined && { key }) }),
    [Symbol.dispose]: () => {
      file.truncateSync();
      file.close();
    },
  };
}

/** A holder that serves. */
export type ServingHolder = Holder & { readonly url: string };

/** Whether a holder serves. */
export function isServing(holder: Holder | undefined): holder is ServingHolder {
  return holder?.url !== undefined;
}

/**
 * Who holds the directory now, if anybody does.
 * @throws AppError UNSUPPORTED when other users have access to it: what it says could be theirs
 */
export function findHolder(directory: string): Holder | undefined {
  assertPrivate(directory);
  try {
    using file = Deno.openSync(join(directory, FILE), { read: true, write: true });
    // Shared: others may look too.
    if (file.tryLockSync(false)) return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return read(directory);
}

/** The error of a command that would need what another process holds. */
export function heldBy(holder: Holder | undefined): AppError {
  if (holder === undefined) {
    return new AppError("UNSUPPORTED", "Another process of this program is using the session.", {
      hint: "Try again when it has ended.",
    });
  }
  const { pid, command, since, url } = holder;
  const where = url === undefined ? "" : ` at ${url}`;
  return new AppError("UNSUPPORTED", `The session is in use by "${command}"${where}, process ${pid}, since ${since}.`, {
    hint: url === undefined
      ? "Wait until it has ended, or stop it, and try again. Two programs with one session at once lose it."
      : "Ask that server, or stop it and try again. Two programs with one session at once lose it.",
  });
}

function open(directory: string): Deno.FsFile {
  assertPrivate(directory);
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: FOLDER_MODE });
    const path = join(directory, FILE);
    const file = Deno.openSync(path, { create: true, read: true, write: true, mode: FILE_MODE });
    giveToOwnerOf(directory, path);
    return file;
  } catch (cause) {
    throw unusable(directory, cause);
  }
}

function tryLock(file: Deno.FsFile, directory: string): boolean {
  try {
    return file.tryLockSync(true);
  } catch (cause) {
    file.close();
    throw unusable(directory, cause);
  }
}

function unusable(directory: string, cause: unknown): AppError {
  return new AppError("RESOURCE_EXHAUSTED", `The data directory ${directory} cannot be used.`, {
    hint: "Check DATA_DIR: it must be a folder that this user may write to, on a local disk with free space.",
    cause,
  });
}

/** What the file says; undefined in the moment in which a holder writes it. */
function read(directory: string): Holder | undefined {
  try {
    const parsed = holderSchema.safeParse(JSON.parse(Deno.readTextFileSync(join(directory, FILE))));
    return parsed.data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
