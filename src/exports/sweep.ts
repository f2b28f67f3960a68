/**
 * Removes the files of exports that are over for long enough, and after a longer time what is known of them. Nothing is removed
 * of an export that is not over, or that somebody reads.
 * @module
 */
import { join } from "node:path";
import type { Leases } from "./leases.ts";
import type { Ledger } from "./ledger.ts";
import { syncFolder } from "./disk.ts";
import { type ExportStore, isExportId } from "./store.ts";
import { entriesOf, removeTree } from "./tree.ts";

/** What was removed. */
export interface Removed {
  readonly id: string;
  readonly bytes: number;
  /** `expired`, `unowned`: of no export that is known, `interrupted`: what an earlier removal had left. */
  readonly reason: "expired" | "unowned" | "interrupted";
}

/** The sweep of a server. Disposing ends it; what it has begun to remove waits for the next start. */
export interface Sweep extends AsyncDisposable {
  /** Removes now what may be removed. Never rejects. @param recount counts anew what is there, too */
  run(recount?: boolean): Promise<void>;
  /** Resolves when the first round is over. */
  readonly counted: Promise<void>;
  /** Begins no other removal. */
  stop(): void;
  /** Whether the files of an export may be removed as soon as nobody reads them. */
  isExpired(id: string): boolean;
}

/** What {@link createSweep} takes. */
export interface SweepOptions {
  readonly store: Pick<ExportStore, "endOf" | "endedUntil" | "remove" | "unfinished">;
  /** Where every export has a folder. */
  readonly directory: string;
  /** Where what else is known of an export has its id for a name. */
  readonly indexes: string;
  readonly ledger: Ledger;
  readonly leases: Pick<Leases, "isHeld">;
  /** 0 is for ever. */
  readonly maxAgeHours: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after that many seconds, or rejects when the signal is aborted. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
  readonly onRemoved?: (removed: Removed) => void;
  /** Told of what cannot be removed or counted. */
  readonly onProblem?: (problem: unknown) => void;
}

const PERIOD_SECONDS = 300;
const HOUR_MS = 3_600_000;
/** So long a job is listed whose files are gone. */
const LISTED_MS = 90 * 24 * HOUR_MS;
/** No export has such an id, so nobody is given anything of such a folder. */
const REMOVED = ".removed-";

/** Sweeps now and every five minutes. */
export function createSweep(options: SweepOptions): Sweep {
  const { store, directory, indexes, ledger, leases, now, sleep, onRemoved = () => {}, onProblem = () => {} } = options;
  const age = options.maxAgeHours === 0 ? Infinity : options.maxAgeHours * HOUR_MS;
  const stopped = new AbortController();
  const { signal } = stopped;

  let isFirst = true;
  const isExpired = (id: string): boolean => {
    const finished = store.endOf(id);
    return typeof finished === "string" && Date.parse(finished) + age <= now();
  };

  const discard = async (name: string, reason: Removed["reason"]): Promise<void> => {
    if (!ledger.has(name)) await ledger.count(name);
    await removeTree(join(directory, name), signal);
    const bytes = ledger.of(name);
    ledger.forget(name);
    onRemoved({ id: name.slice(REMOVED.length), bytes, reason });
  };

  /** From here on nobody finds it, also after a crash; that it is deleted file by file does not show. */
  const remove = async (id: string, reason: Removed["reason"]): Promise<void> => {
    const name = `${REMOVED}${id}`;
    // Synchronous: between the look at the leases and this nobody begins to read.
    Deno.renameSync(join(directory, id), join(directory, name));
    ledger.rename(id, name);
    await syncFolder(join(directory, name));
    await discard(name, reason);
  };

  const visit = async ({ name, isDirectory }: Deno.DirEntry, recount: boolean): Promise<void> => {
    if (name.startsWith(REMOVED)) return await discard(name, "interrupted");
    if (!isDirectory || !isExportId(name)) return;
    const finished = store.endOf(name);
    // A job that runs keeps its own account, once the first sweep has counted what was there before.
    if (finished === undefined) return isFirst ? await ledger.count(name) : undefined;
    if (recount || !ledger.has(name)) await ledger.count(name);
    const since = finished === null ? await modified(join(directory, name)) : Date.parse(finished);
    if (since + age > now() || leases.isHeld(name)) return;
    await remove(name, finished === null ? "unowned" : "expired");
  };

  /** Exports that unfinished ones continue: those read what is known of them. */
  const continued = (): ReadonlySet<string> =>
    new Set(store.unfinished().flatMap(({ query: { delta_of } }) => delta_of ?? []));

  /** Jobs whose files are gone for so long that nobody will ask any more. */
  const forgetJobs = async (names: ReadonlySet<string>): Promise<void> => {
    const until = now() - LISTED_MS - (age === Infinity ? 0 : age);
    const ended = store.endedUntil(new Date(until).toISOString());
    const needed = ended.length === 0 ? new Set() : continued();
    for (const id of ended) {
      if (needed.has(id) || names.has(id) || names.has(`${REMOVED}${id}`)) continue;
      // The row last: without it nobody would know whose index that is.
      await removeTree(join(indexes, id), signal);
      store.remove(id);
    }
  };

  /** What is left of indexes: parts of exports that are over, and what is of no export. */
  const visitIndex = async ({ name, isFile }: Deno.DirEntry): Promise<void> => {
    const id = name.replace(/\.part$/, "");
    if (!isFile || !isExportId(id)) return;
    const [finished, path] = [store.endOf(id), join(indexes, name)];
    // Of an export that is not over it is being written, or will be again.
    if (finished === undefined || finished !== null && name === id) return;
    if (finished === null && (await modified(path) + age > now() || continued().has(id))) return;
    await removeTree(path, signal);
  };

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      signal.throwIfAborted();
      await work();
    } catch (error) {
      if (!signal.aborted) onProblem(error);
    }
  };
  const once = async (recount: boolean): Promise<void> => {
    await attempt(async () => {
      const entries = await entriesOf(directory);
      const names = new Set(entries.map(({ name }) => name));
      for (const name of ledger.names()) if (!names.has(name) && store.endOf(name) !== undefined) ledger.forget(name);
      for (const entry of entries) await attempt(() => visit(entry, recount));
      isFirst = false;
      await forgetJobs(names);
      for (const entry of await entriesOf(indexes)) await attempt(() => visitIndex(entry));
    });
  };

  let last = Promise.resolve();
  // One after the other, so that what is there now is looked at, and not what an earlier round has seen.
  const run = (recount = false): Promise<void> => last = last.then(() => once(recount));
  const counted = run();
  const repeat = async (): Promise<void> => {
    for (let round = counted; !signal.aborted; round = run()) {
      await round;
      await sleep(PERIOD_SECONDS, signal).catch(() => {});
    }
  };
  const repeating = repeat();
  return {
    run,
    counted,
    stop: () => stopped.abort(new Error("the server stops")),
    isExpired,
    [Symbol.asyncDispose]: async () => {
      stopped.abort(new Error("the server stops"));
      await repeating;
      await last;
    },
  };
}

async function modified(path: string): Promise<number> {
  const { mtime } = await Deno.lstat(path);
  return mtime?.getTime() ?? Infinity;
}
