/**
 * The Diffie-Hellman half of the key exchange: https://core.telegram.org/mtproto/auth_key.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { powerModulo, toBigInt, toBuffer } from "./modular.ts";

/** Telegram's own prime, which clients know to be safe and so accept without testing it. */
export const prime: Buffer = Buffer.from(
  "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4dbfa33" +
    "6f6e0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f642477fe96" +
    "bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b410dba74d8a84b" +
    "2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4e418fc15e83ebea0" +
    "f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf6f4fadf034b10403119c" +
    "d8e3b92fcc5b",
  "hex",
);

/** 3 generates the right subgroup, because the prime is 2 modulo 3. */
export const generator = 3;

const P = toBigInt(prime);

/** The server's half of one exchange. */
export interface KeyPair {
  /** `g ^ a mod p`, 256 bytes. */
  readonly gA: Buffer;
  /** The shared key, 256 bytes; nothing when the client's `g ^ b` is one that a careful peer must refuse. */
  agree(gB: Uint8Array): Buffer | undefined;
}

/** A fresh secret and its public half. */
export function createKeyPair(): KeyPair {
  const a = toBigInt(randomBytes(256));
  const gA = powerModulo(BigInt(generator), a, P);
  if (!isSound(gA)) return createKeyPair();
  return {
    gA: toBuffer(gA, prime.length),
    agree(gB): Buffer | undefined {
      const value = toBigInt(gB);
      return isSound(value) ? toBuffer(powerModulo(value, a, P), prime.length) : undefined;
    },
  };
}

/** Both halves must lie between `2 ^ (2048 - 64)` and `p - 2 ^ (2048 - 64)`. */
function isSound(value: bigint): boolean {
  const margin = 1n << (2048n - 64n);
  return value >= margin && value <= P - margin;
}
