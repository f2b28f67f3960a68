/**
 * What Telegram says when it refuses, in the words of the catalogue.
 * @module
 */
import { AppError, ERROR_CODES, type ErrorCode, type ErrorDetails } from "../errors.ts";
import { readRpcError, UnknownAuthKeyError } from "./gram.ts";

/** An `rpc_error` (https://core.telegram.org/api/errors): a catalogue code for callers, Telegram's own name for code. */
export class RpcError extends AppError {
  constructor(code: ErrorCode, message: string, readonly rpc: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}

interface Translation {
  readonly code: ErrorCode;
  readonly message: string;
  /** The code's own when absent. */
  readonly hint?: string;
}

const NO_CHAT: Translation = { code: "CHAT_NOT_FOUND", message: "Telegram knows no such chat." };
const NO_MESSAGE: Translation = { code: "MESSAGE_NOT_FOUND", message: "Telegram knows no such message in the chat." };
const PRIVATE: Translation = { code: "CHANNEL_PRIVATE", message: "The chat is private and the account is not in it." };
const NOT_ALLOWED: Translation = { code: "ACCESS_DENIED", message: "Telegram does not let this account see that." };
const LOGIN: string = ERROR_CODES.SESSION_INVALID.hint;
const refused = (message: string, hint = LOGIN): Translation => ({ code: "SESSION_INVALID", message, hint });
const LOGGED_OUT = refused(
  "Telegram does not know the session any more: it was logged out, or ended in an app under Settings, Devices.",
);
const APPLICATION =
  "The server's owner must set TELEGRAM_API_ID and TELEGRAM_API_HASH as https://my.telegram.org/apps shows.";

const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  CHANNEL_PRIVATE: PRIVATE,
  CHANNEL_PUBLIC_GROUP_NA: PRIVATE,
  CHAT_FORBIDDEN: PRIVATE,
  USER_BANNED_IN_CHANNEL: PRIVATE,
  MSG_ID_INVALID: NO_MESSAGE,
  TOPIC_ID_INVALID: NO_MESSAGE,
  CHANNEL_INVALID: NO_CHAT,
  CHAT_ID_INVALID: NO_CHAT,
  PEER_ID_INVALID: NO_CHAT,
  USER_ID_INVALID: NO_CHAT,
  USERNAME_INVALID: NO_CHAT,
  USERNAME_NOT_OCCUPIED: NO_CHAT,
  INVITE_HASH_EMPTY: NO_CHAT,
  INVITE_HASH_EXPIRED: NO_CHAT,
  INVITE_HASH_INVALID: NO_CHAT,
  CHAT_ADMIN_REQUIRED: NOT_ALLOWED,
  FROZEN_METHOD_INVALID: {
    code: "ACCESS_DENIED",
    message: "Telegram has frozen the account, and does not let it do that.",
    hint: "Tell the user, do not retry: the Telegram app says why, and until when one can appeal.",
  },
  API_ID_INVALID: refused("Telegram does not accept TELEGRAM_API_ID.", APPLICATION),
  API_ID_PUBLISHED_FLOOD: refused("Telegram has blocked this TELEGRAM_API_ID: it was published.", APPLICATION),
  AUTH_KEY_UNREGISTERED: LOGGED_OUT,
  AUTH_KEY_INVALID: LOGGED_OUT,
  AUTH_KEY_PERM_EMPTY: LOGGED_OUT,
  AUTH_KEY_DUPLICATED: refused(
    "Telegram ended the session because two programs used it at once from two addresses.",
    `Give every program a session of its own. ${LOGIN}`,
  ),
  SESSION_REVOKED: refused(
    "The session was ended in an app of the account: Settings, Devices, Terminate all sessions.",
  ),
  SESSION_EXPIRED: refused("The session has expired: it was not used for too long."),
  SESSION_PASSWORD_NEEDED: refused("The session was never fully signed in: the account's password is missing."),
  USER_DEACTIVATED: refused(
    "The account was deleted, by its owner or by Telegram.",
    "A new login does not help. Tell the user; only recover@telegram.org can say more.",
  ),
  USER_DEACTIVATED_BAN: refused(
    "Telegram has banned the account.",
    "A new login does not help. Tell the user; only recover@telegram.org can lift the ban.",
  ),
};

/** When Telegram asks to wait and does not say how long. */
const UNTOLD_WAIT_S = 30;

/**
 * Translates what a request was rejected with.
 * @param thrown an `rpc_error` as GramJS gives it, an {@link UnknownAuthKeyError}, an {@link AppError}, or anything else
 * @param method the TL method that was asked
 */
export function toTelegramError(thrown: unknown, method: string): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof UnknownAuthKeyError) {
    const message = "Telegram does not know the session's key: it was logged out, or is of another data centre.";
    return new AppError("SESSION_INVALID", message, { cause: thrown });
  }
  const rpc = readRpcError(thrown);
  if (rpc === undefined) {
    return new AppError("INTERNAL", `The answer to ${method} could not be read.`, { cause: thrown });
  }
  const { code = 0, errorMessage, seconds } = rpc;
  const known = TRANSLATIONS[errorMessage];
  if (known !== undefined) {
    return new RpcError(known.code, known.message, errorMessage, { hint: known.hint, cause: thrown });
  }
  const delay = /^TAKEOUT_INIT_DELAY_(\d+)$/.exec(errorMessage)?.[1];
  if (delay !== undefined) return takeoutDelay(Math.max(1, Number(delay)));
  if (seconds !== undefined || code === 420) {
    const retryAfter = Math.max(1, seconds ?? UNTOLD_WAIT_S);
    return new RpcError(
      "FLOOD_WAIT",
      `Telegram asks to wait ${retryAfter} s before the next ${method}.`,
      "FLOOD_WAIT",
      { retryAfter },
    );
  }
  if (code >= 500 || code < 0) {
    return new RpcError(
      "CONNECTION",
      `Telegram has trouble of its own with ${method} (${errorMessage}).`,
      errorMessage,
    );
  }
  return new RpcError("INTERNAL", `Telegram refused ${method}: ${errorMessage}.`, errorMessage, { cause: thrown });
}

/** Not a flood wait: the owner can end it at once. */
function takeoutDelay(retryAfter: number): RpcError {
  const message = `Telegram lets a data export begin in ${retryAfter} s, or when the account's owner allows it.`;
  return new RpcError("RATE_LIMITED", message, "TAKEOUT_INIT_DELAY", {
    retryAfter,
    hint: "The account's owner can allow it in a Telegram app, where Telegram has sent a message about it.",
  });
}
