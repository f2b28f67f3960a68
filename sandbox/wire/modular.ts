/**
 * Arithmetic with the large numbers of RSA and Diffie-Hellman, big-endian in their bytes. In time that depends on the secret, which
 * a test server can afford.
 * @module
 */
import { Buffer } from "node:buffer";

/** `base ^ exponent mod modulus`. */
export function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base % modulus, rest = exponent; rest > 0n; rest >>= 1n, square = square * square % modulus) {
    if (rest & 1n) result = result * square % modulus;
  }
  return result;
}

/** The number that the bytes write. */
export function toBigInt(value: Uint8Array): bigint {
  return value.length === 0 ? 0n : BigInt(`0x${Buffer.from(value).toString("hex")}`);
}

/** A number in `length` bytes, which must be enough. */
export function toBuffer(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex");
}
