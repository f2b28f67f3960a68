/**
 * Counts uses of keys in memory, so that a request costs no write.
 * @module
 */
import type { KeyStore, Uses } from "./keys.ts";

/** Uses that are not written yet. */
export interface KeyUses {
  /** One more of the key with that id. */
  add(id: string): void;
  /** Writes them; what cannot be written is kept for the next time. @throws what SQLite does */
  flush(): void;
}

/**
 * No uses yet.
 * @param now milliseconds since the epoch
 */
export function createKeyUses(keys: Pick<KeyStore, "addUses">, now: () => number): KeyUses {
  const uses = new Map<string, Uses>();
  return {
    add: (id) => void uses.set(id, { count: (uses.get(id)?.count ?? 0) + 1, last: now() }),
    flush: () => {
      if (uses.size === 0) return;
      keys.addUses(uses);
      uses.clear();
    },
  };
}
