/**
 * TL's primitive types, read and written by hand: what the wire needs before a request reaches the schema.
 * See https://core.telegram.org/mtproto/serialize.
 * @module
 */
import { Buffer } from "node:buffer";

/** What a peer sent cannot be understood: its connection is closed. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** Reads TL primitives one after another; running past the end is a {@link WireError}. */
export class ByteReader {
  #at = 0;

  constructor(readonly buffer: Buffer) {}

  /** How many bytes were read. */
  get position(): number {
    return this.#at;
  }

  /** Everything not yet read. */
  rest(): Buffer {
    return this.raw(this.buffer.length - this.#at);
  }

  raw(length: number): Buffer {
    if (length < 0 || this.#at + length > this.buffer.length) throw new WireError("the message ends too early");
    this.#at += length;
    return this.buffer.subarray(this.#at - length, this.#at);
  }

  /** An `int`, signed. */
  int(): number {
    return this.raw(4).readInt32LE();
  }

  /** A constructor's number. */
  id(): number {
    return this.raw(4).readUInt32LE();
  }

  /** A `long`, unsigned. */
  long(): bigint {
    return this.raw(8).readBigUInt64LE();
  }

  /** A `Vector<long>`. */
  longs(): bigint[] {
    if (this.id() !== 0x1cb5c415) throw new WireError("a vector was expected");
    const count = this.int();
    const bytes = new ByteReader(this.raw(count * 8));
    return Array.from({ length: count }, () => bytes.long());
  }

  /** A `bytes` or `string`. */
  bytes(): Buffer {
    const first = this.raw(1).readUInt8();
    const length = first === 254 ? this.raw(3).readUIntLE(0, 3) : first;
    const header = first === 254 ? 4 : 1;
    const value = this.raw(length);
    this.raw((4 - (header + length) % 4) % 4);
    return value;
  }
}

/** An `int`, or a constructor's number. */
export function int(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

/** A `long`, from a signed or unsigned value. */
export function long(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

/** A `Vector<long>`. */
export function longs(values: readonly bigint[]): Buffer {
  return Buffer.concat([int(0x1cb5c415), int(values.length), ...values.map(long)]);
}

/** A `bytes` or `string`: its length, itself, and zeros to a multiple of four. */
export function bytes(value: Uint8Array | string): Buffer {
  const content = typeof value === "string" ? Buffer.from(value) : value;
  const short = content.length < 254;
  const header = short ? Buffer.from([content.length]) : int(254 | content.length << 8);
  return Buffer.concat([header, content, Buffer.alloc((4 - (header.length + content.length) % 4) % 4)]);
}
