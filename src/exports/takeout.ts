/**
 * Exports within takeouts: opened by a job's first request, opened anew where Telegram has ended one, closed when the job is
 * over, after a restart too.
 * @module
 */
import { patient } from "../mtproto/flood.ts";
import { type Call, unlessAborted } from "../mtproto/invoke.ts";
import {
  finishTakeout,
  initTakeout,
  isTakeoutDelay,
  isTakeoutLost,
  type TakeoutScope,
  withTakeout,
} from "../mtproto/takeout.ts";
import type { Account } from "../telegram/account.ts";
import { isFinished, type Job, type Waiting } from "./job.ts";
import type { OpenTakeout } from "./open_takeouts.ts";
import type { ExportStore } from "./store.ts";
import { rfc3339 } from "./time.ts";

/** The takeouts of a server's exports. Disposing ends what is still being closed; the next start goes on with that. */
export interface Takeouts extends AsyncDisposable {
  /** The account as a job sees it: a job that asks for a takeout asks everything within it. */
  within(job: Job, signal: AbortSignal): Account;
  /** Closes the takeout of a job that is over, if it has one. What goes wrong is reported and tried again. */
  close(job: Job): Promise<void>;
}

/** What {@link createTakeouts} takes. */
export interface TakeoutsOptions {
  readonly account: Account;
  readonly store: Pick<ExportStore, "takeouts" | "get">;
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
  readonly onProblem: (problem: unknown) => void;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
}

/** One run of a job. */
interface Run {
  readonly stop: AbortSignal;
  /** What was said of each takeout that Telegram has ended, since it answered in a newer one. */
  readonly refused: unknown[];
}

/** So many new takeouts in a row are tried, by one request and by all of a job: one that Telegram has just granted is good. */
const MOST_ANEW = 2;
/** Milliseconds that the end of a job waits for its takeout to be closed. */
const CLOSE_MS = 10_000;
/** A takeout that its owner has not allowed yet is asked for again after so long. */
const ASK_SECONDS = 60;

/** Closes what jobs that are over have left open, and opens nothing yet. */
export function createTakeouts({ account, store, sleep, onProblem, signal }: TakeoutsOptions): Takeouts {
  const { takeouts } = store;
  const opening = new Map<string, Promise<string>>();
  const closing = new Set<Promise<void>>();
  const keep = (change: () => void): void => {
    try {
      change();
    } catch (error) {
      onProblem(error);
    }
  };

  /**
   * The takeout of a job. It is not given up with the job: one that Telegram grants after all could not be closed without its
   * id.
   */
  const open = (job: Job): Promise<string> => {
    const known = takeouts.find(job.id);
    if (known !== undefined) return Promise.resolve(known);
    const begun = opening.get(job.id);
    if (begun !== undefined) return begun;
    const asked = initTakeout(account.takeout, scopeOf(job)).then((id) => {
      keep(() => takeouts.add(job, id));
      return id;
    }).finally(() => opening.delete(job.id));
    opening.set(job.id, asked);
    return asked;
  };
  const inside = (call: Call, job: Job, { stop, refused }: Run): Call => async (request, options) => {
    for (let anew = 0;; anew++) {
      stop.throwIfAborted();
      if (refused.length > MOST_ANEW) throw refused.at(-1);
      const id = await unlessAborted(open(job), stop);
      try {
        const answer = await withTakeout(call, id)(request, options);
        if (takeouts.find(job.id) === id) refused.length = 0;
        return answer;
      } catch (error) {
        if (!isTakeoutLost(error)) throw error;
        // Of several requests that it was refused to, the first one counts.
        if (takeouts.find(job.id) === id) refused.push(error);
        keep(() => takeouts.remove(job.id, id));
        if (anew === MOST_ANEW) throw error;
      }
    }
  };

  /** One that Telegram does not know any more is closed already. */
  const finish = async (call: Call, { jobId, id }: OpenTakeout, success: boolean, timeout?: number): Promise<void> => {
    try {
      await finishTakeout(call, id, success, { signal, ...(timeout === undefined ? {} : { timeout }) });
    } catch (error) {
      if (!isTakeoutLost(error)) throw error;
    }
    keep(() => takeouts.remove(jobId, id));
  };
  const finishLater = (takeout: OpenTakeout, success: boolean): void => {
    const work = finish(patient(account.takeout, { seconds: Infinity, sleep }), takeout, success)
      .catch((error) => {
        if (!signal.aborted) onProblem(error);
      }).finally(() => closing.delete(work));
    closing.add(work);
  };

  for (const takeout of takeouts.all()) {
    const job = store.get(takeout.jobId);
    if (job === undefined || isFinished(job)) finishLater(takeout, job?.state === "completed");
  }
  return {
    within: (job, stop) => {
      if (!job.query.takeout) return account;
      const { call, withDc } = account;
      const run: Run = { stop, refused: [] };
      return { ...account, call: inside(call, job, run), withDc: (dcId) => inside(withDc(dcId), job, run) };
    },
    close: async ({ id: jobId, state }) => {
      const begun = opening.get(jobId);
      if (begun !== undefined) await unlessAborted(begun, signal).catch(() => {});
      const id = takeouts.find(jobId);
      if (id === undefined) return;
      const success = state === "completed";
      try {
        await finish(account.takeout, { jobId, id }, success, CLOSE_MS);
      } catch (error) {
        if (signal.aborted) return;
        onProblem(error);
        finishLater({ jobId, id }, success);
      }
    },
    [Symbol.asyncDispose]: async () => void await Promise.all(closing),
  };
}

/** How a job waits for its takeout, and for how many seconds; undefined where something else is wrong. */
export function takeoutWait(
  error: unknown,
  now: number,
): { readonly waiting: Waiting; readonly seconds: number } | undefined {
  if (!isTakeoutDelay(error) || error.retryAfter === undefined) return undefined;
  const until = rfc3339(now + error.retryAfter * 1000);
  return { waiting: { reason: "takeout", until }, seconds: Math.min(error.retryAfter, ASK_SECONDS) };
}

function scopeOf({ targets, query }: Pick<Job, "targets" | "query">): TakeoutScope {
  const kinds = new Set(targets.map(({ kind }) => kind));
  return {
    users: kinds.has("user") || kinds.has("bot") || kinds.has("saved"),
    groups: kinds.has("group") || targets.some(({ former }) => former !== undefined),
    supergroups: kinds.has("supergroup") || kinds.has("forum"),
    channels: kinds.has("channel"),
    files: query.download_media === true,
  };
}
