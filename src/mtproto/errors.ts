/**
 * What Telegram says when it refuses, in the words of the catalogue.
 * @module
 */
import { AppError, type ErrorCode, type ErrorDetails } from "../errors.ts";
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
}

const NO_CHAT: Translation = { code: "CHAT_NOT_FOUND", message: "Telegram knows no such chat." };
const NO_MESSAGE: Translation = { code: "MESSAGE_NOT_FOUND", message: "Telegram knows no such message in the chat." };
const PRIVATE: Translation = { code: "CHANNEL_PRIVATE", message: "The chat is private and the account is not in it." };
const NOT_ALLOWED: Translation = { code: "ACCESS_DENIED", message: "Telegram does not let this account see that." };
const LOGGED_OUT: Translation = {
  code: "SESSION_INVALID",
  message: "Telegram no longer accepts the session: it was logged out or revoked.",
};

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
  API_ID_INVALID: { code: "SESSION_INVALID", message: "Telegram does not accept TELEGRAM_API_ID." },
  API_ID_PUBLISHED_FLOOD: { code: "SESSION_INVALID", message: "Telegram has blocked this TELEGRAM_API_ID." },
  AUTH_KEY_UNREGISTERED: LOGGED_OUT,
  AUTH_KEY_INVALID: LOGGED_OUT,
  AUTH_KEY_DUPLICATED: {
    code: "SESSION_INVALID",
    message: "Telegram closed the session because two programs used it at once.",
  },
  SESSION_REVOKED: LOGGED_OUT,
  SESSION_EXPIRED: LOGGED_OUT,
  SESSION_PASSWORD_NEEDED: LOGGED_OUT,
  USER_DEACTIVATED: { code: "SESSION_INVALID", message: "Telegram has deleted this account." },
  USER_DEACTIVATED_BAN: { code: "SESSION_INVALID", message: "Telegram has banned this account." },
};

/**
 * Translates what a request was rejected with.
 * @param thrown an `rpc_error` as GramJS gives it, an {@link UnknownAuthKeyError}, an {@link AppError}, or anything else
 * @param method the TL method that was asked
 */
export function toTelegramError(thrown: unknown, method: string): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof UnknownAuthKeyError) {
    return new AppError("SESSION_INVALID", "Telegram does not know the session's key: it was revoked.", {
      cause: thrown,
    });
  }
  const rpc = readRpcError(thrown);
  if (rpc === undefined) {
    return new AppError("INTERNAL", `The answer to ${method} could not be read.`, { cause: thrown });
  }
  const { code = 0, errorMessage, seconds } = rpc;
  if (seconds !== undefined || code === 420) {
    const retryAfter = Math.max(1, seconds ?? 1);
    return new RpcError(
      "FLOOD_WAIT",
      `Telegram asks to wait ${retryAfter} s before the next ${method}.`,
      "FLOOD_WAIT",
      { retryAfter },
    );
  }
  const known = TRANSLATIONS[errorMessage];
  if (known !== undefined) return new RpcError(known.code, known.message, errorMessage, { cause: thrown });
  if (code >= 500 || code < 0) {
    return new RpcError(
      "CONNECTION",
      `Telegram has trouble of its own with ${method} (${errorMessage}).`,
      errorMessage,
    );
  }
  return new RpcError("INTERNAL", `Telegram refused ${method}: ${errorMessage}.`, errorMessage, { cause: thrown });
}
