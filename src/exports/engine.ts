/**
 * Runs one export from wherever it stands to its end: plans, reads, writes, and notes how far it is. Whatever goes wrong, it
 * goes on from its last checkpoint: the same after a full disk as after a crash.
 * @module
 */
import { AppError, toAppError } from "../errors.ts";
import { patient, type Wait } from "../mtproto/flood.ts";
import type { Call } from "../mtproto/invoke.ts";
import { isTakeoutLost } from "../mtproto/takeout.ts";
import type { Account } from "../telegram/account.ts";
import { type Directory, findSelf } from "../telegram/resolve.ts";
import { openBase, planDelta } from "./delta.ts";
import { type DeltaIndex, indexPath } from "./delta_index.ts";
import { onDisk } from "./disk.ts";
import { type Begun, finishFiles, indexFiles } from "./finish.ts";
import type { Job, Position, Waiting } from "./job.ts";
import { openLogFile } from "./log_file.ts";
import { DEFAULT_LIMITS, exportMedia, type MediaLimits } from "./media.ts";
import { type Quota, QuotaError, withinQuota } from "./quota.ts";
import { makePlan } from "./segments.ts";
import { takeoutWait } from "./takeout.ts";
import { rfc3339 } from "./time.ts";
import { assertSameAccount, openAt, walk } from "./walk.ts";

/** What a job runs with. */
export interface EngineOptions {
  readonly account: Account;
  /** The job's own. */
  readonly folder: string;
  /** Where every finished export has an index of what it had. */
  readonly indexes: string;
  /** What of messages' files may be downloaded. */
  readonly limits?: MediaLimits;
  /** Told of every change. */
  readonly onChange: (job: Job) => void;
  /** Keeps a job. @throws AppError RESOURCE_EXHAUSTED */
  readonly save: (job: Job) => void;
  /** Told why it waits for its owner, when it begins to. */
  readonly onProblem: (problem: unknown) => void;
  /** What the job may write. */
  readonly quota: Quota;
  /** Ends it at a checkpoint. */
  readonly signal: AbortSignal;
  /** Pages that may be under way or waiting at once. */
  readonly readAhead?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after that many seconds, or rejects when the signal is aborted. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
}

/** A disk that took nothing, or a quota that has no room, is tried again after so long. */
const DISK_SECONDS = 30;
/** An answer that cannot be read for one, or a defect of ours: not every one of them comes again. */
const MOST_TRIES = 3;
const TRY_SECONDS = 5;
/** So often it is looked whether somebody has logged in. */
const LOGIN_SECONDS = 5;

/**
 * Runs a job.
 * @returns it as it ended, completed or failed; not saved yet
 * @throws the signal's reason, after a checkpoint
 */
export async function runExport(job: Job, options: EngineOptions): Promise<Job> {
  const { signal, now, sleep } = options;
  let current: Job = { ...job, started: job.started ?? rfc3339(now()) };
  const become = (change: Partial<Job>): void => {
    current = { ...current, ...change };
    options.onChange(current);
  };
  let trouble: Trouble | undefined;
  for (;;) {
    // Until Telegram has answered it waits for that still.
    if (current.waiting?.reason !== "takeout") become({ state: "running", waiting: undefined });
    try {
      return await onDisk(options.folder, () => attempt(() => current, become, options));
    } catch (error) {
      signal.throwIfAborted();
      const place = placeOf(current);
      const times = trouble?.place === place ? trouble.times : 0;
      const wait = waitAfter(error, { now: now(), times });
      if (wait === undefined) return await fail(current, toAppError(error), options);
      const { waiting: { reason }, seconds } = wait;
      // Not at every attempt: only when it is another problem, or some of the way lies behind the last one.
      if (times === 0 || trouble?.reason !== reason) options.onProblem(error);
      trouble = { reason, place, times: times + 1 };
      become({ state: "waiting", waiting: wait.waiting });
      await sleep(seconds, signal);
    }
  }
}

/** What an attempt ended with that is followed by another one. */
interface Trouble {
  readonly reason: Waiting["reason"];
  /** Where that was. */
  readonly place: string;
  /** How often there. */
  readonly times: number;
}

/** Equal as long as nothing was written; every checkpoint has a position of its own, also at the same place. */
function placeOf({ position }: Job): string {
  return JSON.stringify([position?.segment, position?.after, position?.bytes, position?.media]);
}

/** What passes by itself or by its owner's doing is waited for; what is unexpected is tried a few times at one place. */
function waitAfter(
  error: unknown,
  { now, times }: { readonly now: number; readonly times: number },
): { readonly waiting: Waiting; readonly seconds: number } | undefined {
  const { code } = toAppError(error);
  if (code === "SESSION_INVALID") return { waiting: { reason: "login" }, seconds: LOGIN_SECONDS };
  if (error instanceof AppError && code === "RATE_LIMITED") return takeoutWait(error, now);
  if (error instanceof QuotaError && error.isForEver) return undefined;
  // Each try would open more takeouts, of which the owner is told.
  const isUnexpected = code === "INTERNAL" && !isTakeoutLost(error);
  if (isUnexpected ? times >= MOST_TRIES : code !== "RESOURCE_EXHAUSTED") return undefined;
  const reason = isUnexpected ? "connection" : error instanceof QuotaError ? "quota" : "disk";
  const seconds = isUnexpected ? TRY_SECONDS : DISK_SECONDS;
  return { waiting: { reason, until: rfc3339(now + seconds * 1000) }, seconds };
}

