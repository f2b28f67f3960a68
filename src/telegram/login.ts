/**
 * Signing in as a person (https://core.telegram.org/api/auth): what the ways in share.
 * @module
 */
import type { Secret } from "../config/secret.ts";
import { AppError } from "../errors.ts";
import { RpcError } from "../mtproto/errors.ts";
import { Api } from "../mtproto/gram.ts";
import type { LoginCentre } from "./login_centre.ts";

/** The person who signs in. */
export interface Person {
  /** Tells something, a sentence or more. */
  show(text: string): void;
  /** Shows a QR code to scan, in place of the one before. */
  showQr(link: string): Promise<void>;
  /**
   * The line that is answered, as it was typed.
   * @throws AppError when there will be no answer
   */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
}

/** What every way in takes. */
export interface Login {
  readonly centre: LoginCentre;
  readonly application: { readonly apiId: number; readonly apiHash: Secret };
  readonly person: Person;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after so many milliseconds; rejects when the person gives up. */
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Telegram's own name of an error, if it is one of Telegram's. */
export function nameOf(error: unknown): string | undefined {
  return error instanceof RpcError ? error.rpc : undefined;
}

/**
 * Who is signed in.
 * @throws AppError ACCESS_DENIED when the number has no account
 */
export function userOf(authorization: Api.auth.TypeAuthorization): Api.User {
  if (authorization instanceof Api.auth.Authorization && authorization.user instanceof Api.User) {
    return authorization.user;
  }
  throw new AppError("ACCESS_DENIED", NO_ACCOUNT.message, { hint: NO_ACCOUNT.hint });
}

/** Seconds in words for a person: `45 s`, `10 min`, `2 h 5 min`. */
export function inWords(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

interface Refusal {
  readonly message: string;
  readonly hint: string;
}

const NO_ACCOUNT: Refusal = {
  message: "There is no Telegram account of this number.",
  hint: "Sign up with it in a Telegram app first. A fresh number that is used by programs at once is soon banned.",
};
const QR_INSTEAD = "Log in by QR code instead: run `login` without --phone.";

/** What Telegram says to whoever signs in, by its names of errors (https://core.telegram.org/method/auth.sendCode#possible-errors). */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  PHONE_NUMBER_INVALID: {
    message: "Telegram does not take this for a phone number.",
    hint: "Write it with the country's code, +49 170 … for one.",
  },
  PHONE_NUMBER_BANNED: {
    message: "Telegram has banned this phone number.",
    hint: "Only recover@telegram.org can lift the ban. Numbers of VoIP services are often banned from the start.",
  },
  PHONE_NUMBER_FLOOD: {
    message: "Telegram has sent too many codes to this number and sends no more for now.",
    hint: `Wait for a day, or better: ${QR_INSTEAD}`,
  },
  PHONE_NUMBER_UNOCCUPIED: NO_ACCOUNT,
  PHONE_NUMBER_APP_SIGNUP_FORBIDDEN: NO_ACCOUNT,
  PHONE_PASSWORD_FLOOD: {
    message: "Telegram has seen too many attempts to sign in to this account and takes no more for now.",
    hint: "Wait for a day before you try again.",
  },
  SEND_CODE_UNAVAILABLE: { message: "Telegram has no way left to send a code to this number.", hint: QR_INSTEAD },
  UPDATE_APP_TO_LOGIN: {
    message: "Telegram lets this account sign in only with its own apps.",
    hint: QR_INSTEAD,
  },
  PASSWORD_HASH_INVALID: {
    message: "That was not the password of the account's two-step verification.",
    hint: "It is set in a Telegram app under Settings, Privacy and Security, Two-Step Verification; there it can be " +
      "recovered by e-mail too. It is not the code, nor the phone's passcode.",
  },
};

const UNKNOWN =
  "Try again later, or the other way: with or without --phone. If it stays so, please report the line above.";

/** What a person is told when signing in fails. */
export function toLoginError(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const { retryAfter } = error;
  if (error.code === "FLOOD_WAIT" && retryAfter !== undefined) {
    return new AppError("FLOOD_WAIT", `Telegram asks to wait ${inWords(retryAfter)} before the next attempt.`, {
      hint: "Wait for it: trying earlier makes it longer.",
      retryAfter,
      cause: error,
    });
  }
  const refusal = REFUSALS[nameOf(error) ?? ""] ??
    (error.code === "INTERNAL" && nameOf(error) !== undefined ? { message: error.message, hint: UNKNOWN } : undefined);
  if (refusal === undefined) return error;
  return new AppError("ACCESS_DENIED", refusal.message, { hint: refusal.hint, cause: error });
}
