/**
 * From a bearer token to who is asking.
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Secret } from "../config/secret.ts";
import { AppError } from "../errors.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../model/principal.ts";
import { hashKey, isWellFormed } from "./key.ts";
import { toPrincipal } from "./key_row.ts";
import { createKeyUses } from "./key_uses.ts";
import { createKeyWatch } from "./key_watch.ts";
import type { KeyStore } from "./keys.ts";

/** Everybody who may ask. */
export interface Principals {
  /** Who has that token; it is looked up each time, so that one that was revoked is refused at once. */
  authenticate(token: string): Principal | undefined;
  /** The one with that id, if it may still ask. */
  find(id: string): Principal | undefined;
  /** Aborted once what the principal has begun must end; at once for one that may not ask. */
  revoked(id: string): AbortSignal;
}

/** Principals while they are watched. */
export interface OpenPrincipals extends Principals, AsyncDisposable {}

/** Where principals come from. */
export interface PrincipalsOptions {
  readonly keys: KeyStore;
  /** The one of the configuration. */
  readonly configured?: Secret | undefined;
  /** The one by which commands on this machine ask. */
  readonly local?: Secret | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly sleep?: (seconds: number, signal: AbortSignal) => Promise<void>;
  /** Told of what goes wrong behind requests, a full disk for one. */
  readonly onProblem: (problem: unknown) => void;
}

/** Who has the key of the configuration. Its account is the one there is. */
export const CONFIGURED_PRINCIPAL: Principal = {
  id: "configured",
  accountId: LOCAL_PRINCIPAL.accountId,
  name: "MCP_API_KEY",
  scopes: ["read", "export", "metrics"],
};

/** A revoked key's streams end within it. */
const WATCH_SECONDS = 0.25;
/** Uses are written after so many looks: every five seconds. */
const LOOKS_A_FLUSH = 20;

/** Opens them; disposing writes what was counted. */
export function createPrincipals(
  {
    keys,
    configured,
    local,
    now = Date.now,
    sleep = (seconds, signal) => sleepMs(seconds * 1000, undefined, { signal }),
    onProblem,
  }: PrincipalsOptions,
): OpenPrincipals {
  const fixed = [[local, LOCAL_PRINCIPAL], [configured, CONFIGURED_PRINCIPAL]] as const;
  const known = fixed.flatMap(([secret, principal]) =>
    secret === undefined ? [] : [{ hash: hashKey(secret.reveal()), principal }]
  );
  const uses = createKeyUses(keys, now);
  const controllers = new Map<string, AbortController>();
  const watch = createKeyWatch(keys, {
    now,
    onGone: (id) => {
      controllers.get(id)?.abort(gone());
      // A key that was rotated goes on with another one.
      controllers.delete(id);
    },
  });
  const stop = new AbortController();
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (problem) {
      onProblem(problem);
    }
  };
  const look = async (): Promise<void> => {
    for (let looks = 1;; looks++) {
      await sleep(WATCH_SECONDS, stop.signal).catch((error) => {
        if (!stop.signal.aborted) throw error;
      });
      if (stop.signal.aborted) return;
      attempt(watch.check);
      if (looks % LOOKS_A_FLUSH === 0) attempt(uses.flush);
    }
  };
  const looking = look();
  const never = new AbortController().signal;
  const findFixed = (id: string): Principal | undefined => known.find(({ principal }) => principal.id === id)?.principal;
  return {
    authenticate: (token) => {
      // Hashes have one length, and say nothing of what they were made of however long the comparison takes.
      const hash = hashKey(token);
      const match = known.find((each) => timingSafeEqual(each.hash, hash));
      if (match !== undefined) return match.principal;
      const key = isWellFormed(token) ? keys.findByHash(hash) : undefined;
      if (key === undefined) return undefined;
      uses.add(key.id);
      return toPrincipal(key);
    },
    find: (id) => {
      const key = findFixed(id) ?? keys.findLive(id);
      return key === undefined || !("uses" in key) ? key : toPrincipal(key);
    },
    revoked: (id) => {
      if (findFixed(id) !== undefined) return never;
      const controller = controllers.get(id) ?? new AbortController();
      if (keys.findLive(id) === undefined) controller.abort(gone());
      else controllers.set(id, controller);
      return controller.signal;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await looking;
      attempt(uses.flush);
    },
  };
}

function gone(): AppError {
  return new AppError("AUTH_REQUIRED", "The key was revoked, replaced or has expired.");
}
