/**
 * How many bytes each export's folder has. Counted once on the disk, then kept by those who write and remove: a write costs an
 * addition.
 * @module
 */
import { join } from "node:path";
import { bytesBelow } from "./tree.ts";

/** Bytes by the names of the folders. */
export interface Ledger {
  total(): number;
  /** Those of one folder, 0 for an unknown one. */
  of(name: string): number;
  has(name: string): boolean;
  names(): readonly string[];
  /** Adds so many, or takes them off. */
  add(name: string, bytes: number): void;
  /** Counts one on the disk; nobody may write there meanwhile. @throws Deno.errors of the file system */
  count(name: string): Promise<void>;
  rename(from: string, to: string): void;
  forget(name: string): void;
}

/**
 * A ledger in which nothing is counted yet.
 * @param directory where the folders are
 */
export function createLedger(directory: string): Ledger {
  const all = new Map<string, number>();
  let total = 0;
  const of = (name: string): number => all.get(name) ?? 0;
  const set = (name: string, bytes: number): void => {
    total += bytes - of(name);
    all.set(name, bytes);
  };
  const forget = (name: string): void => {
    total -= of(name);
    all.delete(name);
  };
  return {
    total: () => total,
    of,
    has: (name) => all.has(name),
    names: () => [...all.keys()],
    add: (name, bytes) => set(name, Math.max(0, of(name) + bytes)),
    count: async (name) => set(name, await bytesBelow(join(directory, name))),
    rename: (from, to) => {
      set(to, of(from));
      forget(from);
    },
    forget,
  };
}
