/**
 * What all exports together may take of the disk. Who writes reserves the bytes first; what does not fit makes room by removing
 * what has expired, and where nothing has, the export waits.
 * @module
 */
import { Buffer } from "node:buffer";
import { formatBytes } from "../config/formats.ts";
import { AppError } from "../errors.ts";
import type { Ledger } from "./ledger.ts";
import type { LogFile } from "./log_file.ts";

/** One export's account. */
export interface Quota {
  /**
   * Before a run writes: counts what is in the folder.
   * @throws QuotaError while there is no room for what did not fit the last time
   */
  begin(): Promise<void>;
  /** Before so many bytes are written. @throws QuotaError */
  reserve(bytes: number): Promise<void>;
  /** Of reserved bytes, so many are not on the disk, or not any more. */
  release(bytes: number): void;
  /** After the last write: counts what is in the folder. */
  end(): Promise<void>;
}

/** All accounts. */
export interface Quotas {
  of(id: string): Quota;
  /** Whether a new export may begin. @throws AppError RESOURCE_EXHAUSTED when all is taken and nothing has expired */
  assertRoom(): void;
}

/** Bytes that the exports may not take, at least not now. */
export class QuotaError extends AppError {
  /** @param why `large`: one export alone does not fit, `stuck`: all wait for one another, `full`: there is no room now */
  constructor(readonly why: "large" | "stuck" | "full", message: string, hint: string) {
    super("RESOURCE_EXHAUSTED", message, { hint, suggest: { tool: "list_exports", arguments: {} } });
  }

  /** Whether waiting is in vain. */
  get isForEver(): boolean {
    return this.why !== "full";
  }
}

/** Whether an error says that the disk takes nothing; a quota that has no room leaves the disk as it is. */
export function isOfTheDisk(error: unknown): boolean {
  return error instanceof AppError && error.code === "RESOURCE_EXHAUSTED" && !(error instanceof QuotaError);
}

/** A log whose writes are reserved first. */
export function withinQuota(log: LogFile, quota: Quota): LogFile {
  return {
    ...log,
    write: async (text) => {
      await quota.reserve(Buffer.byteLength(text));
      await log.write(text);
    },
  };
}

/** What {@link createQuotas} takes. */
export interface QuotasOptions {
  /** Bytes; 0 is no limit. */
  readonly max: number;
  readonly ledger: Ledger;
  /** Resolves when the ledger has all folders. */
  readonly counted: Promise<void>;
  /** Removes what has expired, and counts anew what others may have removed. */
  readonly makeRoom: () => Promise<void>;
  /** How many bytes that would remove. */
  readonly expired: () => number;
  /** Whether an export is over, so that its files go some day. */
  readonly isOver: (id: string) => boolean;
}

/** With less room than a large page of messages takes, no export begins. */
const LEAST_ROOM = 1 << 16;

/** No limit, and nothing is counted. */
export const UNLIMITED: Quotas = {
  of: () => ({
    begin: () => Promise.resolve(),
    reserve: () => Promise.resolve(),
    release: () => {},
    end: () => Promise.resolve(),
  }),
  assertRoom: () => {},
};

/** Accounts over a ledger. */
export function createQuotas(options: QuotasOptions): Quotas {
  const { ledger, counted, makeRoom, expired, isOver } = options;
  const max = options.max === 0 ? Infinity : options.max;
  /** Exports that wait, and how large they must be able to become to go on. */
  const wanted = new Map<string, number>();
  const fits = (id: string, size: number): boolean => ledger.total() - ledger.of(id) + size <= max;
  const waits = (id: string): boolean => !fits(id, wanted.get(id) ?? 0);
  /** Whether whoever takes the rest waits too, for this one among others. */
  const isStuck = (id: string): boolean =>
    ledger.names().every((other) => other === id || ledger.of(other) === 0 || !isOver(other) && waits(other));
  const ensure = async (id: string, size: number): Promise<void> => {
    if (!fits(id, size)) await makeRoom();
    // Who does not wait, or not any more, is not waited for in vain.
    wanted.delete(id);
    if (fits(id, size)) return;
    if (size > max) throw notNow(max, "large");
    if (isStuck(id)) throw notNow(max, "stuck");
    wanted.set(id, size);
    throw notNow(max, "full");
  };
  return {
    of: (id) => ({
      begin: async () => {
        await counted;
        await ledger.count(id);
        await ensure(id, Math.max(ledger.of(id), wanted.get(id) ?? 0));
      },
      reserve: async (bytes) => {
        // Between the last look and the entry nobody else has a turn.
        while (!fits(id, ledger.of(id) + bytes)) await ensure(id, ledger.of(id) + bytes);
        ledger.add(id, bytes);
      },
      release: (bytes) => ledger.add(id, -bytes),
      end: async () => {
        wanted.delete(id);
        await ledger.count(id);
      },
    }),
    assertRoom: () => {
      const left = max - ledger.total();
      if (left < LEAST_ROOM && left + expired() < LEAST_ROOM) throw notNow(max, "full");
    },
  };
}

const OWNER = "the server's owner can raise MAX_EXPORT_BYTES";

function notNow(max: number, why: QuotaError["why"]): QuotaError {
  const all = formatBytes(max);
  if (why === "large") {
    const hint = `Export less at once: a shorter time with from and to, fewer chats, or format ndjson; or ${OWNER}.`;
    return new QuotaError(why, `This export needs more than the ${all} that all exports together may take.`, hint);
  }
  if (why === "stuck") {
    const hint = `Start it again when others are over and removed, or export less at once; or ${OWNER}.`;
    return new QuotaError(why, `The exports that run need more than the ${all} that all together may take.`, hint);
  }
  const hint = `Start it when files of older exports have expired: get_export tells when; or ${OWNER} or remove some.`;
  return new QuotaError(why, `The exports take all of the ${all} that they may.`, hint);
}
