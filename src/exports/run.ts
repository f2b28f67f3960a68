/**
 * A job's run within a server, up to the row that says how it ended. Whatever goes wrong, it ends, so that no place is taken for
 * ever; only a stop of the server leaves it unfinished.
 * @module
 */
import { join } from "node:path";
import { toAppError } from "../errors.ts";
import type { Account } from "../telegram/account.ts";
import { endEarly, type EngineOptions, lacksFiles, runExport } from "./engine.ts";
import { isFinished, type Job } from "./job.ts";
import type { Live } from "./live.ts";
import { isOfTheDisk, type Quotas } from "./quota.ts";
import type { ExportStore } from "./store.ts";
import type { Takeouts } from "./takeout.ts";
import { rfc3339 } from "./time.ts";
import { entriesOf } from "./tree.ts";

/** What {@link createRuns} takes. */
export interface RunsOptions extends Pick<EngineOptions, "indexes" | "limits" | "readAhead" | "now" | "sleep"> {
  readonly store: Pick<ExportStore, "save">;
  readonly takeouts: Pick<Takeouts, "within" | "close">;
  /** As whom a job reads; undefined for an owner who may act no longer. Everybody reads all when left out. */
  readonly actingAs?: (owner: string) => Acting | undefined;
  readonly quotas: Pick<Quotas, "of">;
  /** Where every job has a folder. */
  readonly directory: string;
  /** Told what a job has become. */
  readonly onChange: (job: Job) => void;
  /** Told of each job that is over. */
  readonly onFinish: (job: Job) => void;
  /** Told when the row says so. */
  readonly onSaved: (job: Job) => void;
  /** Told of what no caller hears of. */
  readonly onProblem: (problem: unknown) => void;
  /** Aborted when the server stops. */
  readonly stopped: AbortSignal;
}

/** What a job may see, and for how long. */
export interface Acting {
  /** The account as the job's owner sees it. */
  readonly view: (account: Account) => Account;
  /** Aborted when the owner may act no longer: the job is cancelled then. */
  readonly revoked: AbortSignal;
}

/** What is done with jobs. All reject when the server stops, and for nothing else. */
export interface Runs {
  /** Runs a job until it is over. */
  run(one: Live): Promise<void>;
  /** Ends a job that does not run, as cancelled. */
  cancel(one: Live): Promise<void>;
  /** Makes the files of a job that ended when the disk took none, as soon as it does. Resolves at once for any other. */
  catchUp(job: Job): Promise<void>;
}

const RETRY_SECONDS = 30;
const CANCELLED = "It was cancelled.";
/** Sees everything, for ever. */
const OWNER: Acting = { view: (account) => account, revoked: new AbortController().signal };

/** Makes jobs run. */
export function createRuns(options: RunsOptions): Runs {
  const {
    store,
    takeouts,
    actingAs = () => OWNER,
    quotas,
    directory,
    now,
    sleep,
    onFinish,
    onSaved,
    onProblem,
    stopped,
  } = options;
  const folder = ({ id }: Job): string => join(directory, id);
  /** What others make of news is no reason not to go on. */
  const tell = (news: () => void): void => {
    try {
      news();
    } catch (error) {
      onProblem(error);
    }
  };

  /** Keeps what a job is, on the disk if that takes it. */
  const change = (one: Live, job: Job): void => {
    const isOtherState = job.state !== one.job.state;
    one.change(job, now());
    if (isOtherState && !isFinished(job)) tell(() => store.save(job));
    tell(one.tell);
    tell(() => options.onChange(job));
  };

  /** Saves a job that is over, as soon as the disk takes it; until then it is known here. */
  const settle = async (one: Live, job: Job): Promise<void> => {
    await takeouts.close(job).catch(onProblem);
    await quotas.of(job.id).end().catch(onProblem);
    change(one, job);
    tell(() => onFinish(job));
    for (;;) {
      try {
        store.save(job);
        return onSaved(job);
      } catch (error) {
        onProblem(error);
        await sleep(RETRY_SECONDS, stopped);
      }
    }
  };

  const cancelled = (job: Job): Promise<Job> =>
    endEarly({ ...job, state: "cancelled" }, CANCELLED, { folder: folder(job), now, signal: stopped, onProblem });

  /** As it is over; only a stop of the server is thrown. */
  const ended = async (one: Live): Promise<Job> => {
    const acting = actingAs(one.job.owner);
    if (acting === undefined) return await cancelled(one.job);
    const revoke = (): void => {
      one.isCancelled = true;
      one.stop.abort(new Error("the owner may act no longer"));
    };
    acting.revoked.addEventListener("abort", revoke, { once: true });
    try {
      return await runExport(one.job, {
        ...options,
        account: acting.view(takeouts.within(one.job, one.stop.signal)),
        folder: folder(one.job),
        onChange: (job) => change(one, job),
        save: store.save,
        quota: quotas.of(one.job.id),
        signal: one.stop.signal,
      });
    } catch (error) {
      if (one.isCancelled) return await cancelled(one.job);
      stopped.throwIfAborted();
      onProblem(error);
      const { code, message, hint } = toAppError(error);
      const failed = { state: "failed", error: { code, message, hint }, waiting: undefined, complete: false } as const;
      return { ...one.job, ...failed, finished: rfc3339(now()) };
    } finally {
      acting.revoked.removeEventListener("abort", revoke);
    }
  };

  return {
    run: async (one) => await settle(one, await ended(one)),
    cancel: async (one) => await settle(one, await cancelled(one.job)),
    catchUp: async (job) => {
      while (lacksFiles(job) && await isThere(folder(job))) {
        let problem: unknown;
        const onProblem = (latest: unknown): void => void (problem = latest);
        const reason = job.error?.message ?? CANCELLED;
        const { bytes } = await endEarly(job, reason, { folder: folder(job), now, signal: stopped, onProblem });
        if (bytes > 0) return tell(() => store.save({ ...job, bytes }));
        // Whatever else is wrong was told of when the job ended, and is so for ever.
        if (!isOfTheDisk(problem)) return;
        await sleep(RETRY_SECONDS, stopped);
      }
    },
  };
}

async function isThere(folder: string): Promise<boolean> {
  return (await entriesOf(folder)).length > 0;
}
