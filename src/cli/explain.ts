/**
 * From an error to sentences for the person at the command line.
 * @module
 */
import { ConfigError } from "../config/load.ts";
import { redactText } from "../config/redact.ts";
import { AppError, ERROR_CODES, type ErrorCode, toAppError } from "../errors.ts";
import { notWritten, systemReason } from "../exports/disk.ts";
import { visible } from "../model/visible.ts";
import { isDiskError } from "../storage/disk_error.ts";

/** In place of a code's own hint, which speaks to a model that calls tools. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  INPUT_VALIDATION: "See --help.",
  CHAT_NOT_FOUND: "Name it by its @username, its id, its exact title or a link to one of its messages.",
  CHAT_AMBIGUOUS: "Name it by its id.",
  CHANNEL_PRIVATE: "Join it with the account first.",
  ACCESS_DENIED: "The account lacks the rights for it.",
  SESSION_INVALID: "Run the command `login`.",
  CONNECTION: "Try again in a minute; `doctor` looks for the cause.",
  TIMEOUT: "Try again in a minute; `doctor` looks for the cause.",
  INTERNAL: "This is a defect of the program; please report it with the lines below.",
};

/**
 * What to print for anything that a command threw. Only defects show a stack trace.
 * @returns lines, the last one ended
 */
export function explain(thrown: unknown): string {
  const error = toExpected(thrown);
  const hint = hintOf(error);
  const { message, candidates } = error.toJSON();
  // A configuration's problems are the words of the table of options, examples among them that look like secrets.
  const lines = thrown instanceof ConfigError ? [error.message] : [message, visible(hint)].map(redactText);
  if (candidates !== undefined) lines.push("Did you mean:");
  for (const { id, kind, title, username } of candidates ?? []) {
    lines.push(`  ${id} ${kind ?? ""} ${JSON.stringify(title ?? "")}${username === undefined ? "" : ` @${username}`}`);
  }
  if (error.code === "INTERNAL" && error.cause instanceof Error) {
    lines.push(redactText(error.cause.stack ?? error.cause.message));
  }
  return `${lines.join("\n")}\n`;
}

/** The next step, as said to who types commands. */
export function hintOf({ code, hint }: AppError): string {
  return hint === ERROR_CODES[code].hint ? HINTS[code] ?? hint : toOwner(hint);
}

/** Who types commands is the owner that a model is told of. */
function toOwner(hint: string): string {
  const told = hint.replace(ERROR_CODES.SESSION_INVALID.hint, "Run the command `login`.");
  return told.replace(/^The server's owner must (\w)/, (_, letter: string) => letter.toUpperCase());
}

/** Anything thrown as an error of the catalogue: what the system refused, a file that is not there for one, is no defect. */
export function toExpected(thrown: unknown): AppError {
  if (isDiskError(thrown)) {
    return notWritten(
      "The database",
      thrown,
      "Check DATA_DIR: it must be this user's, on a disk with free space, and locked by no other program for long.",
    );
  }
  const isFromSystem = thrown instanceof Error && "code" in thrown && /^E[A-Z0-9]+$/.test(String(thrown.code));
  if (!isFromSystem) return toAppError(thrown);
  const path = /'[^']*'/.exec(thrown.message)?.[0];
  return new AppError("RESOURCE_EXHAUSTED", `The system refused${path ? ` ${path}` : ""}: ${systemReason(thrown)}.`, {
    hint: "Correct that and try again.",
    cause: thrown,
  });
}
