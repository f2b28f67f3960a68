/**
 * Flood waits: remembered by method for every caller, and waited for by callers who have the patience.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Flood, Floods } from "./floods.ts";
import { methodOf } from "./guard.ts";
import type { Call } from "./invoke.ts";

/** Told of each flood wait that Telegram asks for. */
export type OnFlood = (flood: Flood) => void;

/** Floods of requests that another request needed: a gate that such an error passes on its way knows it was not its own. */
const booked = new WeakSet<AppError>();

/**
 * A gate before the wire: once Telegram has asked to wait with a method, further calls of it fail at once with
 * FLOOD_WAIT until the time is over, whoever makes them. Sending them would lengthen the wait.
 * @param options.now milliseconds since the epoch
 */
export function floodGate(
  call: Call,
  floods: Floods,
  options: { readonly now?: () => number; readonly onFlood?: OnFlood } = {},
): Call {
  const { now = Date.now, onFlood = () => {} } = options;
  return async (request, callOptions) => {
    const method = methodOf(request);
    const flood = floods.find(method);
    if (flood !== undefined) {
      const retryAfter = Math.ceil(Math.min(flood.until - now(), flood.seconds * 1000) / 1000);
      const error = new AppError("FLOOD_WAIT", `Telegram asks to wait ${retryAfter} s before the next ${method}.`, {
        retryAfter,
      });
      booked.add(error);
      throw error;
    }
    try {
      return await call(request, callOptions);
    } catch (error) {
      const isFlood = error instanceof AppError && error.code === "FLOOD_WAIT" && error.retryAfter !== undefined;
      if (isFlood && !booked.has(error)) {
        booked.add(error);
        onFlood(floods.begin(method, error.retryAfter));
      }
      throw error;
    }
  };
}

/** A wait that is about to begin. */
export interface Wait {
  readonly reason: "flood" | "connection";
  readonly method: string;
  readonly seconds: number;
}

/** How long a caller waits in all, and how. */
export interface Patience {
  /** Seconds for all waits of this caller together; Infinity for an export. */
  readonly seconds: number;
  readonly onWait?: (wait: Wait) => void;
  /** Resolves after that many seconds, or rejects when the signal is aborted. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
  /** 0 to 1, for the jitter of waits that Telegram did not fix. */
  readonly random?: () => number;
}

const LONGEST_PAUSE_SECONDS = 30;

/**
 * A `Call` for one caller: waits for floods and for a lost connection, and asks again, while all waits together stay
 * within its patience; then the error goes through, with its `retry_after`. Safe since every method only reads.
 */
export function patient(call: Call, patience: Patience): Call {
  const { onWait = () => {}, sleep, random = Math.random } = patience;
  let left = patience.seconds;
  return async (request, options) => {
    for (let attempt = 0;; attempt++) {
      try {
        return await call(request, options);
      } catch (error) {
        if (options?.signal?.aborted) throw error;
        const wait = waitFor(error, attempt, left === Infinity, random);
        if (wait === undefined || wait.seconds > left) throw error;
        left -= wait.seconds;
        onWait({ ...wait, method: methodOf(request) });
        await sleep(wait.seconds, options?.signal);
      }
    }
  };
}

function waitFor(
  error: unknown,
  attempt: number,
  unhurried: boolean,
  random: () => number,
): Omit<Wait, "method"> | undefined {
  if (!(error instanceof AppError)) return undefined;
  if (error.code === "FLOOD_WAIT") return { reason: "flood", seconds: error.retryAfter ?? 1 };
  // A time-out has cost its caller half a minute already: only one without a clock asks again.
  const isPassing = error.code === "CONNECTION" || (unhurried && ["TIMEOUT", "OVERLOADED"].includes(error.code));
  if (!isPassing) return undefined;
  return { reason: "connection", seconds: Math.min(2 ** attempt, LONGEST_PAUSE_SECONDS) * (0.5 + random() / 2) };
}
