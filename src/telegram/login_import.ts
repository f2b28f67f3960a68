/**
 * String sessions of other programs.
 * @module
 */
import { AppError } from "../errors.ts";
import { formOfSession, parseSession, type Session, type SessionForm } from "../mtproto/session.ts";

/** A session and whose form it had. */
export interface Imported {
  readonly form: SessionForm;
  readonly session: Session;
}

/**
 * Reads a string session that a person has pasted.
 * @throws AppError INPUT_VALIDATION, never quoting it
 */
export function readImport(text: string): Imported {
  try {
    return { form: formOfSession(text), session: parseSession(text) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError("INPUT_VALIDATION", error.message, {
      hint:
        "Paste the whole string session of a person's account, about 350 characters in one line: it begins with 1 " +
        "(GramJS, Telethon), or with A or B (Pyrogram).",
      cause: error,
    });
  }
}
