/**
 * Token buckets by name: https://en.wikipedia.org/wiki/Token_bucket. Each is one number, the time at which it is full again
 * (as in the generic cell rate algorithm), so that a full bucket is one that need not be kept.
 * @module
 */
import type { Rate } from "../model/principal.ts";

/** What became of a wish to take tokens. */
export interface Taken {
  readonly ok: boolean;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** Whole seconds after which there is one token more; 0 when the bucket is full. */
  readonly resetSeconds: number;
  /** Whole seconds after which the same wish is granted if nobody else takes any; 0 when it was, Infinity when it never is. */
  readonly retryAfter: number;
}

/** Buckets that fill by themselves. */
export interface Buckets {
  /**
   * Takes tokens, or none when there are too few.
   * @param rate the bucket holds `count` tokens and fills within `seconds`
   * @param cost how many tokens, a whole number from 1 on
   */
  take(name: string, rate: Rate, cost?: number): Taken;
  /** How many buckets are kept. */
  readonly size: number;
}

/** Milliseconds; fractions of them that sums of floating-point numbers invent do not count. */
const NOISE = 1e-3;
/** Of those kept, the share that makes room when there is none. */
const SHARE = 1 / 8;

/**
 * Makes the buckets.
 * @param options.max how many are kept. Beyond, full ones go first, which changes nothing; then those that are full soonest: who
 * has taken most stays
 * @param options.clock milliseconds, monotonic
 */
export function createBuckets(
  { max = 10_000, clock = () => performance.now() }: { readonly max?: number; readonly clock?: () => number } = {},
): Buckets {
  /** Milliseconds by the clock, for each bucket that is not full. */
  const fullAt = new Map<string, number>();

  const makeRoom = (now: number): void => {
    for (const [name, at] of fullAt) if (at <= now) fullAt.delete(name);
    const superfluous = fullAt.size - Math.floor(max * (1 - SHARE));
    if (fullAt.size < max || superfluous <= 0) return;
    const last = Float64Array.from(fullAt.values()).sort()[superfluous - 1] ?? now;
    for (const [name, at] of fullAt) if (at <= last) fullAt.delete(name);
  };

  return {
    take: (name, { count, seconds }, cost = 1) => {
      const now = clock();
      const whole = seconds * 1000;
      const one = whole / count;
      // A rate that was lowered meanwhile leaves no more to fill than the bucket holds.
      const known = fullAt.get(name) ?? 0;
      if (known - now > whole) fullAt.set(name, now + whole);
      const missing = Math.min(Math.max(known - now, 0), whole);
      const over = missing + cost * one - whole;
      const ok = over <= NOISE;
      const left = ok ? missing + cost * one : missing;
      if (ok) {
        if (fullAt.size >= max && !fullAt.has(name)) makeRoom(now);
        fullAt.set(name, now + left);
      }
      const remaining = Math.max(0, Math.floor((whole - left + NOISE) / one));
      return {
        ok,
        remaining,
        // Half of the noise: what is waited for must still be there when it has been added up anew.
        resetSeconds: left <= NOISE ? 0 : secondsOf(left - (count - remaining - 1) * one),
        retryAfter: ok ? 0 : cost > count ? Infinity : secondsOf(over),
      };
    },
    get size() {
      return fullAt.size;
    },
  };
}

function secondsOf(milliseconds: number): number {
  return Math.max(1, Math.ceil((milliseconds - NOISE / 2) / 1000));
}
