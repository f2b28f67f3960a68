/**
 * What was received: the ground truth for tests that assert on the methods a client used.
 * @module
 */

/** One request. */
export interface Entry {
  /** The TL method's class name, `messages.GetHistory`. */
  readonly method: string;
  /** What it was wrapped in, outermost first. */
  readonly wrappers: readonly string[];
  /** The auth key it came on. */
  readonly keyId: string;
  /** The takeout that it came in, in decimal. */
  readonly takeoutId?: string;
}

/** Requests in the order they came, and how many of each method. */
export interface Journal {
  record(entry: Entry): void;
  /** The latest entries, oldest first. */
  readonly entries: readonly Entry[];
  readonly counts: Readonly<Record<string, number>>;
  clear(): void;
}

/** An empty journal. @param size how many entries are kept; counts go on */
export function createJournal(size = 10_000): Journal {
  let entries: Entry[] = [];
  let counts = new Map<string, number>();
  return {
    record(entry): void {
      counts.set(entry.method, (counts.get(entry.method) ?? 0) + 1);
      entries.push(entry);
      if (entries.length >= 2 * size) entries = entries.slice(-size);
    },
    get entries(): readonly Entry[] {
      return entries.slice(-size);
    },
    get counts(): Readonly<Record<string, number>> {
      return Object.fromEntries(counts);
    },
    clear(): void {
      entries = [];
      counts = new Map();
    },
  };
}
