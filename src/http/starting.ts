/**
 * A server between listening and having read the program that it serves.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import { chain, type Handler } from "./chain.ts";
import { requestId } from "./middleware/request_id.ts";
import { securityHeaders } from "./middleware/security_headers.ts";

/** Where one asks whether the process lives. */
export const LIVE_PATH = "/health/live";

/** Answers that it does. */
export const live: Handler = () => Response.json({ status: "ok" });

/** What answers while a program starts. */
export interface Starting {
  /** Answers whether the process lives; all else waits for the program, instead of finding nobody. */
  readonly handler: Handler;
  /** Resolves when the first one has been answered, at the latest after so many milliseconds. */
  answered(ms: number): Promise<void>;
  /** From now on the program answers. */
  hand(program: Handler): void;
}

/** Begins a start. */
export function createStarting(): Starting {
  const first = Promise.withResolvers<void>();
  const whole = Promise.withResolvers<Handler>();
  const alive = chain([requestId(), securityHeaders()], live);
  let current: Handler = async (request, context) => {
    if (request.method !== "GET" || new URL(request.url).pathname !== LIVE_PATH) {
      return await (await whole.promise)(request, context);
    }
    // Once this answer is on its way.
    setTimeout(first.resolve);
    return await alive(request, context);
  };
  return {
    handler: (request, context) => current(request, context),
    answered: async (ms) => {
      const over = new AbortController();
      const pause = sleepMs(ms, undefined, { signal: over.signal }).catch(() => {});
      await Promise.race([first.promise, pause]);
      over.abort();
    },
    hand(program): void {
      current = program;
      whole.resolve(program);
    },
  };
}
