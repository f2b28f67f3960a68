/**
 * Where TL bytes are gathered, https://core.telegram.org/mtproto/TL-abstract-types and https://core.telegram.org/mtproto/serialize.
 * @module
 */

/** A buffer that grows. */
export class Sink {
  #bytes = new Uint8Array(1 << 10);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  /** A 32-bit integer, little endian as all of them. */
  int(value: number): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value, true);
  }

  /** A 64-bit integer. */
  long(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, value, true);
  }

  /** A 64-bit float. */
  double(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value, true);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** A byte string: its length, its bytes, zeros up to a multiple of four. */
  bytes(value: Uint8Array): void {
    const header = value.length < 254 ? 1 : 4;
    const padding = -(header + value.length) & 3;
    const at = this.#reserve(header + value.length + padding);
    if (header === 1) this.#bytes[at] = value.length;
    else this.#view.setUint32(at, (value.length << 8 | 254) >>> 0, true);
    this.#bytes.set(value, at + header);
    this.#bytes.fill(0, at + header + value.length, at + header + value.length + padding);
  }

  /** A copy of what was written, so that kept bytes hold no spare room. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
