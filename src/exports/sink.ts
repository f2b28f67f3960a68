/**
 * What a disk takes, and what it says when it does not.
 * @module
 */
import { AppError } from "../errors.ts";

/** Writes the whole text. @returns how many bytes that are */
export async function writeAll(to: { write(bytes: Uint8Array): Promise<number> }, text: string): Promise<number> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
  return bytes.length;
}

/** What the system said when it did not take the data. */
export function notWritten(what: string, cause: unknown, hint: string): AppError {
  return new AppError("RESOURCE_EXHAUSTED", `${what} cannot be written: ${systemReason(cause)}.`, { hint, cause });
}

/** The system's own words, without the number and the paths that Deno adds. */
export function systemReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error .*$/s, "").replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
