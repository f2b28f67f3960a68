/**
 * Wrong keys by the address that they came from: the more there are, the later each is answered. A right key is never kept
 * waiting, so nobody can lock out others who share an address.
 * @module
 */
import { addressBlock } from "./address.ts";

/** Counts wrong keys. */
export interface Failures {
  /**
   * Counts one and waits as long as is due.
   * @returns seconds after which another may come, once there were too many
   */
  add(clientIp: string, signal: AbortSignal): Promise<number | undefined>;
}

/** What {@link createFailures} takes. */
export interface FailuresOptions {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Resolves after that many milliseconds, or rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** So many are answered at once: a person mistypes. */
const FREE = 5;
const MOST = 20;
/** One is forgotten after so long. */
const FORGET_MS = 10_000;
const LONGEST_MS = 3_000;
/** Requests kept waiting at once, by all addresses: waiting costs a connection. */
const MOST_WAITING = 100;
const MOST_ADDRESSES = 10_000;

/** Counts from nothing. */
export function createFailures({ now, sleep }: FailuresOptions): Failures {
  const counts = new Map<string, { readonly count: number; readonly at: number }>();
  let waiting = 0;

  const countOf = (block: string): number => {
    const known = counts.get(block);
    return known === undefined ? 0 : Math.max(0, known.count - (now() - known.at) / FORGET_MS);
  };
  const keep = (block: string, count: number): void => {
    counts.delete(block);
    counts.set(block, { count, at: now() });
    for (const oldest of counts.keys()) {
      if (counts.size <= MOST_ADDRESSES) break;
      counts.delete(oldest);
    }
  };

  return {
    add: async (clientIp, signal) => {
      const block = addressBlock(clientIp);
      const count = countOf(block) + 1;
      // One that is refused is not counted: whoever waits as long as told may try again.
      if (count > MOST) return Math.ceil((count - MOST) * FORGET_MS / 1000);
      if (waiting >= MOST_WAITING) return Math.ceil(FORGET_MS / 1000);
      keep(block, count);
      if (count <= FREE) return undefined;
      waiting++;
      try {
        await sleep(Math.min(LONGEST_MS, 100 * 2 ** (count - FREE)), signal);
      } finally {
        waiting--;
      }
    },
  };
}
