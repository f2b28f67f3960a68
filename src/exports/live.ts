/**
 * A job while it is worked on: who listens, how fast it is, and how it is ended.
 * @module
 */
import { isFinished, type Job } from "./job.ts";

/** A job that is not over, or not yet saved as such. */
export interface Live {
  /** What it is now. */
  readonly job: Job;
  /** Ends its run. */
  readonly stop: AbortController;
  run?: Promise<void> | undefined;
  isCancelled: boolean;
  /** @param at milliseconds since the epoch */
  change(job: Job, at: number): void;
  /** Calls everyone who listens. @throws what one of them has thrown, once all were called */
  tell(): void;
  /** Messages a second of the last minute; undefined for less than a second of it, and for one that is over. */
  rate(at: number): number | undefined;
  /** Resolves when it is over, or the signal is aborted. */
  over(signal: AbortSignal, onChange?: () => void): Promise<void>;
}

/** The rate is that of so long. */
const RATE_MS = 60_000;

/** Takes a job up. */
export function createLive(initial: Job): Live {
  let job = initial;
  /** When it had written how much. */
  let samples: readonly { readonly at: number; readonly written: number }[] = [];
  const listeners = new Set<() => void>();
  const writtenBy = ({ position }: Job): number => position?.written ?? 0;
  return {
    get job(): Job {
      return job;
    },
    stop: new AbortController(),
    isCancelled: false,
    change: (next, at) => {
      job = next;
      const written = writtenBy(job);
      if (written === samples.at(-1)?.written) return;
      samples = [...samples.filter((sample) => sample.at > at - RATE_MS), { at, written }];
    },
    tell: () => {
      const thrown: unknown[] = [];
      for (const listener of listeners) {
        try {
          listener();
        } catch (error) {
          thrown.push(error);
        }
      }
      if (thrown.length > 0) throw thrown[0];
    },
    rate: (at) => {
      const [first] = samples;
      if (first === undefined || at - first.at < 1000 || isFinished(job)) return undefined;
      return (writtenBy(job) - first.written) / ((at - first.at) / 1000);
    },
    over: async (signal, onChange = () => {}) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const listener = (): void => {
        if (isFinished(job)) resolve();
        onChange();
      };
      const onAbort = (): void => resolve();
      listeners.add(listener);
      signal.addEventListener("abort", onAbort);
      if (!signal.aborted && !isFinished(job)) await promise;
      signal.removeEventListener("abort", onAbort);
      listeners.delete(listener);
    },
  };
}
