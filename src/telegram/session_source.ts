/**
 * Where the account's session comes from: the configuration, or else what `login` has stored.
 * @module
 */
import type { Config } from "../config/load.ts";
import { AppError } from "../errors.ts";
import { parseSession, type Session } from "../mtproto/session.ts";
import { readStored, unseal } from "../storage/session_file.ts";

/** Looks for the session; undefined when there is none. */
export type FindSession = () => Promise<Session | undefined>;

/**
 * A source for the session of a configuration. The stored one is read again at each look, so a login in another process is
 * found.
 * @throws AppError SESSION_INVALID, now for a configured session that cannot be read, and later for a stored one
 */
export function sessionSource({ telegram, dataDir }: Pick<Config, "telegram" | "dataDir">): FindSession {
  const { apiId, stringSession, sessionKey } = telegram;
  if (stringSession !== undefined) {
    const session = parseSession(stringSession.reveal());
    return () => Promise.resolve(session);
  }
  let last: { readonly stored: string; readonly session: Session } | undefined;
  return async () => {
    const stored = readStored(dataDir);
    if (stored === undefined) return undefined;
    if (apiId === undefined) throw noApplication();
    // Decrypting is slow on purpose.
    if (last?.stored !== stored) last = { stored, session: parseSession(await unseal(stored, sessionKey)) };
    return last.session;
  };
}

/**
 * What `login` has stored, whatever else is configured.
 * @throws AppError SESSION_INVALID when it cannot be read
 */
export async function storedSession(
  { telegram: { sessionKey }, dataDir }: Pick<Config, "telegram" | "dataDir">,
): Promise<Session | undefined> {
  const stored = readStored(dataDir);
  return stored === undefined ? undefined : parseSession(await unseal(stored, sessionKey));
}

/** The error of whoever needs Telegram and was not told as which application. */
export function noApplication(): AppError {
  return new AppError("SESSION_INVALID", "TELEGRAM_API_ID and TELEGRAM_API_HASH are not set.", {
    field: "TELEGRAM_API_ID",
    hint: "The server's owner must set both, as https://my.telegram.org/apps shows them.",
  });
}
