/**
 * Who may act, by key and by id.
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { LOCAL_PRINCIPAL, type Principal } from "../model/principal.ts";

/** Those who may act now. */
export interface Principals {
  /** Who holds a key; undefined for one that is not known, or not any more. */
  authenticate(key: string): Principal | undefined;
  /** The principal of an id, as long as it may act. */
  find(id: string): Principal | undefined;
  /** Aborted when the principal of an id may act no longer. */
  revoked(id: string): AbortSignal;
  /** Whether there is any key but the local one. */
  hasKeys(): boolean;
  /** Whether a text can be no key of ours, since its checksum is wrong. */
  isMistyped(key: string): boolean;
}

/** What {@link createPrincipals} takes. */
export interface PrincipalsOptions {
  /** Holds for {@link LOCAL_PRINCIPAL}: commands on this machine have it. */
  readonly localKey?: string;
  /** The one that the configuration names. */
  readonly configuredKey?: string;
}

/** The principal of the configured key. */
const CONFIGURED: Principal = { ...LOCAL_PRINCIPAL, id: "configured", scopes: ["read", "export", "metrics"] };

/** Puts together those of the keys there are. */
export function createPrincipals({ localKey, configuredKey }: PrincipalsOptions): Principals {
  const fixed = [
    ...(localKey === undefined ? [] : [{ hash: hashOf(localKey), principal: LOCAL_PRINCIPAL }]),
    ...(configuredKey === undefined ? [] : [{ hash: hashOf(configuredKey), principal: CONFIGURED }]),
  ];
  const never = new AbortController().signal;
  return {
    authenticate: (key) => {
      const hash = hashOf(key);
      return fixed.find((one) => timingSafeEqual(one.hash, hash))?.principal;
    },
    find: (id) => id === LOCAL_PRINCIPAL.id ? LOCAL_PRINCIPAL : fixed.find((one) => one.principal.id === id)?.principal,
    revoked: () => never,
    hasKeys: () => configuredKey !== undefined,
    isMistyped: () => false,
  };
}

function hashOf(key: string): Uint8Array {
  return createHash("sha256").update(key).digest();
}
