/**
 * How packets are cut from the stream: https://core.telegram.org/mtproto/mtproto-transports.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes, randomInt } from "node:crypto";
import { crc32 } from "node:zlib";
import { int, WireError } from "./bytes.ts";

/** A packet and how many bytes of the stream it took. */
export interface Frame {
  readonly packet: Buffer;
  readonly size: number;
}

/** One way of marking where a packet ends. */
export interface Framing {
  /** The first packet in `stream`; nothing while it is incomplete. Throws {@link WireError}. */
  read(stream: Buffer): Frame | undefined;
  write(packet: Uint8Array): Buffer;
}

/** The high bit of a length asks for a quick acknowledgement, which no client needs: it is dropped. */
const QUICK_ACK = 0x80;

/** One byte of length in words of four bytes, or 0x7f and three bytes. */
export function abridged(maxLength: number): Framing {
  return {
    read(stream): Frame | undefined {
      if (stream.length < 4) return undefined;
      const first = stream.readUInt8() & ~QUICK_ACK;
      const header = first === 0x7f ? 4 : 1;
      return cut(stream, header, 4 * (first === 0x7f ? stream.readUIntLE(1, 3) : first), maxLength);
    },
    write(packet): Buffer {
      const words = packet.length >> 2;
      return Buffer.concat([words < 0x7f ? Buffer.from([words]) : int(0x7f | words << 8), packet]);
    },
  };
}

/**
 * Four bytes of length.
 * @param padded whether answers carry random bytes at their end. The specification allows 15 of them, but there are
 * clients (Telethon) that take off only what is over a multiple of four, so at most 3 are sent.
 */
export function intermediate(maxLength: number, padded: boolean): Framing {
  return {
    read(stream): Frame | undefined {
      if (stream.length < 4) return undefined;
      return cut(stream, 4, stream.readUInt32LE() & 0x7fffffff, maxLength);
    },
    write(packet): Buffer {
      const padding = padded ? randomBytes(randomInt(4)) : Buffer.alloc(0);
      return Buffer.concat([int(packet.length + padding.length), packet, padding]);
    },
  };
}

/** Length, number and checksum around each packet. */
export function full(maxLength: number): Framing {
  const overhead = 12;
  let received = 0;
  let sent = 0;
  return {
    read(stream): Frame | undefined {
      if (stream.length < 4) return undefined;
      const size = stream.readUInt32LE();
      if (size < overhead) throw new WireError("a packet shorter than its own header");
      const frame = cut(stream, 0, size, maxLength + overhead);
      if (frame === undefined) return undefined;
      const { packet } = frame;
      if (packet.readUInt32LE(size - 4) !== crc32(packet.subarray(0, size - 4))) throw new WireError("wrong checksum");
      if (packet.readUInt32LE(4) !== received++) throw new WireError("a packet out of its order");
      return { packet: packet.subarray(8, size - 4), size };
    },
    write(packet): Buffer {
      const content = Buffer.concat([int(packet.length + overhead), int(sent++), packet]);
      return Buffer.concat([content, int(crc32(content))]);
    },
  };
}

function cut(stream: Buffer, header: number, length: number, maxLength: number): Frame | undefined {
  if (length === 0) throw new WireError("an empty packet");
  if (length > maxLength) throw new WireError("a packet too long");
  const size = header + length;
  return stream.length < size ? undefined : { packet: stream.subarray(header, size), size };
}
