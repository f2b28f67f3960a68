/**
 * String sessions: which data centre an account lives on, and the key that speaks for it.
 * @module
 */
import { Buffer } from "node:buffer";
import { AppError } from "../errors.ts";

/** What a string session holds. */
export interface Session {
  readonly dcId: number;
  readonly host: string;
  readonly port: number;
  /** 256 bytes; whoever has them is the account. */
  readonly authKey: Uint8Array;
}

const KEY_BYTES = 256;

/**
 * Reads a string session made by GramJS (`1` + base64 of dc, length and text of the address, port, key) or by Telethon
 * (`1` + url-safe base64 of dc, 4 or 16 bytes of address, port, key).
 * @throws AppError SESSION_INVALID, never quoting the session
 */
export function parseSession(text: string): Session {
  const encoded = text.trim();
  if (!/^1[\w+/-]+={0,2}$/.test(encoded)) throw unreadable();
  const bytes = new Uint8Array(Buffer.from(encoded.slice(1), "base64"));
  if (bytes.length < KEY_BYTES + 7) throw unreadable();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const authKey = bytes.slice(-KEY_BYTES);
  const port = view.getUint16(bytes.length - KEY_BYTES - 2);
  const address = bytes.subarray(1, bytes.length - KEY_BYTES - 2);
  return { dcId: view.getUint8(0), host: readAddress(address), port, authKey };
}

/**
 * GramJS's form is tried first: its `149.154.167.50` with two bytes of length is as long as an IPv6 address, and no address
 * of a data centre begins like such a length.
 */
function readAddress(bytes: Uint8Array): string {
  const length = (bytes[0] ?? 0) << 8 | (bytes[1] ?? 0);
  const text = new TextDecoder().decode(bytes.subarray(2));
  if (length === bytes.length - 2 && /^[\w.:-]+$/.test(text)) return text;
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) throw unreadable();
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] ?? 0) << 8 | (bytes[2 * i + 1] ?? 0));
  return groups.map((group) => group.toString(16)).join(":");
}

function unreadable(): AppError {
  return new AppError("SESSION_INVALID", "TELEGRAM_STRING_SESSION is not a string session of Telethon or GramJS.", {
    hint: "The server's owner must set a whole string session: it begins with 1 and has about 350 characters.",
  });
}
