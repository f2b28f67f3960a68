/**
 * The session that `login` stored: one line in a file that only its owner may read, encrypted when there is a key.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes, scrypt } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Secret } from "../config/secret.ts";
import { AppError } from "../errors.ts";
import { SESSION_FILE } from "./contents.ts";
import { assertPrivate, FILE_MODE, FOLDER_MODE } from "./private.ts";
import { assertSettled } from "./replace.ts";

/** Where the session of a data directory lies. */
export function sessionPath(directory: string): string {
  return join(directory, SESSION_FILE);
}

/** What an encrypted file begins with; behind it base64 of salt, nonce and AES-256-GCM's ciphertext with its tag. */
const SEALED = "aes-256-gcm:";
const SALT_BYTES = 16;
/** https://doi.org/10.6028/NIST.SP.800-38D, section 5.2.1.1 */
const NONCE_BYTES = 12;

/**
 * The text of the session's file as it is, encrypted or not; undefined when nobody has logged in.
 * @throws AppError SESSION_INVALID when the system does not let it be read
 */
export function readStored(directory: string): string | undefined {
  try {
    return Deno.readTextFileSync(sessionPath(directory)).trim() || undefined;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    const name = cause instanceof Error ? cause.name : "unknown error";
    throw new AppError("SESSION_INVALID", `The stored session ${sessionPath(directory)} cannot be read (${name}).`, {
      hint:
        "The server's owner must make the file readable for the user that runs this program, or log in as that user.",
      cause,
    });
  }
}

/** Whether a stored text is encrypted. */
export function isSealed(stored: string): boolean {
  return stored.startsWith(SEALED);
}

/**
 * The session in a stored text.
 * @param key SESSION_KEY; it is not needed for a text that is not encrypted
 * @throws AppError SESSION_INVALID when the key is missing or is not the one that it was encrypted with
 */
export async function unseal(stored: string, key: Secret | undefined): Promise<string> {
  if (!isSealed(stored)) return stored;
  if (key === undefined) throw unusable("The stored session is encrypted, and SESSION_KEY is not set.");
  const bytes = Buffer.from(stored.slice(SEALED.length), "base64");
  const salt = bytes.subarray(0, SALT_BYTES);
  const iv = bytes.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
  try {
    const cipherKey = await derive(key, salt);
    const ciphertext = bytes.subarray(SALT_BYTES + NONCE_BYTES);
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, cipherKey, ciphertext);
    return new TextDecoder().decode(text);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw unusable("The stored session cannot be decrypted: SESSION_KEY is not the key it was encrypted with.");
  }
}

/**
 * Tries whether a session can be stored, so that none is made only to be lost.
 * @throws AppError RESOURCE_EXHAUSTED; UNSUPPORTED when other users have access to the directory, or a restore of it was interrupted
 */
export async function assertStorable(directory: string): Promise<void> {
  assertPrivate(directory);
  assertSettled(directory);
  const trial = `${sessionPath(directory)}.${Deno.pid}`;
  try {
    Deno.mkdirSync(directory, { recursive: true, mode: FOLDER_MODE });
    await Deno.writeTextFile(trial, "x".repeat(1000), { mode: FILE_MODE });
    await Deno.remove(trial);
  } catch (cause) {
    await Deno.remove(trial).catch(() => {});
    throw new AppError("RESOURCE_EXHAUSTED", `No session can be stored in ${directory}.`, {
      hint:
        "Check DATA_DIR: it must be a folder that this user may write to, on a disk with free space. Or print the " +
        "session instead: `login --print`.",
      cause,
    });
  }
}

/**
 * Stores a session in place of any other, never half of it; mode 0600.
 * @param key SESSION_KEY; without it the text is stored as it is
 */
export async function storeSession(directory: string, session: Secret, key: Secret | undefined): Promise<void> {
  Deno.mkdirSync(directory, { recursive: true, mode: FOLDER_MODE });
  const text = key === undefined ? session.reveal() : await seal(session.reveal(), key);
  const temporary = `${sessionPath(directory)}.${Deno.pid}`;
  try {
    using file = await Deno.open(temporary, { create: true, write: true, truncate: true, mode: FILE_MODE });
    const bytes = new TextEncoder().encode(`${text}\n`);
    for (let sent = 0; sent < bytes.length;) sent += await file.write(bytes.subarray(sent));
    await file.sync();
    await Deno.rename(temporary, sessionPath(directory));
  } catch (error) {
    // A piece of a key is left nowhere.
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Removes the stored session; whether there was one. */
export async function removeSession(directory: string): Promise<boolean> {
  try {
    await Deno.remove(sessionPath(directory));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function seal(text: string, key: Secret): Promise<string> {
  const [salt, iv] = [randomBytes(SALT_BYTES), new Uint8Array(randomBytes(NONCE_BYTES))];
  const plain = new TextEncoder().encode(text);
  const ciphertext = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await derive(key, salt), plain);
  return SEALED + Buffer.concat([salt, iv, Buffer.from(ciphertext)]).toString("base64");
}

/** A key is a passphrase for all that is known of it, so it is stretched (https://www.rfc-editor.org/rfc/rfc7914). */
async function derive(key: Secret, salt: Uint8Array): Promise<CryptoKey> {
  const bytes = await promisify<string, Uint8Array, number, Buffer>(scrypt)(key.reveal(), salt, 32);
  return await crypto.subtle.importKey("raw", new Uint8Array(bytes), "AES-GCM", false, ["encrypt", "decrypt"]);
}

function unusable(message: string): AppError {
  return new AppError("SESSION_INVALID", message, {
    hint: "The server's owner must set SESSION_KEY as it was at `login`, or log in again: `login --again`.",
  });
}
