/**
 * The exports of a server: which of them run, and who may ask about them. Only the process that holds the data directory
 * has one.
 * @module
 */
import { join } from "node:path";
import { AppError } from "../errors.ts";
import type { Account } from "../telegram/account.ts";
import { indexPath, openIndex } from "./delta_index.ts";
import { type ExportState, exportStateSchema, isFinished, type Job } from "./job.ts";
import type { Housekeeping } from "./housekeeping.ts";
import { createLive, type Live } from "./live.ts";
import type { MediaLimits } from "./media.ts";
import { createQueue, ownerOf } from "./queue.ts";
import { UNLIMITED } from "./quota.ts";
import { createRuns, type RunsOptions } from "./run.ts";
import { type ExportStore, fingerprint, type ListPlace, type Owner, type Wanted } from "./store.ts";
import { createTakeouts } from "./takeout.ts";
import { discardUndelivered, findUndelivered } from "./undelivered.ts";

/** A job, and how fast it is at the moment. */
export interface ExportStatus {
  readonly job: Job;
  /** Messages a second, while it runs. */
  readonly rate?: number;
}

/** The exports as tools see them. Jobs of other owners are not there for any of it. */
export interface Exports extends AsyncDisposable {
  /**
   * Queues an export, or finds the unfinished one that is the same; for a command also a completed one that an earlier run of
   * it has not delivered.
   * @throws AppError RESOURCE_EXHAUSTED when there are too many, or there is no room
   */
  start(owner: Owner, wanted: Wanted): Started;
  /** @throws AppError EXPORT_NOT_FOUND */
  get(id: string, owner: Owner): ExportStatus;
  /** Newest first. */
  list(
    owner: Owner,
    options: { readonly state?: ExportState; readonly after?: ListPlace; readonly limit: number },
  ): { readonly jobs: readonly Job[]; readonly total: number };
  /** Ends a job early. @returns what it is then; a finished one is left as it is. @throws AppError EXPORT_NOT_FOUND */
  cancel(id: string, owner: Owner): Promise<ExportStatus>;
  /** Resolves when a job is over, after so many seconds, or when the signal is aborted. @throws AppError EXPORT_NOT_FOUND */
  wait(
    id: string,
    owner: Owner,
    options: {
      readonly seconds: number;
      readonly signal?: AbortSignal;
      readonly onChange?: (status: ExportStatus) => void;
    },
  ): Promise<ExportStatus>;
  /** Stops all jobs at a checkpoint, in the queue they stay; resolves after 3 s at most. */
  drain(): Promise<void>;
  /** @throws AppError INPUT_VALIDATION when it is not known, or not for certain, what a finished export had */
  assertKnown(id: string): Promise<void>;
  /**
   * Removes the files of a job that a command has delivered, and of earlier equal ones of its own that are over.
   * @throws AppError EXPORT_NOT_FOUND; Deno.errors of the file system
   */
  discard(id: string, owner: Owner): Promise<void>;
  /** The folder that a job's files are in. */
  folder(id: string): string;
  /** When the files of a finished job go, in milliseconds since the epoch; undefined for never. */
  expires(job: Job): number | undefined;
}

/** What {@link Exports.start} has begun or found. */
export interface Started {
  readonly id: string;
  readonly isNew: boolean;
  /** Whether a command made it and nobody else knows of it. */
  readonly isOwn: boolean;
}

/** What {@link createExports} takes. */
export interface ExportsOptions extends Pick<RunsOptions, "actingAs"> {
  readonly account: Account;
  readonly store: ExportStore;
  /** Where every job has a folder. */
  readonly directory: string;
  /** Whether jobs that earlier runs left unfinished go on by themselves; else they wait to be started again. */
  readonly resume?: boolean;
  /** What of messages' files may be downloaded. */
  readonly limits?: MediaLimits;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after that many seconds, or rejects when the signal is aborted. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
  /** Pages of a chat that a job may have under way or waiting; one after another when left out. */
  readonly readAhead?: number;
  /** The age and the room that exports may have; none is no limit. */
  readonly housekeeping?: Pick<Housekeeping, "quotas" | "expires">;
  /** Told of each job that is over. */
  readonly onFinish?: (job: Job) => void;
  /** Told of what no caller hears of. */
  readonly onProblem?: (problem: unknown) => void;
}

/** Jobs that run at once; they share the requests that may be under way. */
const MOST_RUNNING = 2;
const MOST_UNFINISHED = 20;
const DRAIN_SECONDS = 3;

