/**
 * Hears of keys that were revoked, rotated or have expired, while what they began is still under way.
 * @module
 */
import type { GoodSecret } from "./key_row.ts";
import type { KeyStore } from "./keys.ts";

/** Looks whether secrets that were good are so no more. */
export interface KeyWatch {
  /** To be called again and again: what it finds is told once. @throws what SQLite does */
  check(): void;
}

/** Who is told, and by which clock. */
export interface KeyWatchOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told the hash, in hexadecimal, of a secret that is no longer good; its key may have another one. */
  readonly onSecretGone: (hash: string) => void;
  /** Told the id of a key that has no good secret any more. */
  readonly onKeyGone: (id: string) => void;
}

/** A watch that knows what is good now. */
export function createKeyWatch(
  keys: Pick<KeyStore, "goodSecrets" | "changes">,
  { now, onSecretGone, onKeyGone }: KeyWatchOptions,
): KeyWatch {
  // The number first: a change between the two is then looked at twice, not never.
  let seen = keys.changes();
  let good: readonly GoodSecret[] = keys.goodSecrets();
  return {
    check: () => {
      const changes = keys.changes();
      const isDue = good.some(({ until }) => until !== undefined && Date.parse(until) <= now());
      if (changes === seen && !isDue) return;
      const before = good;
      good = keys.goodSecrets();
      seen = changes;
      const [hashes, ids] = [new Set(good.map(({ hash }) => hash)), new Set(good.map(({ id }) => id))];
      for (const { hash } of before) if (!hashes.has(hash)) onSecretGone(hash);
      for (const id of new Set(before.map(({ id }) => id))) if (!ids.has(id)) onKeyGone(id);
    },
  };
}
