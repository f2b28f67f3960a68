/**
 * Server salts: https://core.telegram.org/mtproto/description#server-salt. Each is a function of the key and the half-hour, so
 * that they need no keeping and outlive a restart.
 * @module
 */
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { int, long } from "./bytes.ts";
import type { AuthKey } from "./keys.ts";

/** In seconds. */
export const SALT_LIFETIME = 1800;
const FUTURE_SALTS = 0xae500895;

/** The salt of the current half-hour. @param now Unix seconds */
export function saltAt({ key }: AuthKey, now: number): bigint {
  const period = Math.floor(now / SALT_LIFETIME);
  return createHash("sha256").update(key).update(String(period)).digest().readBigUInt64LE();
}

/** Whether a salt is the current one or the one before it, which is still honoured. */
export function isValidSalt(salt: bigint, key: AuthKey, now: number): boolean {
  return salt === saltAt(key, now) || salt === saltAt(key, now - SALT_LIFETIME);
}

/** `future_salts`: the next `count` salts, 64 at most. */
export function futureSalts(requestId: bigint, count: number, key: AuthKey, now: number): Buffer {
  const first = now - now % SALT_LIFETIME;
  const salts = Array.from({ length: Math.max(1, Math.min(64, count)) }, (_, i) => {
    const since = first + i * SALT_LIFETIME;
    return Buffer.concat([int(since), int(since + 2 * SALT_LIFETIME), long(saltAt(key, since))]);
  });
  return Buffer.concat([int(FUTURE_SALTS), long(requestId), int(now), int(salts.length), ...salts]);
}
