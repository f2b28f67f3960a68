/**
 * MTProto 2.0's encrypted message: https://core.telegram.org/mtproto/description#schematic-presentation-of-messages.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { decryptIge, encryptIge } from "./aes_ige.ts";
import { ByteReader, int, long, WireError } from "./bytes.ts";
import type { AuthKey } from "./keys.ts";

/** A message inside an envelope or a container. */
export interface Message {
  readonly id: bigint;
  readonly seqNo: number;
  readonly body: Buffer;
}

/** A message and what its envelope said. */
export interface Envelope extends Message {
  readonly salt: bigint;
  readonly sessionId: bigint;
}

const OUTER = 24;
const INNER = 32;

/** Opens a client's packet, which begins with the key's id. Throws {@link WireError} when it was not made with this key. */
export function openEnvelope(packet: Buffer, { key }: AuthKey): Envelope {
  const messageKey = packet.subarray(8, OUTER);
  // Padded transports leave up to 15 bytes behind the last block.
  const length = packet.length - OUTER - (packet.length - OUTER) % 16;
  if (length < INNER + 12) throw new WireError("an envelope too short");
  const aes = deriveAes(key, messageKey, 0);
  const plain = decryptIge(packet.subarray(OUTER, OUTER + length), aes.key, aes.iv);
  if (!messageKeyOf(key, plain, 0).equals(messageKey)) throw new WireError("wrong msg_key");
  const reader = new ByteReader(plain);
  const head = { salt: reader.long(), sessionId: reader.long(), id: reader.long(), seqNo: reader.int() };
  const body = reader.raw(reader.int());
  const padding = reader.rest().length;
  if (padding < 12 || padding > 1024) throw new WireError("wrong padding");
  return { ...head, body };
}

/** Closes a message into the server's packet. */
export function sealEnvelope({ salt, sessionId, id, seqNo, body }: Envelope, { id: keyId, key }: AuthKey): Buffer {
  const padding = randomBytes(12 + (16 - (INNER + body.length + 12) % 16) % 16);
  const plain = Buffer.concat([long(salt), long(sessionId), message({ id, seqNo, body }), padding]);
  const messageKey = messageKeyOf(key, plain, 8);
  const aes = deriveAes(key, messageKey, 8);
  return Buffer.concat([Buffer.from(keyId, "hex"), messageKey, encryptIge(plain, aes.key, aes.iv)]);
}

/** A message as it lies in an envelope or a container. */
export function message({ id, seqNo, body }: Message): Buffer {
  return Buffer.concat([long(id), int(seqNo), int(body.length), body]);
}

/** @param x 0 for what clients send, 8 for what servers send */
function messageKeyOf(authKey: Buffer, plain: Buffer, x: 0 | 8): Buffer {
  return sha256(authKey.subarray(88 + x, 120 + x), plain).subarray(8, 24);
}

function deriveAes(authKey: Buffer, messageKey: Buffer, x: 0 | 8): { key: Buffer; iv: Buffer } {
  const a = sha256(messageKey, authKey.subarray(x, x + 36));
  const b = sha256(authKey.subarray(40 + x, 76 + x), messageKey);
  return {
    key: Buffer.concat([a.subarray(0, 8), b.subarray(8, 24), a.subarray(24, 32)]),
    iv: Buffer.concat([b.subarray(0, 8), a.subarray(8, 24), b.subarray(24, 32)]),
  };
}

function sha256(first: Buffer, second: Buffer): Buffer {
  return createHash("sha256").update(first).update(second).digest();
}
