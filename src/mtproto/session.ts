/**
 * String sessions: which data centre an account lives on, and the key that speaks for it.
 * @module
 */
import { Buffer } from "node:buffer";
import { AppError } from "../errors.ts";
import { type Address, DATA_CENTRES } from "./data_centres.ts";

/** What a string session holds. */
export interface Session {
  readonly dcId: number;
  readonly host: string;
  readonly port: number;
  /** 256 bytes; whoever has them is the account. */
  readonly authKey: Uint8Array;
}

/** Whose form a string session has; Pyrogram's forks (Kurigram, Pyrofork) write Pyrogram's. */
export type SessionForm = "GramJS" | "Telethon" | "Pyrogram";

const KEY_BYTES = 256;

/** Ids have 52 bits at most (https://core.telegram.org/api/bots/ids). */
const LAST_USER = 2n ** 52n;

/** Where the key begins in Pyrogram's forms by their length: `>BI?256sQ?`, and before it `>B?256sQ?` and `>B?256sI?`. */
const PYROGRAM_KEY_AT: ReadonlyMap<number, number> = new Map([[271, 6], [267, 2], [263, 2]]);

/**
 * Reads a string session made by GramJS (`1` + base64 of dc, length and text of the address, port, key), by Telethon (`1` +
 * url-safe base64 of dc, 4 or 16 bytes of address, port, key), or by Pyrogram (url-safe base64 of dc, application, whether
 * it is of the test servers, key, user, whether it is a bot: no address, which {@link DATA_CENTRES} knows).
 * @throws AppError SESSION_INVALID, never quoting the session
 */
export function parseSession(text: string): Session {
  return read(text).session;
}

/**
 * Whose form a string session has.
 * @throws AppError SESSION_INVALID, like {@link parseSession}
 */
export function formOfSession(text: string): SessionForm {
  return read(text).form;
}

/** Writes a session in GramJS's form. */
export function formatSession({ dcId, host, port, authKey }: Session): string {
  const address = Buffer.from(host);
  const bytes = Buffer.concat([Buffer.of(dcId), uint16(address.length), address, uint16(port), authKey]);
  return `1${bytes.toString("base64")}`;
}

function read(text: string): { readonly form: SessionForm; readonly session: Session } {
  const encoded = text.trim();
  return encoded.startsWith("1") ? readAddressed(decode(encoded.slice(1))) : readPyrogram(decode(encoded));
}

/** Either alphabet of base64, padded or not; whatever would not come out the same again is not base64. */
function decode(text: string): Uint8Array {
  const bare = text.replace(/={1,2}$/, "").replaceAll("+", "-").replaceAll("/", "_");
  const bytes = Buffer.from(bare, "base64url");
  if (bytes.toString("base64url") !== bare) throw unreadable();
  return new Uint8Array(bytes);
}

function readAddressed(bytes: Uint8Array): ReturnType<typeof read> {
  if (bytes.length < KEY_BYTES + 7) throw unreadable();
  const view = new DataView(bytes.buffer);
  const portAt = bytes.length - KEY_BYTES - 2;
  const { form, host } = readAddress(bytes.subarray(1, portAt));
  const [dcId, port, authKey] = [view.getUint8(0), view.getUint16(portAt), bytes.slice(-KEY_BYTES)];
  if (port === 0) throw unreadable();
  addressOf(dcId);
  return { form, session: { dcId, host, port, authKey } };
}

/**
 * GramJS's form is tried first: its `149.154.167.50` with two bytes of length is as long as an IPv6 address, and no address
 * of a data centre begins like such a length.
 */
function readAddress(bytes: Uint8Array): { readonly form: SessionForm; readonly host: string } {
  const length = (bytes[0] ?? 0) << 8 | (bytes[1] ?? 0);
  const text = new TextDecoder().decode(bytes.subarray(2));
  if (length === bytes.length - 2 && /^[\w.:-]+$/.test(text)) return { form: "GramJS", host: text };
  if (bytes.length === 4) return { form: "Telethon", host: bytes.join(".") };
  if (bytes.length !== 16) throw unreadable();
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] ?? 0) << 8 | (bytes[2 * i + 1] ?? 0));
  return { form: "Telethon", host: groups.map((group) => group.toString(16)).join(":") };
}

function readPyrogram(bytes: Uint8Array): ReturnType<typeof read> {
  const keyAt = PYROGRAM_KEY_AT.get(bytes.length);
  if (keyAt === undefined) throw unreadable();
  const [dcId = 0, isTest = 0, isBot = 0] = [bytes[0], bytes[keyAt - 1], bytes.at(-1)];
  const userAt = keyAt + KEY_BYTES;
  const user = BigInt(`0x${Buffer.from(bytes.subarray(userAt, -1)).toString("hex")}`);
  if (isTest > 1 || isBot > 1 || user > LAST_USER) throw unreadable();
  if (isTest === 1) throw invalid("The string session is of Telegram's test servers, which have other accounts.");
  if (isBot === 1) throw invalid("The string session is a bot's, and bots cannot read the history of a chat.");
  return { form: "Pyrogram", session: { dcId, ...addressOf(dcId), authKey: bytes.slice(keyAt, userAt) } };
}

/** @throws AppError SESSION_INVALID for the number of no data centre that accounts live on */
function addressOf(dcId: number): Address {
  const address = DATA_CENTRES.get(dcId);
  if (address !== undefined) return address;
  throw invalid("The string session is of a data centre that Telegram does not have: accounts live on 1 to 5.");
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function unreadable(): AppError {
  return invalid("The string session is none of GramJS, Telethon or Pyrogram, or not a whole one.");
}

function invalid(message: string): AppError {
  return new AppError("SESSION_INVALID", message, {
    hint:
      "The server's owner must set TELEGRAM_STRING_SESSION to the whole string session of a person's account: about " +
      "350 characters that begin with 1 (GramJS, Telethon), or with A or B (Pyrogram).",
  });
}
