/**
 * Keys in a database of their own, by a clock that tests move.
 * @module
 */
import { createKeyStore, type KeyStore } from "../../src/auth/keys.ts";
import { openDataDirectory } from "../../src/storage/open.ts";

/** 2030-01-01T00:00:00.000Z. */
export const START = Date.UTC(2030, 0, 1);

/** A folder with keys in it. */
export interface KeyHouse extends Disposable {
  readonly directory: string;
  readonly keys: KeyStore;
  readonly now: () => number;
  /** Moves the clock. */
  later(seconds: number): void;
  /** The same keys as another connection sees them, another process for one. */
  beside(): KeyStore;
  /** The keys of another account in the same database. */
  besideAs(accountId: string): KeyStore;
}

/** Opens one; disposing removes it. */
export function openKeyHouse(): KeyHouse {
  const directory = Deno.makeTempDirSync({ prefix: "keys-" });
  const stack = new DisposableStack();
  stack.defer(() => Deno.removeSync(directory, { recursive: true }));
  let time = START;
  const now = (): number => time;
  const open = (accountId = "default"): KeyStore =>
    createKeyStore(stack.use(openDataDirectory(directory)), accountId, { now });
  return {
    directory,
    keys: open(),
    now,
    later: (seconds) => void (time += seconds * 1000),
    beside: () => open(),
    besideAs: open,
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** The moment so many seconds after the start, as keys have it. */
export const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
