/**
 * Where the account's session comes from: the configuration, or else what `login` has stored.
 * @module
 */
import type { Config } from "../config/config.ts";
import { AppError } from "../errors.ts";
import { parseSession, type Session } from "../mtproto/session.ts";
import { readStored, unseal } from "../storage/session_file.ts";

/** Looks for the session; undefined when there is none. */
export type FindSession = () => Promise<Session | undefined>;

/**
 * A source for the session of a configuration. A file is read again at each look, the one that TELEGRAM_STRING_SESSION_FILE
 * names as well as the stored one, so a login in another process is found.
 * @throws AppError SESSION_INVALID, now for a configured session that cannot be read, and later for one in a file
 */
export function sessionSource(config: Pick<Config, "telegram" | "dataDir">): FindSession {
  const { apiId, stringSession, stringSessionFile } = config.telegram;
  if (stringSession !== undefined) {
    let last = { text: stringSession.reveal(), session: parseSession(stringSession.reveal()) };
    return () => {
      const text = stringSessionFile === undefined ? last.text : readConfigured(stringSessionFile);
      if (text !== last.text) last = { text, session: parseSession(text) };
      return Promise.resolve(last.session);
    };
  }
  let last: { readonly stored: string; readonly session: Session } | undefined;
  return async () => {
    const stored = readStored(config.dataDir);
    if (stored === undefined) return undefined;
    if (apiId === undefined) throw noApplication();
    // Decrypting is slow on purpose.
    if (last?.stored !== stored) last = { stored, session: await parseStored(stored, config) };
    return last.session;
  };
}

/**
 * What `login` has stored, whatever else is configured.
 * @throws AppError SESSION_INVALID when it cannot be read
 */
export async function storedSession(config: Pick<Config, "telegram" | "dataDir">): Promise<Session | undefined> {
  const stored = readStored(config.dataDir);
  return stored === undefined ? undefined : await parseStored(stored, config);
}

async function parseStored(stored: string, { telegram }: Pick<Config, "telegram">): Promise<Session> {
  const text = await unseal(stored, telegram.sessionKey);
  try {
    return parseSession(text);
  } catch (cause) {
    throw new AppError("SESSION_INVALID", "The stored session is damaged: it cannot be read.", {
      hint: "The server's owner must run the command `login --again`.",
      cause,
    });
  }
}

function readConfigured(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : "unknown error";
    throw new AppError("SESSION_INVALID", `The file of TELEGRAM_STRING_SESSION_FILE cannot be read (${name}).`, {
      hint: "The server's owner must put the session back there; the server then goes on by itself.",
      cause,
    });
  }
}

/** A login stores a session, which the configured one goes before. */
export const CONFIGURED_SESSION_HINT =
  "The server's owner must set a TELEGRAM_STRING_SESSION that is signed in, or unset it and run the command `login`, and " +
  "start again.";

/** The error of whoever needs Telegram and was not told as which application. */
export function noApplication(): AppError {
  return new AppError("SESSION_INVALID", "TELEGRAM_API_ID and TELEGRAM_API_HASH are not set.", {
    field: "TELEGRAM_API_ID",
    hint: "The server's owner must set both, as https://my.telegram.org/apps shows them.",
  });
}
