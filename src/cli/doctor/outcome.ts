/**
 * What a check of `doctor` has found.
 * @module
 */
import { redactText } from "../../config/redact.ts";
import { AppError } from "../../errors.ts";
import { systemReason } from "../../exports/disk.ts";
import { unlessAborted } from "../../mtproto/invoke.ts";
import { hintOf, toExpected } from "../explain.ts";

/** How bad it is: nothing is done about `ok`, `warn` keeps the program running, with `fail` something does not work. */
export type Verdict = "ok" | "warn" | "fail";

/** One thing that a check has found. Neither sentence ever holds a secret. */
export interface Outcome {
  readonly status: Verdict;
  /** A sentence without its full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** Something that is as it should be. */
export function ok(message: string): Outcome {
  return outcome("ok", message);
}

/** Something that will be a problem, or is one for others. */
export function warn(message: string, fix?: string): Outcome {
  return outcome("warn", message, fix);
}

/** Something that keeps the program from working. */
export function fail(message: string, fix?: string): Outcome {
  return outcome("fail", message, fix);
}

function outcome(status: Verdict, sentence: string, fix?: string): Outcome {
  const message = sentence.replace(/\.$/, "");
  return { status, message, ...(fix === undefined ? {} : { fix }) };
}

/** What was thrown, as an outcome. */
export function failed(thrown: unknown): Outcome {
  const error = toExpected(thrown);
  if (thrown instanceof Deno.errors.PermissionDenied) {
    return fail(error.message, "Run this as the user that runs the server.");
  }
  if (error.code !== "INTERNAL") return fail(error.message, hintOf(error));
  const reason = thrown instanceof AppError ? thrown.message : redactText(systemReason(thrown));
  return fail(`could not be checked: ${reason}`);
}

/**
 * What an action comes to in some milliseconds; it goes on for itself if it does not heed the signal it is given.
 * @throws AppError TIMEOUT, the signal's reason, or what the action threw
 */
export async function within<T>(
  ms: number,
  action: (end: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new AppError("TIMEOUT", `no answer within ${ms / 1000} s`)), ms);
  const end = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    return await unlessAborted(action(end), end);
  } finally {
    clearTimeout(timer);
  }
}