async function attempt(
  now: () => Job,
  become: (change: Partial<Job>) => void,
  options: EngineOptions,
): Promise<Job> {
  const { account, folder, limits = DEFAULT_LIMITS, signal, quota } = options;
  const patience = telling(now, become, options);
  const call = patience(account.call);
  const directory: Directory = { ...account, call, options: { signal, background: true } };
  using base = await openBase(now(), options.indexes, signal);
  const job = await begin(directory, now(), become, options, base);
  assertSameAccount(directory, job.plan);
  const { log, position } = await openAt(folder, job);
  using _log = log;
  await quota.begin();
  const commit = (position: Position): void => {
    options.save({ ...now(), position });
    become({ position });
  };
  const read = await walk(directory, { ...job, position }, withinQuota(log, quota), { ...options, base }, (at) => {
    commit({ ...at, tally: at.tally.snapshot() });
  });
  const end = job.query.download_media
    ? await exportMedia(directory, { ...job, position: read }, {
      ...options,
      limits,
      patient: patience,
    }, commit)
    : read;
  const finished = rfc3339(options.now());
  const { complete, totals } = await finishFiles(folder, { ...job, position: end }, log, {
    finished,
    reasons: [],
    signal,
    quota,
  });
  await indexFiles(folder, { ...job, position: end }, { path: indexPath(options.indexes, job.id), base, signal });
  return { ...now(), state: "completed", waiting: undefined, complete, finished, bytes: totals.bytes };
}

/** Fixes what is exported, if no earlier run did. */
async function begin(
  directory: Directory,
  job: Job,
  become: (change: Partial<Job>) => void,
  { now, save }: EngineOptions,
  base: DeltaIndex | undefined,
): Promise<Begun> {
  await findSelf(directory);
  const { plan, position } = job;
  if (plan !== undefined && position !== undefined) return { ...job, plan, position };
  const whole = await makePlan(directory, job, rfc3339(now()));
  const fixed = base === undefined ? whole : planDelta(whole, base);
  save({ ...job, ...fixed });
  become(fixed);
  return { ...job, ...fixed };
}

/** Gives a `Call` endless patience, which says what it waits for. */
function telling(
  job: () => Job,
  become: (change: Partial<Job>) => void,
  { sleep, now, signal }: EngineOptions,
): (call: Call) => Call {
  const waiting = new Set<unknown>();
  return (call) => async (request, callOptions) => {
    const patience = {
      seconds: Infinity,
      sleep,
      onWait: ({ reason, seconds }: Wait): void => {
        waiting.add(request);
        become({ state: "waiting", waiting: { reason, until: rfc3339(now() + seconds * 1000) } });
      },
    };
    const answer = await patient(call, patience)(request, callOptions).finally(() => waiting.delete(request));
    // Of several pages under way one may come while others wait.
    if (waiting.size === 0 && job().state === "waiting" && !signal.aborted) {
      become({ state: "running", waiting: undefined });
    }
    return answer;
  };
}

async function fail(job: Job, { code, message, hint }: AppError, options: EngineOptions): Promise<Job> {
  return await endEarly({ ...job, state: "failed", error: { code, message, hint } }, message, options);
}

/**
 * What a job has until now, as files that say themselves to be incomplete; none where that cannot be, which is reported.
 * @param reason a sentence
 * @throws the signal's reason, and nothing else
 */
export async function endEarly(
  job: Job,
  reason: string,
  { folder, now, signal, onProblem }: Pick<EngineOptions, "folder" | "now" | "signal" | "onProblem">,
): Promise<Job> {
  const finished = rfc3339(now());
  const ended: Job = { ...job, waiting: undefined, complete: false, finished };
  const { plan, position } = job;
  if (plan === undefined || position === undefined) return ended;
  try {
    using log = await openLogFile(folder, position.bytes);
    if (log === undefined) return ended;
    const { totals } = await finishFiles(folder, { ...job, plan, position }, log, {
      finished,
      reasons: [reason],
      signal,
    });
    return { ...ended, bytes: totals.bytes };
  } catch (error) {
    signal.throwIfAborted();
    onProblem(error);
    return ended;
  }
}

/** Whether a job ended early when the disk did not take its files: they can be made yet. */
export function lacksFiles({ state, bytes, position }: Job): boolean {
  return (state === "cancelled" || state === "failed") && bytes === 0 && (position?.bytes ?? 0) > 0;
}
