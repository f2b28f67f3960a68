/**
 * Packets made by hand.
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";

/** A packet of the full transport: https://core.telegram.org/mtproto/mtproto-transports#full. */
export function fullPacket(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(payload.length + 12);
  const content = Buffer.concat([head, payload]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(content));
  return Buffer.concat([content, checksum]);
}

/** TL `int`. */
export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
