/**
 * The seam: every request to Telegram is a `Call`, and everything that wraps one is a decorator over that one type.
 * @module
 */
import { AppError, toAppError } from "../errors.ts";
import type { TlRequest } from "./gram.ts";
import { assertAllowed, type MethodClass, methodOf } from "./guard.ts";

/** What a caller may add to a request. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for the answer; the connection's own limit when absent. */
  readonly timeout?: number;
  /** Of long work that nobody waits for: it leaves the turns of others free, and waits for its own as long as it takes. */
  readonly background?: boolean;
  /** Marked id of the chat that the request is about, where it does not say so itself: messages.getMessages names none. */
  readonly chat?: string;
}

/**
 * One TL request to Telegram.
 * @throws AppError FLOOD_WAIT, TIMEOUT, CONNECTION, SESSION_INVALID, or an RpcError
 */
export type Call = <R>(request: TlRequest<R>, options?: CallOptions) => Promise<R>;

/** Lets methods of the allowed classes pass, reading ones by default, and rejects all others before a byte leaves. */
export function guarded(call: Call, allowed: readonly MethodClass[] = ["read"]): Call {
  return async (request, options) => {
    assertAllowed(request, allowed);
    return await call(request, options);
  };
}

/**
 * Asks within a time: `end` is aborted when the caller gives up or the time is over.
 * @param limit.timeout milliseconds
 * @throws the caller's own reason when it has given up, AppError TIMEOUT, or what asking failed with
 */
export async function inTime<R>(
  request: TlRequest<R>,
  { signal, timeout }: { readonly signal?: AbortSignal; readonly timeout: number },
  ask: (end: AbortSignal) => Promise<R>,
): Promise<R> {
  signal?.throwIfAborted();
  const end = new AbortController();
  const late = (): AppError =>
    new AppError("TIMEOUT", `Telegram did not answer ${methodOf(request)} within ${timeout / 1000} s.`);
  const onAbort = (): void => end.abort(signal?.reason);
  const timer = setTimeout(() => end.abort(late()), timeout);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await ask(end.signal);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** How one call ended. */
export interface CallEnd {
  readonly method: string;
  /** `ok`, `CANCELLED` or the error's code. */
  readonly status: string;
  readonly seconds: number;
  /** The answer, if there was one. */
  readonly answer?: unknown;
}

/** Reports each call's method, outcome and time. */
export function measured(
  call: Call,
  onEnd: (end: CallEnd) => void = () => {},
  clock: () => number = () => performance.now(),
): Call {
  return async (request, options) => {
    const begun = clock();
    const end = (status: string, answer?: unknown): void =>
      onEnd({ method: methodOf(request), status, seconds: (clock() - begun) / 1000, answer });
    try {
      const answer = await call(request, options);
      end("ok", answer);
      return answer;
    } catch (error) {
      end(options?.signal?.aborted ? "CANCELLED" : toAppError(error).code);
      throw error;
    }
  };
}

/** The outcome of a promise, or the signal's reason if that comes first; the promise goes on for others. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
