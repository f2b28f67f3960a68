/**
 * The exports of a sandbox's account as jobs, without a server around them.
 * @module
 */
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import { loadConfig } from "../../src/config/load.ts";
import { createHousekeeping, type Housekeeping } from "../../src/exports/housekeeping.ts";
import { type ExportQuery, isFinished, type Job, type Target } from "../../src/exports/job.ts";
import type { MediaLimits } from "../../src/exports/media.ts";
import { createExports, type Exports } from "../../src/exports/runner.ts";
import { createExportStore, type ExportStore, type Owner } from "../../src/exports/store.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import type { Account } from "../../src/telegram/account.ts";
import { formerChat } from "../../src/telegram/chats.ts";
import { openAccount } from "../../src/telegram/open.ts";
import { resolveChat } from "../../src/telegram/resolve.ts";
import type { TestSandbox } from "../e2e/sandbox.ts";

/** Whoever asks. */
export const ME: Owner = { id: "local", accountId: "default" };

/** Exports and what they stand on. */
export interface Jobs extends AsyncDisposable {
  readonly exports: Exports;
  readonly housekeeping: Housekeeping;
  readonly store: ExportStore;
  readonly account: Account;
  /** Of those that ended. */
  readonly ended: readonly Job[];
  readonly problems: readonly unknown[];
  start(chats: readonly string[], more?: Partial<Omit<ExportQuery, "chats">>, owner?: Owner): Promise<string>;
  /** Waits until a job is as wanted. */
  until(id: string, fits: (job: Job) => boolean, what: string, owner?: Owner): Promise<Job>;
  /** Waits until a job is over. */
  end(id: string, owner?: Owner): Promise<Job>;
  /** Where a job's files are. */
  path(id: string, name?: string): string;
}

/** Sleeps that are real, but short. */
const briefly = (seconds: number, signal?: AbortSignal): Promise<void> =>
  sleepMs(Math.min(seconds * 1000, 20), undefined, { signal });

/** Opens the data directory as a server does. */
export function openJobs(
  { environment }: Pick<TestSandbox, "environment">,
  {
    directory = String(environment["DATA_DIR"]),
    sleep = briefly,
    now = Date.now,
    maxBytes = 0,
    limits,
    readAhead,
    view,
  }: {
    readonly directory?: string;
    readonly maxBytes?: number;
    readonly limits?: MediaLimits;
    readonly sleep?: (seconds: number, signal?: AbortSignal) => Promise<void>;
    readonly now?: () => number;
    /** The configuration's when left out. */
    readonly readAhead?: number;
    /** What owners of exports see of the account; all of it when left out. */
    readonly view?: (account: Account) => Account;
  } = {},
): Jobs {
  const config = loadConfig((name) => environment[name], undefined, { names: [], terminal: false });
  const [ended, problems]: [Job[], unknown[]] = [[], []];
  const stack = new AsyncDisposableStack();
  const db = stack.use(openDataDirectory(directory));
  const onProblem = (problem: unknown): void => void problems.push(problem);
  const { account } = stack.use(openAccount(config, { db, accountId: ME.accountId, appVersion: "0", onProblem }));
  const store = createExportStore(db);
  const folders = join(directory, "exports");
  const housekeeping = stack.use(createHousekeeping({
    store,
    directory: folders,
    indexes: join(directory, "exports-index"),
    maxAgeHours: 24,
    maxBytes,
    now,
    // Its rounds are those that exports ask for.
    sleep: (seconds, signal) => sleepMs(seconds * 1000, undefined, { signal }),
    onProblem,
  }));
  const exports = stack.use(createExports({
    account,
    store,
    directory: folders,
    housekeeping,
    ...(limits === undefined ? {} : { limits }),
    ...(view === undefined ? {} : { actingAs: () => ({ view, revoked: new AbortController().signal }) }),
    readAhead: readAhead ?? config.exportReadAhead,
    now,
    sleep,
    onFinish: (job) => ended.push(job),
    onProblem,
  }));
  const until: Jobs["until"] = async (id, fits, what, owner = ME) => {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const { job } = exports.get(id, owner);
      if (fits(job)) return job;
      if (performance.now() > deadline) throw new Error(`waited in vain until ${what}: ${JSON.stringify(job)}`);
      await sleepMs(2);
    }
  };
  return {
    exports,
    housekeeping,
    store,
    account,
    ended,
    problems,
    start: async (chats, more = {}, owner = ME) => {
      const targets: Target[] = [];
      for (const name of chats) {
        const seen = view?.(account) ?? account;
        const { peer } = await resolveChat(seen, name);
        const { id, kind, title, username } = peer;
        targets.push({ id, kind, title, username, former: (await formerChat(seen, peer))?.id, range: {} });
      }
      return exports.start(owner, { query: { format: "ndjson", ...more, chats: [...chats] }, targets }).id;
    },
    until,
    end: (id, owner) => until(id, isFinished, "it is over", owner),
    path: (id, name = "messages.ndjson") => join(exports.folder(id), name),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A file of messages, NDJSON or CSV, without what only tells when it was begun. */
export async function undated(path: string): Promise<string> {
  return (await Deno.readTextFile(path)).replaceAll(/(observed_at"+:"+)[^"]*/g, "$1");
}
