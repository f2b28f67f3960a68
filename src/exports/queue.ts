/**
 * Whose turn it is.
 * @module
 */
import type { Job } from "./job.ts";

/**
 * Chooses the next job, fairly: owners take turns, and each owner's jobs are in the order of their creation. Of those within
 * takeouts one runs at a time: an account has one, and may wait for it for a day.
 */
export interface Queue {
  /** @param queued oldest first */
  next(queued: readonly Job[], running: readonly Job[]): Job | undefined;
}

/** A queue in which nobody has had a turn yet. */
export function createQueue(): Queue {
  /** Owners, whoever had the last turn at the end. */
  const turns = new Set<string>();
  return {
    next: (queued, running) => {
      const places = [...turns];
      const load = (job: Job): number => running.filter((other) => ownerOf(other) === ownerOf(job)).length;
      const turn = (job: Job): number => places.indexOf(ownerOf(job));
      const isTaken = running.some(({ query }) => query.takeout);
      const [next] = queued.filter(({ query }) => !(isTaken && query.takeout)).toSorted((a, b) =>
        load(a) - load(b) || turn(a) - turn(b)
      );
      if (next === undefined) return undefined;
      turns.delete(ownerOf(next));
      turns.add(ownerOf(next));
      return next;
    },
  };
}

/** Equal for jobs of one owner. */
export function ownerOf({ accountId, owner }: Pick<Job, "accountId" | "owner">): string {
  return JSON.stringify([accountId, owner]);
}
