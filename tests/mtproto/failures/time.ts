/**
 * Time that passes when the test says so, for hours in milliseconds.
 * @module
 */
import type { Sleep } from "../../../src/mtproto/live_wire.ts";

/** One who sleeps in such a time. */
export interface Sleepers {
  readonly sleep: Sleep;
  /** The milliseconds of the sleeps under way. */
  readonly asleep: readonly number[];
}

/** A time. */
export interface Time {
  /** Milliseconds since its beginning. */
  readonly now: () => number;
  sleepers(): Sleepers;
  /** Ends the sleep that ends first; it is then so late. */
  skip(): void;
}

interface Asleep {
  readonly ms: number;
  readonly due: number;
  readonly end: () => void;
}

/** A time that stands still. */
export function createTime(): Time {
  let now = 0;
  const all = new Set<Asleep>();
  return {
    now: () => now,
    sleepers(): Sleepers {
      const mine = new Set<Asleep>();
      const sleep: Sleep = (ms, signal) =>
        new Promise<void>((resolve, reject) => {
          if (signal.aborted) return reject(signal.reason);
          const settle = (done: () => void): void => {
            all.delete(one);
            mine.delete(one);
            signal.removeEventListener("abort", onAbort);
            done();
          };
          const onAbort = (): void => settle(() => reject(signal.reason));
          const one: Asleep = { ms, due: now + ms, end: () => settle(resolve) };
          all.add(one);
          mine.add(one);
          signal.addEventListener("abort", onAbort);
        });
      return {
        sleep,
        get asleep(): number[] {
          return [...mine].map(({ ms }) => ms);
        },
      };
    },
    skip(): void {
      const [first] = [...all].sort((a, b) => a.due - b.due);
      if (first === undefined) throw new Error("nobody sleeps");
      now = Math.max(now, first.due);
      first.end();
    },
  };
}