/** Goes on with all jobs that are not over, and takes new ones. */
export function createExports(options: ExportsOptions): Exports {
  const { account, store, directory, resume = true, now, sleep, onProblem = () => {} } = options;
  const { quotas, expires } = options.housekeeping ?? { quotas: UNLIMITED, expires: () => undefined };
  const live = new Map<string, Live>();
  const queue = createQueue();
  const stopped = new AbortController();
  const takeouts = createTakeouts({ account, store, sleep, onProblem, signal: stopped.signal });
  const folder = (id: string): string => join(directory, id);
  // Beside the folders, which are swept.
  const indexes = `${directory}-index`;
  const add = (job: Job): Live => {
    const one = createLive(job);
    live.set(job.id, one);
    return one;
  };

  const runs = createRuns({
    ...options,
    indexes,
    takeouts,
    quotas,
    onFinish: options.onFinish ?? (() => {}),
    onChange: (job) => {
      if (isParked(job)) fill();
    },
    onSaved: (job) => {
      live.delete(job.id);
      catchUp(job);
    },
    onProblem,
    stopped: stopped.signal,
  });

  const late = new Set<Promise<void>>();
  const catchUp = (job: Job): void => {
    const work = runs.catchUp(job).catch((error) => {
      if (!stopped.signal.aborted) onProblem(error);
    }).finally(() => late.delete(work));
    late.add(work);
  };

  /** Starts what there is room for. */
  const fill = (): void => {
    const all = [...live.values()];
    const running = all.filter((one) => one.run !== undefined);
    const places = running.filter(({ job }) => !isParked(job)).length;
    if (stopped.signal.aborted || places >= MOST_RUNNING) return;
    const queued = all.filter((one) => one.run === undefined && !isFinished(one.job));
    const next = live.get(queue.next(queued.map(({ job }) => job), running.map(({ job }) => job))?.id ?? "");
    if (next === undefined) return;
    occupy(next, runs.run(next));
    fill();
  };
  /** Holds a place for a job as long as it takes. */
  const occupy = (one: Live, work: Promise<void>): void => {
    one.run = work.catch((error) => {
      if (!stopped.signal.aborted) onProblem(error);
    }).finally(() => {
      one.run = undefined;
      fill();
    });
  };

  const find = (id: string, { id: owner, accountId }: Owner): Job => {
    const job = live.get(id)?.job ?? store.get(id);
    if (job !== undefined && job.owner === owner && job.accountId === accountId) return job;
    throw new AppError("EXPORT_NOT_FOUND", "There is no export with this id.", { field: "id" });
  };
  const statusOf = (job: Job): ExportStatus => {
    const rate = live.get(job.id)?.rate(now());
    return rate === undefined ? { job } : { job, rate };
  };
  const wait: Exports["wait"] = async (id, owner, { seconds, signal, onChange = () => {} }) => {
    const job = find(id, owner);
    const one = live.get(id);
    if (one === undefined || isFinished(job) || seconds <= 0) return statusOf(job);
    const end = new AbortController();
    const limit = AbortSignal.any([end.signal, stopped.signal, ...(signal === undefined ? [] : [signal])]);
    const pause = sleep(seconds, limit).catch(() => {}).then(() => end.abort());
    await one.over(limit, () => onChange(statusOf(one.job)));
    end.abort();
    await pause;
    return statusOf(one.job);
  };
  const stop = (): void => {
    stopped.abort(new Error("the server stops"));
    for (const one of live.values()) one.stop.abort(stopped.signal.reason);
  };
  const drain = async (): Promise<void> => {
    stop();
    const end = new AbortController();
    const limit = sleep(DRAIN_SECONDS, end.signal).catch(() => {});
    await Promise.race([allEnded(), limit]);
    end.abort();
    await limit;
  };
  const allEnded = async (): Promise<void> => void await Promise.all([...live.values()].map((one) => one.run));

  if (resume) {
    for (const job of store.unfinished()) add(job);
    for (const job of store.withoutFiles()) catchUp(job);
  }
  fill();
  return {
    start: (owner, wanted) => {
      const print = fingerprint(wanted.query, wanted.targets);
      const left = wanted.isForCommand && findUndelivered({ store, owner, fingerprint: print, folder });
      if (left) return { id: left, isNew: false, isOwn: true };
      const mine = store.unfinished().filter((job) =>
        ownerOf(job) === ownerOf({ owner: owner.id, accountId: owner.accountId }) &&
        !isFinished(live.get(job.id)?.job ?? job) && !live.get(job.id)?.isCancelled
      );
      const same = mine.find((job) => job.fingerprint === print);
      if (same !== undefined) {
        // Whoever else asks for it has its id from now on.
        if (!wanted.isForCommand && store.isUndelivered(same.id)) store.setDelivered(same.id);
        if (!live.has(same.id)) add(same);
        fill();
        return { id: same.id, isNew: false, isOwn: store.isUndelivered(same.id) };
      }
      if (mine.length >= MOST_UNFINISHED) throw tooMany();
      quotas.assertRoom();
      const { job } = add(store.create(owner, wanted, now()));
      fill();
      return { id: job.id, isNew: true, isOwn: wanted.isForCommand ?? false };
    },
    get: (id, owner) => statusOf(find(id, owner)),
    list: (owner, { state, after, limit }) => {
      const states = state === undefined ? exportStateSchema.options : [state];
      const { jobs, total } = store.list(owner, { states, after, limit });
      return { jobs: jobs.map((job) => live.get(job.id)?.job ?? job), total };
    },
    cancel: async (id, owner) => {
      const job = find(id, owner);
      const one = live.get(id);
      if (one === undefined || isFinished(job)) return { job };
      one.isCancelled = true;
      one.stop.abort(new Error("cancelled"));
      if (one.run === undefined) occupy(one, runs.cancel(one));
      await one.over(stopped.signal);
      return { job: one.job };
    },
    wait,
    drain,
    assertKnown: async (id) => (await openIndex(indexPath(indexes, id)))[Symbol.dispose](),
    discard: async (id, owner) => {
      const { fingerprint } = find(id, owner);
      await discardUndelivered({ store, owner, fingerprint, folder }, stopped.signal);
    },
    folder,
    expires,
    [Symbol.asyncDispose]: async () => {
      stop();
      await allEnded();
      await Promise.all(late);
      await takeouts[Symbol.asyncDispose]();
    },
  };
}

/** Waits for what may take days, and holds no place meanwhile; when it goes on there may be one more than usual. */
function isParked({ state, waiting }: Job): boolean {
  return state === "waiting" && (waiting?.reason === "takeout" || waiting?.reason === "quota");
}

function tooMany(): AppError {
  return new AppError("RESOURCE_EXHAUSTED", `There are ${MOST_UNFINISHED} unfinished exports already.`, {
    hint: "Wait until one of them is over, or cancel one: list_exports shows them.",
    suggest: { tool: "list_exports", arguments: {} },
  });
}
