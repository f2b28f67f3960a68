/**
 * The sessions of MCP clients: few, and forgotten when nobody uses them, since clients rarely say goodbye.
 * @module
 */

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
  /** Takes one more in, for which the one not used for longest is closed if need be; false when all of them are busy. */
  add(session: S): boolean;
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
 * @param options.idleMs after how many milliseconds without use a session is closed
 * @param options.onSize is told how many there are, at each change
 */
export function createSessions<S extends Session>(options: {
  readonly max: number;
  readonly idleMs: number;
  readonly timers: Timers;
  readonly onSize: (size: number) => void;
}): Sessions<S> {
  const { max, idleMs, timers, onSize } = options;
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

  return {
    get: (id) => {
      const session = byUse.get(id)?.session;
      if (session !== undefined) touch(session);
      return session;
    },
    add: (session) => {
      if (byUse.size >= max) {
        const idle = [...byUse.values()].find((entry) => !entry.session.busy);
        if (idle === undefined) return false;
        idle.session.close();
      }
      byUse.set(session.id, { session, usedAt: timers.now() });
      onSize(byUse.size);
      watch();
      return true;
    },
    touch,
    remove: (session) => {
      if (!byUse.delete(session.id)) return;
      onSize(byUse.size);
      watch();
    },
    all: () => [...byUse.values()].map(({ session }) => session),
    [Symbol.dispose]: () => {
      for (const { session } of [...byUse.values()]) session.close();
    },
  };
}
