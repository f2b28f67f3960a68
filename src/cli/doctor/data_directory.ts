/**
 * `doctor`: the data directory, its database and its session file. It changes none of them.
 * @module
 */
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Config } from "../../config/config.ts";
import { AppError } from "../../errors.ts";
import { systemReason } from "../../exports/disk.ts";
import { databasePath } from "../../storage/open.ts";
import { isSealed, readStored, sessionPath } from "../../storage/session_file.ts";
import { closing, type OpenPath, openToOthers } from "../../storage/private.ts";
import { assertSettled } from "../../storage/replace.ts";
import { fail, ok, type Outcome, warn } from "./outcome.ts";

/** Whether the data directory can be used, and is its owner's alone. */
export async function checkDataDirectory(
  { dataDir, telegram: { sessionKey } }: Pick<Config, "dataDir" | "telegram">,
  self: number | null = Deno.uid(),
): Promise<Outcome[]> {
  const folder = await nearestFolder(dataDir);
  const info = await Deno.stat(folder).catch(keptOut);
  if (info === undefined) {
    return [fail(`${folder} cannot be written to: Deno lets no program into it`, "Set DATA_DIR to another folder.")];
  }
  if (!info.isDirectory) return [fail(`${folder} is not a folder`, "Set DATA_DIR to a folder.")];
  const refusal = await refusalToWrite(folder);
  if (refusal !== undefined) {
    const what = folder === resolve(dataDir)
      ? `${folder} cannot be written to`
      : `${dataDir} cannot be made in ${folder}`;
    return [fail(
      `${what}: ${refusal}`,
      "Run this as the user that runs the server, give the folder to that user (chown), or set DATA_DIR to another one.",
    )];
  }
  if (folder !== resolve(dataDir)) return [ok(`${dataDir} does not exist yet and can be made`)];
  const outcomes = [
    ...ownedByOthers(dataDir, info.uid, self),
    ...openToOthers(dataDir).map((open) => openOutcome(dataDir, open)),
    ...checkReplaced(dataDir),
    ...await checkDatabase(databasePath(dataDir)),
    ...checkSessionFile(dataDir, sessionKey !== undefined),
  ];
  return outcomes.some(({ status }) => status !== "ok") ? outcomes : [ok(`${dataDir} is writable`), ...outcomes];
}

/** The path itself if it exists, or else the nearest folder above it that does. */
export async function nearestFolder(path: string): Promise<string> {
  for (let folder = resolve(path);; folder = dirname(folder)) {
    if (await exists(folder) || folder === dirname(folder)) return folder;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    // There may be something; it is no place for a data directory anyway.
    if (error instanceof Deno.errors.NotCapable) return true;
    // Below a file there is nothing either; the file is what is then looked at.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** Into some of the system's own folders Deno lets only who has every permission. */
function keptOut(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotCapable)) throw error;
}

/** The system's words. Tried, since modes say nothing about who is root or what is mounted read-only. */
async function refusalToWrite(folder: string): Promise<string | undefined> {
  try {
    await Deno.remove(await Deno.makeTempDir({ dir: folder, prefix: "doctor-" }));
  } catch (error) {
    return systemReason(error);
  }
}

function ownedByOthers(path: string, uid: number | null, self: number | null): Outcome[] {
  if (uid === null || self === null || uid === self) return [];
  return [warn(
    `${path} belongs to user ${uid}, and this is user ${self}`,
    "Run this, and every other command, as the user that runs the server.",
  )];
}

/** The server does not start with it. */
function openOutcome(dataDir: string, open: OpenPath): Outcome {
  const { path, mode } = open;
  const names: Record<string, string> = {
    [databasePath(dataDir)]: "the database",
    [sessionPath(dataDir)]: "the stored session",
  };
  return fail(
    `${names[path] ?? path} is open to other users of this machine (mode ${mode.toString(8)})`,
    closing([open]),
  );
}

/** Whether a restore was interrupted: it is for whoever holds the directory to complete it. */
function checkReplaced(dataDir: string): Outcome[] {
  try {
    assertSettled(dataDir);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [fail(error.message.replace(/\.$/, ""), error.hint)];
  }
}

/** Opened as the server opens it, but not created. */
async function checkDatabase(path: string): Promise<Outcome[]> {
  if (!await exists(path)) return [];
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    // The second tells what can only be read: SQLite opens it all the same.
    db.exec("PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE; ROLLBACK");
    // https://www.sqlite.org/pragma.html#pragma_quick_check
    const found = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (found !== "ok") throw new Error("the database is damaged");
    return [ok("the database opens and is whole")];
  } catch (error) {
    return [
      fail(
        `the database ${path} cannot be used: ${systemReason(error)}`,
        "If it is damaged, stop the server and move the file away: keys, exports and the audit trail go with it.",
      ),
    ];
  } finally {
    db?.close();
  }
}

function checkSessionFile(directory: string, hasKey: boolean): Outcome[] {
  const stored = readStored(directory);
  if (stored === undefined) return [];
  if (isSealed(stored)) return [ok("the stored session is encrypted")];
  if (!hasKey) return [ok("the stored session is not encrypted")];
  return [warn(
    "SESSION_KEY is set, and the stored session is not encrypted",
    "Run `login` again: the session that it stores will be.",
  )];
}
