/**
 * Runs one export from wherever it stands to its end: plans, reads, writes, and notes how far it is. Whatever goes wrong, it
 * goes on from its last checkpoint: the same after a full disk as after a crash.
 * @module
 */
import { AppError, toAppError } from "../errors.ts";
import { patient } from "../mtproto/flood.ts";
import type { Call } from "../mtproto/invoke.ts";
import type { Account } from "../telegram/account.ts";
import { type Directory, findSelf } from "../telegram/resolve.ts";
import { type Begun, finishFiles } from "./finish.ts";
import type { Job, Waiting } from "./job.ts";
import { openLogFile } from "./log_file.ts";
import { makePlan } from "./segments.ts";
import { assertSameAccount, openAt, walk } from "./walk.ts";

/** What a job runs with. */
export interface EngineOptions {
  readonly account: Account;
  /** The job's own. */
  readonly folder: string;
  /** Told of every change. */
  readonly onChange: (job: Job) => void;
  /** Keeps a job. @throws AppError RESOURCE_EXHAUSTED */
  readonly save: (job: Job) => void;
  /** Told why it waits for its owner, when it begins to. */
  readonly onProblem: (problem: unknown) => void;
  /** Ends it at a checkpoint. */
  readonly signal: AbortSignal;
  /** Pages that may be under way or waiting at once. */
  readonly readAhead?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after that many seconds, or rejects when the signal is aborted. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
}

/** A disk that took nothing is tried again after so long. */
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
    become({ state: "running", waiting: undefined });
    try {
      return await attempt(() => current, become, options);
    } catch (error) {
      signal.throwIfAborted();
      const times = trouble?.position === current.position ? trouble?.times ?? 0 : 0;
      const wait = waitAfter(error, { now: now(), times });
      if (wait === undefined) return await fail(current, toAppError(error), options);
      const { waiting: { reason }, seconds } = wait;
      // Not at every attempt: only when it is another problem, or some of the way lies behind the last one.
      if (times === 0 || trouble?.reason !== reason) options.onProblem(error);
      trouble = { reason, position: current.position, times: times + 1 };
      become({ state: "waiting", waiting: wait.waiting });
      await sleep(seconds, signal);
    }
  }
}

/** What an attempt ended with that is followed by another one. */
interface Trouble {
  readonly reason: Waiting["reason"];
  /** Where that was. */
  readonly position: Job["position"];
  /** How often there. */
  readonly times: number;
}

/** What passes by itself or by its owner's doing is waited for; what is unexpected is tried a few times at one place. */
function waitAfter(
  error: unknown,
  { now, times }: { readonly now: number; readonly times: number },
): { readonly waiting: Waiting; readonly seconds: number } | undefined {
  const { code } = toAppError(error);
  if (code === "SESSION_INVALID") return { waiting: { reason: "login" }, seconds: LOGIN_SECONDS };
  const isOfTheDisk = code === "RESOURCE_EXHAUSTED";
  if (!isOfTheDisk && (code !== "INTERNAL" || times >= MOST_TRIES)) return undefined;
  const seconds = isOfTheDisk ? DISK_SECONDS : TRY_SECONDS;
  const until = rfc3339(now + seconds * 1000);
  return { waiting: { reason: isOfTheDisk ? "disk" : "connection", until }, seconds };
}

async function attempt(
  now: () => Job,
  become: (change: Partial<Job>) => void,
  options: EngineOptions,
): Promise<Job> {
  const { account, folder, signal } = options;
  const call = telling(become, options);
  const directory: Directory = { ...account, call, options: { signal } };
  const job = await begin(directory, now(), become, options);
  assertSameAccount(directory, job.plan);
  const { log, position } = await openAt(folder, job);
  using _log = log;
  const end = await walk(directory, { ...job, position }, log, options, (at) => {
    const position = { ...at, tally: at.tally.snapshot() };
    options.save({ ...now(), position });
    become({ position });
  });
  const finished = rfc3339(options.now());
  const { complete, totals } = await finishFiles(folder, { ...job, position: end }, log, {
    finished,
    reasons: [],
    signal,
  });
  return { ...now(), state: "completed", waiting: undefined, complete, finished, bytes: totals.bytes };
}

/** Fixes what is exported, if no earlier run did. */
async function begin(
  directory: Directory,
  job: Job,
  become: (change: Partial<Job>) => void,
  { now, save }: EngineOptions,
): Promise<Begun> {
  await findSelf(directory);
  const { plan, position } = job;
  if (plan !== undefined && position !== undefined) return { ...job, plan, position };
  const fixed = await makePlan(directory, job, rfc3339(now()));
  save({ ...job, ...fixed });
  become(fixed);
  return { ...job, ...fixed };
}

/** The account's `Call` with endless patience, which says what it waits for. */
function telling(become: (change: Partial<Job>) => void, options: EngineOptions): Call {
  const { account, sleep, now, signal } = options;
  const waiting = new Set<unknown>();
  return async (request, callOptions) => {
    const call = patient(account.call, {
      seconds: Infinity,
      sleep,
      onWait: ({ reason, seconds }) => {
        waiting.add(request);
        become({ state: "waiting", waiting: { reason, until: rfc3339(now() + seconds * 1000) } });
      },
    });
    try {
      return await call(request, callOptions);
    } finally {
      // Of several pages under way one may come while others wait.
      if (waiting.delete(request) && waiting.size === 0 && !signal.aborted) {
        become({ state: "running", waiting: undefined });
      }
    }
  };
}

async function fail(job: Job, { code, message, hint }: AppError, options: EngineOptions): Promise<Job> {
  return await endEarly({ ...job, state: "failed", error: { code, message, hint } }, message, options);
}

/**
 * What a job has until now, as files that say themselves to be incomplete; none where the disk does not take them.
 * @param reason a sentence
 */
export async function endEarly(
  job: Job,
  reason: string,
  { folder, now }: Pick<EngineOptions, "folder" | "now">,
): Promise<Job> {
  const finished = rfc3339(now());
  const ended: Job = { ...job, waiting: undefined, complete: false, finished };
  const { plan, position } = job;
  if (plan === undefined || position === undefined) return ended;
  try {
    using log = await openLogFile(folder, position.bytes);
    if (log === undefined) return ended;
    const { totals } = await finishFiles(folder, { ...job, plan, position }, log, { finished, reasons: [reason] });
    return { ...ended, bytes: totals.bytes };
  } catch (error) {
    if (error instanceof AppError && error.code === "RESOURCE_EXHAUSTED") return ended;
    throw error;
  }
}

/** Milliseconds since the epoch as RFC 3339. */
function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
