/**
 * AES-256 in infinite garble extension mode, as MTProto wants it: https://core.telegram.org/mtproto#glossary.
 * @module
 */
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";

const BLOCK = 16;

/**
 * Encrypts whole blocks.
 *
 * IGE is `C[i] = E(P[i] ^ C[i-1]) ^ P[i-1]`. With `D[i] = C[i] ^ P[i-1]` this is `D[i] = E((P[i] ^ P[i-2]) ^ D[i-1])`,
 * which is CBC over `P[i] ^ P[i-2]`: one native call does the whole message.
 * @param plain a multiple of 16 bytes
 * @param iv 32 bytes: the "ciphertext" and then the "plaintext" before the first block
 */
export function encryptIge(plain: Uint8Array, key: Uint8Array, iv: Uint8Array): Buffer {
  const input = Buffer.from(plain);
  for (let i = BLOCK; i < Math.min(2 * BLOCK, input.length); i++) input[i] = at(plain, i) ^ at(iv, i);
  for (let i = 2 * BLOCK; i < input.length; i++) input[i] = at(plain, i) ^ at(plain, i - 2 * BLOCK);
  const cipher = createCipheriv("aes-256-cbc", key, iv.subarray(0, BLOCK));
  cipher.setAutoPadding(false);
  const output = cipher.update(input);
  cipher.final();
  for (let i = 0; i < BLOCK; i++) output[i] = at(output, i) ^ at(iv, BLOCK + i);
  for (let i = BLOCK; i < output.length; i++) output[i] = at(output, i) ^ at(plain, i - BLOCK);
  return output;
}

/**
 * Decrypts whole blocks; each needs the one before it, so they go through the cipher one by one.
 * @param encrypted a multiple of 16 bytes
 * @param iv as in {@link encryptIge}
 */
export function decryptIge(encrypted: Uint8Array, key: Uint8Array, iv: Uint8Array): Buffer {
  const output = Buffer.alloc(encrypted.length);
  const decipher = createDecipheriv("aes-256-ecb", key, null);
  decipher.setAutoPadding(false);
  let lastEncrypted = iv.subarray(0, BLOCK);
  let lastPlain = iv.subarray(BLOCK, 2 * BLOCK);
  const input = Buffer.alloc(BLOCK);
  for (let start = 0; start < encrypted.length; start += BLOCK) {
    const block = encrypted.subarray(start, start + BLOCK);
    for (let i = 0; i < BLOCK; i++) input[i] = at(block, i) ^ at(lastPlain, i);
    const deciphered = decipher.update(input);
    for (let i = 0; i < BLOCK; i++) output[start + i] = at(deciphered, i) ^ at(lastEncrypted, i);
    lastEncrypted = block;
    lastPlain = output.subarray(start, start + BLOCK);
  }
  decipher.final();
  return output;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
