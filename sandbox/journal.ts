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
  /** Whom it names; see `wire/named.ts`. */
  readonly names?: readonly string[];
}

/** Requests in the order they came, and how many of each method. */
export interface Journal {
  record(entry: Entry): void;
  /** A request has come; what is given back is called when it is answered. */
  begin(method: string): () => void;
  /** The most requests of each method that were there at once, unanswered. */
  readonly atOnce: Readonly<Record<string, number>>;
  /** The latest entries, oldest first. */
  readonly entries: readonly Entry[];
  readonly counts: Readonly<Record<string, number>>;
  clear(): void;
}

/** An empty journal. @param size how many entries are kept; counts go on */
export function createJournal(size = 10_000): Journal {
  let entries: Entry[] = [];
  let counts = new Map<string, number>();
  const waiting = new Map<string, number>();
  let most = new Map<string, number>();
  return {
    begin(method): () => void {
      const now = (waiting.get(method) ?? 0) + 1;
      waiting.set(method, now);
      most.set(method, Math.max(now, most.get(method) ?? 0));
      return () => void waiting.set(method, (waiting.get(method) ?? 1) - 1);
    },
    get atOnce(): Readonly<Record<string, number>> {
      return Object.fromEntries(most);
    },
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
      most = new Map([...waiting].filter(([, now]) => now > 0));
    },
  };
}
