/**
 * Turns: how many requests are under way at once, and who comes next.
 * @module
 */
import { AppError } from "../errors.ts";
import { classOf, type Floods, type MethodClass } from "./floods.ts";
import { methodOf } from "./guard.ts";
import type { Call, CallOptions } from "./invoke.ts";

/** How many, and how patiently. */
export interface Turns {
  /** Requests under way at once. */
  readonly limit: number;
  /** Requests in the background that may be under way besides; as many as others when left out. */
  readonly background?: number;
  /** Milliseconds after which a call that got no turn fails with OVERLOADED, unless it is in the background. */
  readonly longestWait: number;
  /** Methods of a class for which Telegram has lately asked to wait are sent one at a time. */
  readonly floods?: Pick<Floods, "isCareful">;
}

interface Place {
  readonly of: MethodClass;
  readonly background: boolean;
  readonly enter: () => void;
}

/**
 * Lets a few calls be under way at once, of all the ways to Telegram that it is put around; the others wait their turn, or
 * leave when their signal is aborted. Calls in the background have turns of their own, and where they compete, one at a time,
 * they come after the others: so nobody waits for more than the one that is under way.
 */
export function createTurns({ limit, background: most = limit, longestWait, floods }: Turns): (call: Call) => Call {
  const underWay: Place[] = [];
  const waiting: Place[] = [];
  const mayEnter = ({ of, background }: Place): boolean =>
    underWay.filter((place) => place.background === background).length < (background ? most : limit) &&
    !(underWay.some((place) => place.of === of) && floods?.isCareful(of));
  const next = (): Place | undefined =>
    waiting.find((place) => !place.background && mayEnter(place)) ?? waiting.find(mayEnter);
  const letIn = (): void => {
    for (let place; (place = next()) !== undefined;) {
      waiting.splice(waiting.indexOf(place), 1);
      underWay.push(place);
      place.enter();
    }
  };
  const turn = async (of: MethodClass, { signal, background = false }: CallOptions): Promise<Place> => {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const place: Place = { of, background, enter: resolve };
    const leave = (reason: unknown): void => {
      if (!waiting.includes(place)) return;
      waiting.splice(waiting.indexOf(place), 1);
      reject(reason);
    };
    waiting.push(place);
    letIn();
    if (!waiting.includes(place)) return place;
    const timer = background ? undefined : setTimeout(() => leave(overloaded(longestWait)), longestWait);
    const onAbort = (): void => leave(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
      return place;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  };
  return (call) => async (request, options = {}) => {
    const place = await turn(classOf(methodOf(request)), options);
    try {
      return await call(request, options);
    } finally {
      underWay.splice(underWay.indexOf(place), 1);
      letIn();
    }
  };
}

function overloaded(waited: number): AppError {
  const seconds = Math.round(waited / 1000);
  return new AppError("OVERLOADED", `Other requests to Telegram took all turns for ${seconds} s.`, { retryAfter: 5 });
}
