/**
 * The sessions of MCP clients: few, and forgotten when nobody uses them, since clients rarely say goodbye.
 * @module
 */

import { AppError } from "../errors.ts";
import { LOCAL_PRINCIPAL } from "../model/principal.ts";

/** Time, so that tests can own it. */
export interface Timers {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Runs something after so many milliseconds, unless the returned function is called first. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** The time of this machine. */
export const SYSTEM_TIMERS: Timers = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** What the {@link Sessions} need to know about one. */
export interface Session {
  readonly id: string;
  /** The id of the principal that opened it. */
  readonly owner: string;
  /** A call is in flight: it must not be closed. */
  readonly busy: boolean;
  /** Its client is connected: it does not expire. */
  readonly connected: boolean;
  /** Ends it; it then leaves by {@link Sessions.remove}. */
  readonly close: () => void;
}

/** Sessions by id, bounded in number and in idle time. */
export interface Sessions<S extends Session> {
  /** The session of that id, used now. */
  get(id: string): S | undefined;
  /**
   * Takes one more in, for which another is closed if need be: of its owner's when that has as many as one may have, else of
   * whoever has most.
   * @throws AppError RATE_LIMITED or OVERLOADED when that cannot be, since they are busy
   */
  add(session: S): void;
  /** The sessions of one principal. */
  of(owner: string): readonly S[];
  /** Notes that a session is in use. */
  touch(session: S): void;
  remove(session: S): void;
  all(): readonly S[];
  /** Closes all. */
  [Symbol.dispose](): void;
}

/**
 * Makes the set of sessions.
 * @param options.max how many there may be
 * @param options.maxPerOwner how many each principal may have; for the local one, which many may be at once, it does not count
 * @param options.idleMs after how many milliseconds without use a session is closed
 * @param options.onSize is told how many there are, at each change
 */
export function createSessions<S extends Session>(options: {
  readonly max: number;
  readonly maxPerOwner?: number;
  readonly idleMs: number;
  readonly timers: Timers;
  readonly onSize: (size: number) => void;
}): Sessions<S> {
  const { max, maxPerOwner = Infinity, idleMs, timers, onSize } = options;
  // Least recently used first: a session in use is put at the end.
  const byUse = new Map<string, { readonly session: S; readonly usedAt: number }>();
  let stopTimer: (() => void) | undefined;

  const touch = (session: S): void => {
    if (byUse.delete(session.id)) byUse.set(session.id, { session, usedAt: timers.now() });
  };
  const expire = (): void => {
    stopTimer = undefined;
    const limit = timers.now() - idleMs;
    for (const { session, usedAt } of [...byUse.values()]) {
      if (usedAt > limit) break;
      if (session.busy || session.connected) touch(session);
      else session.close();
    }
    watch();
  };
  const watch = (): void => {
    const [oldest] = byUse.values();
    if (oldest === undefined) {
      stopTimer?.();
      stopTimer = undefined;
    } else {
      stopTimer ??= timers.after(Math.max(0, oldest.usedAt + idleMs - timers.now()), expire);
    }
  };

  const of = (owner: string): S[] =>
    [...byUse.values()].map(({ session }) => session).filter((session) => session.owner === owner);
  /** Those that may have to go for one more of an owner: never of somebody who has fewer than the owner would have. */
  const replaceable = (owner: string): S[] => {
    // The owner stands first among those who hold as many.
    const counts = new Map([[owner, 1]]);
    for (const { session } of byUse.values()) counts.set(session.owner, (counts.get(session.owner) ?? 0) + 1);
    const own = counts.get(owner) ?? 1;
    return [...counts].filter(([, count]) => count >= own)
      .sort(([, a], [, b]) => b - a)
      .flatMap(([each]) => of(each));
  };
  const makeRoom = (owner: string): void => {
    const isOwn = owner !== LOCAL_PRINCIPAL.id && of(owner).length >= maxPerOwner;
    if (!isOwn && byUse.size < max) return;
    const idle = (isOwn ? of(owner) : replaceable(owner)).find(({ busy }) => !busy);
    if (idle === undefined) {
      throw isOwn
        ? new AppError("RATE_LIMITED", `All ${maxPerOwner} MCP sessions of this key are busy.`, { retryAfter: 1 })
        : new AppError("OVERLOADED", "All MCP sessions of this server are busy.", { retryAfter: 5 });
    }
    idle.close();
  };

  return {
    get: (id) => {
      const session = byUse.get(id)?.session;
      if (session !== undefined) touch(session);
      return session;
    },
    add: (session) => {
      makeRoom(session.owner);
      byUse.set(session.id, { session, usedAt: timers.now() });
      onSize(byUse.size);
      watch();
    },
    touch,
    remove: (session) => {
      if (!byUse.delete(session.id)) return;
      onSize(byUse.size);
      watch();
    },
    of,
    all: () => [...byUse.values()].map(({ session }) => session),
    [Symbol.dispose]: () => {
      for (const { session } of [...byUse.values()]) session.close();
    },
  };
}
