/**
 * What keeps the exports of a server within their age and their room.
 * @module
 */
import { isFinished, type Job } from "./job.ts";
import { createLeases, type Leases } from "./leases.ts";
import { createLedger } from "./ledger.ts";
import { createQuotas, type Quotas } from "./quota.ts";
import { createSweep, type SweepOptions } from "./sweep.ts";

/** The sweep, and what others need to get on with it. */
export interface Housekeeping extends AsyncDisposable {
  readonly leases: Leases;
  readonly quotas: Quotas;
  /** When the files of a finished export go, in milliseconds since the epoch; undefined for never. */
  readonly expires: (job: Job) => number | undefined;
  /** What the exports take of the disk. */
  readonly bytes: () => number;
  /** Sweeps now. */
  readonly sweep: () => Promise<void>;
  /** Begins no other removal. */
  readonly stop: () => void;
}

/** What {@link createHousekeeping} takes. */
export interface HousekeepingOptions extends Omit<SweepOptions, "ledger" | "leases"> {
  /** Bytes; 0 is no limit. */
  readonly maxBytes: number;
}

/** Sweeps now and from time to time, and keeps the accounts. */
export function createHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { store, directory, maxBytes: max, maxAgeHours } = options;
  const [leases, ledger] = [createLeases(), createLedger(directory)];
  const sweep = createSweep({ ...options, ledger, leases });
  const expired = (): number => ledger.names().filter(sweep.isExpired).reduce((sum, id) => sum + ledger.of(id), 0);
  return {
    leases,
    quotas: createQuotas({
      max,
      ledger,
      counted: sweep.counted,
      makeRoom: () => sweep.run(true),
      expired,
      isOver: (id) => store.endOf(id) !== undefined,
    }),
    expires: (job) => {
      if (maxAgeHours === 0 || !isFinished(job) || job.finished === undefined) return undefined;
      return Date.parse(job.finished) + maxAgeHours * 3_600_000;
    },
    bytes: ledger.total,
    sweep: () => sweep.run(),
    stop: sweep.stop,
    [Symbol.asyncDispose]: () => sweep[Symbol.asyncDispose](),
  };
}
