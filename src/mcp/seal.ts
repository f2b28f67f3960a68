/**
 * Text that only this server can have written: JSON under a signature.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";

/** Signs and checks. What is sealed can be read by whoever holds it. */
export interface Seal {
  /** URL-safe text. */
  close(value: unknown): string;
  /** What was sealed; undefined for text that was altered or never sealed. */
  open(text: string): unknown;
}

const SIGNATURE_BYTES = 16;

/**
 * A seal (HMAC-SHA-256, https://www.rfc-editor.org/rfc/rfc2104) of a key.
 * @param key 32 bytes that outlive the process
 * @param purpose keeps apart what one key seals
 */
export function createSeal(key: Uint8Array, purpose: string): Seal {
  const sign = (payload: Buffer): Buffer =>
    createHmac("sha256", key).update(purpose).update(payload).digest().subarray(0, SIGNATURE_BYTES);
  return {
    close: (value) => {
      const payload = Buffer.from(JSON.stringify(value));
      return Buffer.concat([sign(payload), payload]).toString("base64url");
    },
    open: (text) => {
      const bytes = Buffer.from(text, "base64url");
      const [signature, payload] = [bytes.subarray(0, SIGNATURE_BYTES), bytes.subarray(SIGNATURE_BYTES)];
      const isOurs = bytes.length > SIGNATURE_BYTES && bytes.toString("base64url") === text &&
        timingSafeEqual(signature, sign(payload));
      return isOurs ? JSON.parse(payload.toString()) : undefined;
    },
  };
}
