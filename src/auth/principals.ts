/**
 * Who may act, by key and by id.
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { setTimeout as sleepMs } from "node:timers/promises";
import { AppError } from "../errors.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../model/principal.ts";
import { hashKey, isWellFormed, readKey } from "./key.ts";
import { toPrincipal } from "./key_row.ts";
import { createKeyUses } from "./key_uses.ts";
import { createKeyWatch } from "./key_watch.ts";
import type { KeyStore } from "./keys.ts";

/** Those who may act now. */
export interface Principals {
  /** Who holds a key; undefined for one that is not known, or not any more. It is looked up each time, and counted. */
  authenticate(key: string): Principal | undefined;
  /** The principal of an id, as long as it may act. */
  find(id: string): Principal | undefined;
  /**
   * Aborted when the principal of an id may act no longer, and from the start when it may not now.
   * @param key by which it was authenticated: then aborted too when another one has taken its place
   */
  revoked(id: string, key?: string): AbortSignal;
  /** Whether a text looks like a key of ours and can be none, since its checksum is wrong. */
  isMistyped(key: string): boolean;
}

/** Principals while they are watched; disposing writes what was counted. */
export interface OpenPrincipals extends Principals, AsyncDisposable {}

/** What {@link createPrincipals} takes. */
export interface PrincipalsOptions {
  /** The keys that were created, if any can be. */
  readonly keys?: KeyStore;
  /** Holds for {@link LOCAL_PRINCIPAL}: commands on this machine have it. */
  readonly localKey?: string;
  /** The one that the configuration names. */
  readonly configuredKey?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly sleep?: (seconds: number, signal: AbortSignal) => Promise<void>;
  /** Told of what goes wrong behind requests, a full disk for one. */
  readonly onProblem?: (problem: unknown) => void;
}

/** The principal of the configured key. */
export const CONFIGURED: Principal = { ...LOCAL_PRINCIPAL, id: "configured", scopes: ["read", "export", "metrics"] };

/** What a revoked key has begun ends within it. */
const LOOK_SECONDS = 0.25;
/** Uses are written after so many looks: every five seconds. */
const LOOKS_A_FLUSH = 20;

/** Puts together those of the keys there are. */
export function createPrincipals(
  {
    keys,
    localKey,
    configuredKey,
    now = Date.now,
    sleep = (seconds, signal) => sleepMs(seconds * 1000, undefined, { signal }),
    onProblem = () => {},
  }: PrincipalsOptions,
): OpenPrincipals {
  const fixed = [
    ...(localKey === undefined ? [] : [{ hash: hashKey(localKey), principal: LOCAL_PRINCIPAL }]),
    ...(configuredKey === undefined ? [] : [{ hash: hashKey(configuredKey), principal: CONFIGURED }]),
  ];
  const findFixed = (id: string): Principal | undefined =>
    id === LOCAL_PRINCIPAL.id ? LOCAL_PRINCIPAL : fixed.find(({ principal }) => principal.id === id)?.principal;
  const stored = keys && openStored(keys, { now, sleep, onProblem });
  const never = new AbortController().signal;
  return {
    authenticate: (key) => {
      const hash = hashKey(key);
      // What is compared are hashes: they have one length, and tell nothing of the key however far they are equal.
      const match = fixed.find((one) => timingSafeEqual(one.hash, hash));
      return match?.principal ?? (isWellFormed(key) ? stored?.authenticate(hash) : undefined);
    },
    find: (id) => findFixed(id) ?? stored?.find(id),
    revoked: (id, key) => findFixed(id) === undefined ? stored?.revoked(id, key) ?? AbortSignal.abort(gone()) : never,
    isMistyped: (key) => readKey(key) === "mistyped",
    [Symbol.asyncDispose]: async () => await stored?.[Symbol.asyncDispose](),
  };
}

interface Stored extends AsyncDisposable {
  authenticate(hash: Uint8Array): Principal | undefined;
  find(id: string): Principal | undefined;
  revoked(id: string, key?: string): AbortSignal;
}

/** The principals of a store, which is looked at again and again. */
function openStored(
  keys: KeyStore,
  { now, sleep, onProblem }: Required<Pick<PrincipalsOptions, "now" | "sleep" | "onProblem">>,
): Stored {
  const uses = createKeyUses(keys, now);
  /** By the ids of keys and by the hashes of secrets; only of those that are good, so that there are not more and more. */
  const controllers = new Map<string, AbortController>();
  const end = (name: string): void => {
    controllers.get(name)?.abort(gone());
    controllers.delete(name);
  };
  const watch = createKeyWatch(keys, { now, watched: () => controllers.keys(), onGone: end });
  const stop = new AbortController();
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (problem) {
      onProblem(problem);
    }
  };
  const look = async (): Promise<void> => {
    for (let looks = 1; !stop.signal.aborted; looks++) {
      await sleep(LOOK_SECONDS, stop.signal).catch((error) => {
        if (!stop.signal.aborted) throw error;
      });
      attempt(watch.check);
      if (looks % LOOKS_A_FLUSH === 0 || stop.signal.aborted) attempt(uses.flush);
    }
  };
  const looking = look();
  return {
    authenticate: (hash) => {
      const key = keys.findByHash(hash);
      if (key === undefined) return undefined;
      uses.add(key.id);
      return toPrincipal(key);
    },
    find: (id) => {
      const key = keys.findLive(id);
      return key && toPrincipal(key);
    },
    revoked: (id, key) => {
      const hash = key === undefined ? undefined : hashKey(key);
      const live = hash === undefined ? keys.findLive(id) : keys.findByHash(hash);
      if (live?.id !== id) return AbortSignal.abort(gone());
      const name = hash?.toHex() ?? id;
      const controller = controllers.get(name) ?? new AbortController();
      controllers.set(name, controller);
      return controller.signal;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await looking;
    },
  };
}

function gone(): AppError {
  return new AppError("AUTH_REQUIRED", "The key was revoked, replaced or has expired.");
}
