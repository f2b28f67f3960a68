/**
 * The catalogue of error codes and the one error class that carries them. Translated for people and models in exactly
 * three places: `http/problem.ts`, `mcp/result.ts` and `cli/`.
 * @module
 */
import { neutralize, type Neutralized } from "./model/neutralize.ts";

/** What a code means by default: its HTTP status and what a model should do next. */
interface CodeEntry {
  readonly status: number;
  readonly hint: string;
}

/** Every code that can reach a caller. */
export const ERROR_CODES = {
  INPUT_VALIDATION: { status: 400, hint: "Correct the named field and call again." },
  INVALID_CURSOR: { status: 400, hint: "Call again without cursor to start from the first page." },
  UNSUPPORTED: { status: 400, hint: "This cannot be done here; tell the user." },
  AUTH_REQUIRED: { status: 401, hint: "Ask the server's owner for access; do not retry." },
  ACCESS_DENIED: { status: 403, hint: "This key may not do that; tell the user, do not retry." },
  CHANNEL_PRIVATE: { status: 403, hint: "The account is not in this chat. Tell the user; do not retry." },
  CHAT_NOT_FOUND: { status: 404, hint: "Call list_chats with query to find the chat." },
  MESSAGE_NOT_FOUND: { status: 404, hint: "The message was deleted or never existed; search for it instead." },
  EXPORT_NOT_FOUND: { status: 404, hint: "Call list_exports to see the exports there are." },
  NOT_FOUND: { status: 404, hint: "GET / lists what this server offers." },
  METHOD_NOT_ALLOWED: { status: 405, hint: "Use a method that the Allow header names." },
  CHAT_AMBIGUOUS: { status: 409, hint: "Call again with the id of one of the candidates." },
  PAYLOAD_TOO_LARGE: { status: 413, hint: "Send a smaller request." },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, hint: "Send Content-Type: application/json." },
  FLOOD_WAIT: { status: 429, hint: "Telegram asked to wait. Do not retry before retry_after seconds have passed." },
  RATE_LIMITED: { status: 429, hint: "Wait for retry_after seconds, then call again." },
  INTERNAL: { status: 500, hint: "Unexpected; the log has the details under the request id." },
  CONNECTION: { status: 502, hint: "Telegram cannot be reached at the moment; try again in a minute." },
  SESSION_INVALID: {
    status: 503,
    hint: "The server's owner must run the command `login`; the server then goes on by itself.",
  },
  OVERLOADED: { status: 503, hint: "The server is busy; call again in a few seconds." },
  TIMEOUT: { status: 504, hint: "Telegram did not answer in time; call again, or ask for less." },
  RESOURCE_EXHAUSTED: { status: 507, hint: "A limit of this server is reached; ask for less or wait." },
} as const satisfies Record<string, CodeEntry>;

/** One of the {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** A chat, sender or topic that the caller may have meant. */
export interface Candidate {
  readonly id: string;
  readonly kind?: string;
  readonly title?: string;
  readonly username?: string;
}

/** A call that would get the caller further. */
export interface Suggestion {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What an error can say besides its code and sentence. */
export interface ErrorDetails {
  /** The argument or variable at fault. */
  readonly field?: string;
  /** The next step for a model; the code's own hint when absent. */
  readonly hint?: string;
  /** Seconds after which trying again can help. */
  readonly retryAfter?: number;
  readonly candidates?: readonly Candidate[];
  readonly suggest?: Suggestion;
  readonly cause?: unknown;
}

/**
 * An error that may be shown to a caller: its message is a sentence for a person and never holds secrets or message text.
 * Anything else that is thrown becomes `INTERNAL` at the edge.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly field?: string;
  readonly hint: string;
  readonly retryAfter?: number;
  readonly candidates?: readonly Candidate[];
  readonly suggest?: Suggestion;

  constructor(readonly code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.field = details.field;
    this.hint = details.hint ?? ERROR_CODES[code].hint;
    this.retryAfter = details.retryAfter;
    this.candidates = details.candidates;
    this.suggest = details.suggest;
  }

  /** The HTTP status of the code. */
  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  /**
   * The error as a caller sees it, absent fields left out: the body of a tool's `error` and of a problem's extensions. What
   * it echoes and the names of candidates are made safe to show.
   */
  toJSON(): ErrorBody {
    return neutralize({
      code: this.code,
      message: this.message,
      ...(this.field === undefined ? {} : { field: this.field }),
      hint: this.hint,
      ...(this.retryAfter === undefined ? {} : { retry_after: this.retryAfter }),
      ...(this.candidates === undefined ? {} : { candidates: this.candidates }),
      ...(this.suggest === undefined ? {} : { suggest: this.suggest }),
    }, ["code", "message", "field", "hint", "retry_after", "neutralized"]);
  }
}

/** {@link AppError.toJSON}'s shape. */
export interface ErrorBody extends Neutralized {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly hint: string;
  readonly retry_after?: number;
  readonly candidates?: readonly Candidate[];
  readonly suggest?: Suggestion;
}

/**
 * Any thrown value as an {@link AppError}: itself when it is one, else `INTERNAL` with the value as its cause and none of
 * its text, which may hold secrets.
 */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError("INTERNAL", "Something went wrong in the server.", { cause: thrown });
}
