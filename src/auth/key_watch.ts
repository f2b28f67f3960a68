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

/**
 * A watch that knows what is good now.
 * @param options.now milliseconds since the epoch
 * @param options.onGone told the id of a key of which a secret is no longer good. Who asked with it may ask no more; the key itself may
 * have another secret by now
 */
export function createKeyWatch(
  keys: Pick<KeyStore, "goodSecrets" | "changes">,
  { now, onGone }: { readonly now: () => number; readonly onGone: (id: string) => void },
): KeyWatch {
  const byHash = (): Map<string, GoodSecret> => new Map(keys.goodSecrets().map((secret) => [secret.hash, secret]));
  // The number first: a change between the two is then looked at twice, not never.
  let seen = keys.changes();
  let good = byHash();
  return {
    check: () => {
      const changes = keys.changes();
      const isDue = [...good.values()].some(({ until }) => until !== undefined && Date.parse(until) <= now());
      if (changes === seen && !isDue) return;
      const before = good;
      good = byHash();
      seen = changes;
      const gone = [...before.values()].filter(({ hash }) => !good.has(hash)).map(({ id }) => id);
      for (const id of new Set(gone)) onGone(id);
    },
  };
}
