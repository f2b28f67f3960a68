/**
 * What the data centre remembers between connections besides keys: sessions and its own message ids.
 * @module
 */
import type { AuthKey } from "./keys.ts";
import { createSession, type Session } from "./session.ts";

const MAX_SESSIONS = 10_000;

/** The sessions of all keys. */
export interface Sessions {
  /** A key's session, made if there is none. */
  open(key: AuthKey, id: bigint): { session: Session; isNew: boolean };
  /** Forgets a session; false when there was none. */
  end(key: AuthKey, id: bigint): boolean;
}

/** No sessions yet; the oldest are forgotten beyond 10,000. */
export function createSessions(): Sessions {
  const sessions = new Map<string, Session>();
  const name = (key: AuthKey, id: bigint): string => `${key.id} ${id}`;
  return {
    open(key, id): { session: Session; isNew: boolean } {
      const known = sessions.get(name(key, id));
      if (known !== undefined) return { session: known, isNew: false };
      const session = createSession(id);
      sessions.set(name(key, id), session);
      const [oldest] = sessions.keys();
      if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
      return { session, isNew: true };
    },
    end: (key, id) => sessions.delete(name(key, id)),
  };
}

/**
 * Message ids of the server, which always grow: https://core.telegram.org/mtproto/description#message-identifier-msg-id.
 * @param now Unix seconds, with fractions
 */
export function createMessageIds(now: () => number): (isAnswer: boolean) => bigint {
  let last = 0n;
  return (isAnswer) => {
    const time = now();
    const seconds = BigInt(Math.floor(time));
    const fraction = BigInt(Math.floor((time % 1) * 2 ** 30)) << 2n;
    const fresh = (seconds << 32n) | fraction;
    last = fresh > last ? fresh : last + 4n;
    return last + (isAnswer ? 1n : 3n);
  };
}
