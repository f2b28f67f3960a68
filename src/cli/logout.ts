/**
 * The command `logout`.
 * @module
 */
import type { Config } from "../config/config.ts";
import { loadConfig, warningsOf } from "../config/load.ts";
import { AppError } from "../errors.ts";
import { Api } from "../mtproto/gram.ts";
import type { Session } from "../mtproto/session.ts";
import { writeToStderr } from "../observability/output.ts";
import { holdDirectory } from "../storage/lock.ts";
import { readStored, removeSession } from "../storage/session_file.ts";
import { openLoginCentre } from "../telegram/login_centre.ts";
import { sessionSource } from "../telegram/session_source.ts";
import { VERSION } from "../version.ts";
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";

/**
 * Ends the session at Telegram's and removes it here.
 * @returns the exit code
 * @throws AppError, UNSUPPORTED while another process uses the session
 */
export async function logout(): Promise<number> {
  const config = loadConfig();
  using interrupt = listenForInterrupt();
  try {
    await run(config, interrupt.signal);
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    say("Interrupted.");
    return INTERRUPTED;
  }
}

async function run(config: Config, signal: AbortSignal): Promise<void> {
  for (const warning of warningsOf(config)) say(warning);
  using _lock = await holdDirectory(config.dataDir, "logout");
  const session = await sessionSource(config)();
  if (session === undefined) return say("Nobody is signed in.");
  say(await endSession(config, session, signal));
  if (config.telegram.stringSession === undefined) {
    await removeSession(config.dataDir);
    return say("The stored session is removed.");
  }
  say("Now unset TELEGRAM_STRING_SESSION (or its _FILE twin): that session is of no use any more.");
  if (readStored(config.dataDir) !== undefined) say("There is a stored session besides; `logout` again ends that one.");
}

/** TL method auth.logOut, https://core.telegram.org/method/auth.logOut; a sentence about what came of it. */
async function endSession(config: Config, session: Session, signal: AbortSignal): Promise<string> {
  const allowed = ["session", "login"] as const;
  await using centre = openLoginCentre(config, { session, allowed, appVersion: VERSION, signal });
  try {
    await centre.call(new Api.auth.LogOut());
    return "Logged out.";
  } catch (error) {
    if (!(error instanceof AppError && error.code === "SESSION_INVALID")) throw error;
    return `${error.message} There was nothing left to log out.`;
  }
}

function say(text: string): void {
  writeToStderr(`${text}\n`);
}
