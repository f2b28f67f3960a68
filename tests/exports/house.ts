/**
 * Housekeeping of exports that no job has written: rows and folders that the tests make.
 * @module
 */
import { dirname, join } from "node:path";
import { createHousekeeping, type Housekeeping } from "../../src/exports/housekeeping.ts";
import { type ExportState, isFinished } from "../../src/exports/job.ts";
import { writeManifest } from "../../src/exports/manifest.ts";
import { createExportStore, type ExportStore } from "../../src/exports/store.ts";
import type { Removed } from "../../src/exports/sweep.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { createSleeper, eventually, type Sleeper } from "../mtproto/telegram.ts";
import { FINISHED } from "./folder.ts";
import { ME } from "./jobs.ts";

export const HOUR = 3_600_000;

/** A data directory and its housekeeping, whose clock stands still. */
export interface House extends AsyncDisposable {
  readonly store: ExportStore;
  readonly keeping: Housekeeping;
  readonly sleeper: Sleeper;
  readonly removed: readonly Removed[];
  readonly problems: readonly unknown[];
  /** Moves the clock. */
  pass(ms: number): void;
  /** An export of 100 bytes that is in this state since that long. @returns its id */
  add(state: ExportState, age?: number): Promise<string>;
  /** A path in `exports`. */
  path(...names: string[]): string;
  /** A path in `exports-index`. */
  index(...names: string[]): string;
  /** What is in `exports`, sorted. */
  names(): string[];
}

/**
 * Opens a house and waits for the first round of its sweep.
 * @param options.directory one that another house has left; a new one, removed with the house, without it
 */
export async function openHouse(
  { directory, maxAgeHours = 24, maxBytes = 0, begun = Date.UTC(2026, 0, 1) }: {
    readonly directory?: string;
    readonly maxAgeHours?: number;
    readonly maxBytes?: number;
    readonly begun?: number;
  } = {},
): Promise<House> {
  const root = directory ?? Deno.makeTempDirSync({ prefix: "house-" });
  const stack = new AsyncDisposableStack();
  if (directory === undefined) stack.defer(() => Deno.remove(root, { recursive: true }));
  const store = createExportStore(stack.use(openDataDirectory(root)));
  const sleeper = createSleeper();
  const [removed, problems]: [Removed[], unknown[]] = [[], []];
  let now = begun;
  const [exports, indexes] = [join(root, "exports"), join(root, "exports-index")];
  const keeping = stack.use(createHousekeeping({
    store,
    directory: exports,
    indexes,
    maxAgeHours,
    maxBytes,
    now: () => now,
    sleep: (seconds, signal) => sleeper.sleep(seconds, signal ?? new AbortController().signal),
    onRemoved: (each) => removed.push(each),
    onProblem: (problem) => problems.push(problem),
  }));
  await eventually(() => sleeper.asleep.includes(300) || undefined, "the first round");
  const path: House["path"] = (...names) => join(exports, ...names);
  return {
    store,
    keeping,
    sleeper,
    removed,
    problems,
    pass: (ms) => void (now += ms),
    add: async (state, age = 0) => {
      const job = store.create(ME, { query: { chats: ["me"], format: "ndjson" }, targets: [] }, now - age);
      await write(path(job.id, "a.bin"), 60);
      await write(path(job.id, "media", "b.bin"), 40);
      const end = isFinished({ state }) ? { finished: new Date(now - age).toISOString(), bytes: 100 } : {};
      store.save({ ...job, state, ...end });
      return job.id;
    },
    path,
    index: (...names) => join(indexes, ...names),
    names: () => [...Deno.readDirSync(exports)].map(({ name }) => name).sort(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A file of so many bytes, and its folder. */
export async function write(path: string, bytes: number): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await Deno.writeFile(path, new Uint8Array(bytes));
}

/** Makes an export's folder one that is given out. */
export async function describe(folder: string, files: readonly string[]): Promise<void> {
  await write(join(folder, "messages.ndjson"), 0);
  await writeManifest(folder, { ...FINISHED, files: ["messages.ndjson", ...files] });
}
