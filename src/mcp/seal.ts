/**
 * Text that only this server can have written: signatures, and JSON under one.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";

/** Makes signatures and checks them. */
export interface Signer {
  sign(text: string | Uint8Array): Buffer;
  /** Whether this is the text's signature; it takes the same time wherever they differ. */
  isSigned(text: string | Uint8Array, signature: Uint8Array): boolean;
}

/**
 * A signer (HMAC-SHA-256, https://www.rfc-editor.org/rfc/rfc2104) of a key.
 * @param key 32 bytes that outlive the process
 * @param purpose keeps apart what one key signs
 * @param length bytes of a signature
 */
export function createSigner(key: Uint8Array, purpose: string, length = 32): Signer {
  const sign = (text: string | Uint8Array): Buffer =>
    createHmac("sha256", key).update(purpose).update(text).digest().subarray(0, length);
  return {
    sign,
    isSigned: (text, signature) => signature.length === length && timingSafeEqual(signature, sign(text)),
  };
}

/** Signs and checks. What is sealed can be read by whoever holds it. */
export interface Seal {
  /** URL-safe text. */
  close(value: unknown): string;
  /** What was sealed; undefined for text that was altered or never sealed. */
  open(text: string): unknown;
}

const SIGNATURE_BYTES = 16;

/**
 * A seal of a key, see {@link createSigner}.
 * @param key 32 bytes that outlive the process
 * @param purpose keeps apart what one key seals
 */
export function createSeal(key: Uint8Array, purpose: string): Seal {
  const { sign, isSigned } = createSigner(key, purpose, SIGNATURE_BYTES);
  return {
    close: (value) => {
      const payload = Buffer.from(JSON.stringify(value));
      return Buffer.concat([sign(payload), payload]).toString("base64url");
    },
    open: (text) => {
      const bytes = Buffer.from(text, "base64url");
      const [signature, payload] = [bytes.subarray(0, SIGNATURE_BYTES), bytes.subarray(SIGNATURE_BYTES)];
      const isOurs = bytes.toString("base64url") === text && payload.length > 0 && isSigned(payload, signature);
      return isOurs ? JSON.parse(payload.toString()) : undefined;
    },
  };
}
