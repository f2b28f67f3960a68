/**
 * Hears of keys that were revoked, rotated or have expired, while what they began is still under way.
 * @module
 */
import type { GoodSecret } from "./key_row.ts";
import type { KeyStore } from "./keys.ts";

/** Looks whether what is watched is still good. */
export interface KeyWatch {
  /** To be called again and again: what it finds is told once. @throws what SQLite does */
  check(): void;
}

/** Who is told, and by which clock. */
export interface KeyWatchOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What is watched now: ids of keys, and hashes of secrets in hexadecimal. Each was good once, be it between two looks. */
  readonly watched: () => Iterable<string>;
  /** Told of a secret that is no longer good, though its key may have another one, and of a key that has none any more. */
  readonly onGone: (name: string) => void;
}

/** A watch that knows what is good now. */
export function createKeyWatch(
  keys: Pick<KeyStore, "goodSecrets" | "changes">,
  { now, watched, onGone }: KeyWatchOptions,
): KeyWatch {
  // The number first: a change between the two is then looked at twice, not never.
  let seen = keys.changes();
  let good: readonly GoodSecret[] = keys.goodSecrets();
  return {
    check: () => {
      const changes = keys.changes();
      const isDue = good.some(({ until }) => until !== undefined && Date.parse(until) <= now());
      if (changes === seen && !isDue) return;
      good = keys.goodSecrets();
      seen = changes;
      const names = new Set(good.flatMap(({ hash, id }) => [hash, id]));
      for (const name of [...watched()]) if (!names.has(name)) onGone(name);
    },
  };
}
