/**
 * Turns: how many requests are under way at once, and who comes next.
 * @module
 */
import { AppError } from "../errors.ts";
import { classOf, type Floods, type MethodClass } from "./floods.ts";
import { methodOf } from "./guard.ts";
import type { Call } from "./invoke.ts";

/** How many, and how patiently. */
export interface Turns {
  /** Requests under way at once. */
  readonly limit: number;
  /** Milliseconds after which a call that got no turn fails with OVERLOADED. */
  readonly longestWait: number;
  /** Methods of a class for which Telegram has lately asked to wait are sent one at a time. */
  readonly floods?: Pick<Floods, "isCareful">;
}

/**
 * Lets a few calls be under way at once, of all the ways to Telegram that it is put around; the others wait their turn, or
 * leave when their signal is aborted.
 */
export function createTurns({ limit, longestWait, floods }: Turns): (call: Call) => Call {
  const underWay: MethodClass[] = [];
  const waiting: Array<{ readonly of: MethodClass; readonly enter: () => void }> = [];
  const mayEnter = (of: MethodClass): boolean =>
    underWay.length < limit && !(underWay.includes(of) && floods?.isCareful(of));
  const letIn = (): void => {
    for (let next; (next = waiting.find(({ of }) => mayEnter(of))) !== undefined;) {
      waiting.splice(waiting.indexOf(next), 1);
      underWay.push(next.of);
      next.enter();
    }
  };
  const turn = async (of: MethodClass, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const place = { of, enter: resolve };
    const leave = (reason: unknown): void => {
      if (!waiting.includes(place)) return;
      waiting.splice(waiting.indexOf(place), 1);
      reject(reason);
    };
    waiting.push(place);
    letIn();
    if (!waiting.includes(place)) return;
    const timer = setTimeout(() => leave(overloaded(longestWait)), longestWait);
    const onAbort = (): void => leave(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  };
  return (call) => async (request, options) => {
    const of = classOf(methodOf(request));
    await turn(of, options?.signal);
    try {
      return await call(request, options);
    } finally {
      underWay.splice(underWay.indexOf(of), 1);
      letIn();
    }
  };
}

function overloaded(waited: number): AppError {
  const seconds = Math.round(waited / 1000);
  return new AppError("OVERLOADED", `Other requests to Telegram took all turns for ${seconds} s.`, { retryAfter: 5 });
}
