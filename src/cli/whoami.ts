/**
 * The command `whoami`.
 * @module
 */
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { loadConfig, warningsOf } from "../config/load.ts";
import { AppError } from "../errors.ts";
import { visible } from "../model/visible.ts";
import { writeAll, writeToStderr } from "../observability/output.ts";
import { findHolder, heldBy, holdDirectory, isServing } from "../storage/lock.ts";
import { sessionPath } from "../storage/session_file.ts";
import { identify } from "../telegram/identity.ts";
import { openLoginCentre } from "../telegram/login_centre.ts";
import { sessionSource } from "../telegram/session_source.ts";
import { VERSION } from "../version.ts";
import { servedAccount } from "./ask.ts";
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";

const optionsSchema = z.object({ json: z.literal(true).optional() });

/** What is known of the account; what is not is absent. */
interface Account {
  readonly id: string;
  readonly name?: string | undefined;
  readonly username?: string | undefined;
  readonly phone?: string | undefined;
  readonly dc?: number;
  /** Where the session comes from. */
  readonly source: string;
}

/**
 * Says whose session is used: by asking Telegram, or the server that is running.
 * @returns the exit code
 * @throws AppError SESSION_INVALID when nobody is signed in
 */
export async function whoami(rawOptions: unknown): Promise<number> {
  const { json } = optionsSchema.parse(rawOptions);
  const config = loadConfig();
  using interrupt = listenForInterrupt();
  for (const warning of warningsOf(config)) writeToStderr(`${warning}\n`);
  try {
    const account = await find(config, interrupt.signal);
    writeAll(Deno.stdout, json ? `${JSON.stringify(account)}\n` : describe(account));
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return INTERRUPTED;
  }
}

async function find(config: Config, signal: AbortSignal): Promise<Account> {
  const holder = findHolder(config.dataDir);
  if (isServing(holder)) {
    const { id, username } = await servedAccount(holder, signal);
    return { id, username, source: `the server at ${holder.url}` };
  }
  if (holder !== undefined) throw heldBy(holder);
  using _lock = await holdDirectory(config.dataDir, "whoami");
  const session = await sessionSource(config)();
  if (session === undefined) {
    throw new AppError("SESSION_INVALID", "No Telegram account is signed in.");
  }
  await using centre = openLoginCentre(config, { session, allowed: ["read", "session"], appVersion: VERSION, signal });
  const { id, name, username, phone } = await identify(centre.call);
  const source = config.telegram.stringSession === undefined ? sessionPath(config.dataDir) : "TELEGRAM_STRING_SESSION";
  return { id, name, username, phone, dc: session.dcId, source };
}

/** Lines for a person; names are what anybody may have chosen. */
function describe({ id, name, username, phone, dc, source }: Account): string {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["id", id],
    ["name", name],
    ["username", username && `@${username}`],
    ["phone", phone],
    ["data centre", dc?.toString()],
    ["session", source],
  ];
  return rows.flatMap(([label, value]) => value ? [`${label.padEnd(12)} ${visible(value)}\n`] : []).join("");
}
