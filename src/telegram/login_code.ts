/**
 * How Telegram sends codes, in words (https://core.telegram.org/type/auth.SentCodeType).
 * @module
 */
import { AppError } from "../errors.ts";
import { Api } from "../mtproto/gram.ts";

/** A code is on its way. */
export type Sent = Api.auth.SentCode;

/**
 * What came of asking for a code.
 * @throws AppError UNSUPPORTED for what only Telegram's own apps can go on with
 */
export function assertSent(answer: Api.auth.TypeSentCode): Sent | Api.auth.SentCodeSuccess {
  if (answer instanceof Api.auth.SentCodeSuccess) return answer;
  if (!(answer instanceof Api.auth.SentCode)) throw appOnly("Telegram wants to be paid for a code to this number");
  if (answer.type instanceof Api.auth.SentCodeTypeSetUpEmailRequired) {
    throw appOnly("Telegram wants the account to have an e-mail address for signing in");
  }
  return answer;
}

/** How the next code comes, and in how many seconds at the earliest: GramJS has null for what Telegram left out. */
export function nextOf({ nextType, timeout }: Sent): { readonly type?: Api.auth.TypeCodeType; readonly after: number } {
  const type = nextType ?? undefined;
  return { ...(type === undefined ? {} : { type }), after: timeout ?? 0 };
}

/** Where to look for the code and what it looks like. */
export function describeSent({ type }: Sent): string {
  if (type instanceof Api.auth.SentCodeTypeApp) {
    return `Telegram has sent a code of ${type.length} digits to the Telegram app on your other devices, not by SMS.`;
  }
  if (type instanceof Api.auth.SentCodeTypeSms) return `Telegram has sent a code of ${type.length} digits by SMS.`;
  if (type instanceof Api.auth.SentCodeTypeCall) return `Telegram calls and says a code of ${type.length} digits.`;
  if (type instanceof Api.auth.SentCodeTypeFlashCall) {
    return `Telegram calls and hangs up: the code is the number that calls, ${JSON.stringify(type.pattern)}.`;
  }
  if (type instanceof Api.auth.SentCodeTypeMissedCall) {
    const from = JSON.stringify(type.prefix);
    return `Telegram calls and hangs up: the code is the last ${type.length} digits of the number, which begins with ${from}.`;
  }
  if (type instanceof Api.auth.SentCodeTypeEmailCode) {
    return `Telegram has sent a code of ${type.length} digits by e-mail to ${JSON.stringify(type.emailPattern)}.`;
  }
  if (type instanceof Api.auth.SentCodeTypeFragmentSms) {
    return `The number is of Fragment: the code of ${type.length} digits is at ${JSON.stringify(type.url)}.`;
  }
  if (type instanceof Api.auth.SentCodeTypeSmsWord) return `Telegram has sent a word by SMS${begins(type.beginning)}.`;
  if (type instanceof Api.auth.SentCodeTypeSmsPhrase) {
    return `Telegram has sent some words by SMS${begins(type.beginning)}; type them all.`;
  }
  return "Telegram would send this code by SMS through Google or Apple, to its own apps only.";
}

/** How the next code comes, to follow a verb. */
export function wayOf(next: Api.auth.TypeCodeType): string {
  if (next instanceof Api.auth.CodeTypeSms) return "by SMS";
  if (next instanceof Api.auth.CodeTypeCall) return "by a call";
  if (next instanceof Api.auth.CodeTypeFragmentSms) return "through Fragment";
  return "by a call that hangs up";
}

function begins(beginning: string | undefined): string {
  return beginning ? ` that begins with ${JSON.stringify(beginning)}` : "";
}

function appOnly(reason: string): AppError {
  return new AppError("UNSUPPORTED", `${reason}, which only its own apps can do.`, {
    hint: "Sign in with a Telegram app first, then run `login` without --phone and scan the code with it.",
  });
}
