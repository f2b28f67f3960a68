/**
 * An export by this process, which holds the data directory for it.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import { isFinished, type Job } from "../exports/job.ts";
import type { Exports } from "../exports/runner.ts";
import { beginExport } from "../mcp/tools/start_export.ts";
import { LOCAL_PRINCIPAL } from "../model/principal.ts";
import { patient } from "../mtproto/flood.ts";
import { openSources } from "../sources.ts";
import { holdDirectory } from "../storage/lock.ts";
import type { Account } from "../telegram/account.ts";
import { findSelf } from "../telegram/resolve.ts";
import { assertCompleted, createShower, describeWait, type Making, stuck } from "./export_progress.ts";
import type { Progress } from "./progress.ts";
import { createTail, type Tail } from "./tail.ts";

/** 23 days, what a timer can take. */
const LONGEST_SECONDS = 2_000_000;

/**
 * Makes an export and delivers it. Of other unfinished ones none goes on meanwhile. One that was begun now and whose messages
 * went to a reader that has gone is cancelled, any other stays to be continued; files that somebody else may want stay.
 * @throws AppError, the signal's reason, or what standard output answers
 */
export async function exportHere(config: Config, making: Making): Promise<void> {
  const { asked, isPiped, progress, signal } = making;
  using _lock = await holdDirectory(config.dataDir, "export");
  let problem: unknown;
  await using opened = await openSources(config, { isServer: false, onExportProblem: (latest) => problem = latest });
  const { sources: { exports, accountOf, ...sources } } = opened;
  const account = accountOf(LOCAL_PRINCIPAL);
  await reach(account, progress, signal);
  const { id, isNew, isOwn, notes } = await beginExport({ ...sources, exports, accountOf }, asked, {
    principal: LOCAL_PRINCIPAL,
    signal,
    progress: (text) => progress.note(text),
    isForCommand: true,
  });
  if (!isPiped) progress.note(`export ${id}`);
  for (const note of notes) progress.note(note);
  const folder = exports.folder(id);
  using tail = isPiped ? createTail(folder) : undefined;
  try {
    const job = await watch(exports, id, { tail, progress, signal });
    if (!isFinished(job)) throw stuck(problem, !isPiped || !isNew);
    assertCompleted(job);
  } catch (error) {
    if (isPiped && isNew) await undo(exports, id);
    else if (signal.aborted) progress.note("the same command continues the export");
    throw error;
  }
  await making.deliver(folder, isOwn);
  if (isOwn) await exports.discard(id, LOCAL_PRINCIPAL);
}

/** Cancels an export and removes what it has, if it has anything. */
async function undo(exports: Exports, id: string): Promise<void> {
  await exports.cancel(id, LOCAL_PRINCIPAL);
  await Deno.remove(exports.folder(id), { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Waits until Telegram answers. Names are looked up with less patience: one that nobody has can cost a wait of hours. */
async function reach(account: Account, progress: Progress, signal: AbortSignal): Promise<void> {
  const call = patient(account.call, {
    seconds: Infinity,
    sleep: (pause, signal) => sleepMs(pause * 1000, undefined, { signal }),
    onWait: ({ reason, seconds }) => progress.note(describeWait(reason, seconds)),
  });
  await findSelf({ ...account, call, options: { signal } });
}

/** Shows how far a job is until it is over, or waits for what only the owner can do. */
async function watch(
  exports: Exports,
  id: string,
  { tail, progress, signal }: Pick<Making, "progress" | "signal"> & { readonly tail: Tail | undefined },
): Promise<Job> {
  const show = createShower(progress);
  for await (const job of changesOf(exports, id, signal)) {
    const { plan, position, waiting, query: { limit = Infinity } } = job;
    if (plan !== undefined && position !== undefined) {
      const total = Math.min(plan.estimated ?? Infinity, limit);
      const begun = isFinished(job) ? undefined : plan.begun;
      show({ written: position.written, total: total === Infinity ? undefined : total, begun, waiting });
    }
    await tail?.upTo(job.position?.bytes ?? 0, signal);
    if (isFinished(job) || job.waiting?.reason === "login" || job.waiting?.reason === "disk") return job;
  }
  throw signal.reason;
}

/** What a job is now, and after each change that was not looked at yet. */
async function* changesOf(exports: Exports, id: string, signal: AbortSignal): AsyncGenerator<Job, void, undefined> {
  const end = new AbortController();
  let changed = Promise.withResolvers<void>();
  const over = exports.wait(id, LOCAL_PRINCIPAL, {
    seconds: LONGEST_SECONDS,
    signal: AbortSignal.any([signal, end.signal]),
    onChange: () => changed.resolve(),
  }).finally(() => changed.resolve());
  try {
    while (!signal.aborted) {
      yield exports.get(id, LOCAL_PRINCIPAL).job;
      await changed.promise;
      changed = Promise.withResolvers();
    }
  } finally {
    end.abort();
    await over;
  }
}
