/**
 * Where an export goes.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Plan } from "./plan.ts";

/** A place that takes lines. */
export interface Sink extends Disposable {
  /** What is written: the wanted export, or the one that an earlier run began. */
  readonly plan: Plan;
  /** What earlier runs have written. */
  readonly lines: number;
  /** The last message among them. */
  readonly lastId?: number;
  /** @throws AppError RESOURCE_EXHAUSTED when the system does not take it */
  write(text: string): Promise<void>;
  /** After the last line. */
  complete(): Promise<void>;
}

/**
 * Standard output. A reader that has gone shows as `Deno.errors.BrokenPipe`, one that does not read keeps `write` waiting.
 * @param signal ends that waiting
 */
export function standardOutput(plan: Plan, signal: AbortSignal): Sink {
  return {
    plan,
    lines: 0,
    write: async (text) => {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      const onAbort = (): void => aborted.reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        await Promise.race([writeAll(Deno.stdout, text), aborted.promise]);
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe || signal.aborted) throw error;
        throw notWritten("standard output", error, "What it has so far is not complete.");
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    complete: () => Promise.resolve(),
    [Symbol.dispose]: () => {},
  };
}

/** Writes the whole text. */
export async function writeAll(to: { write(bytes: Uint8Array): Promise<number> }, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += await to.write(bytes.subarray(written));
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
