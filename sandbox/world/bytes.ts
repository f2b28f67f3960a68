/**
 * The bytes of files, made from where they lie in the file: the same each time, of any length, nothing kept.
 * @module
 */
import { image, type ImageFormat } from "./images.ts";
import { mix } from "./random.ts";

/** A file, or one of the pictures that go with it. */
export interface FileContent {
  /** A signed 64-bit number in decimal. */
  readonly id: string;
  /** The type of a photo's size or a thumbnail; empty for a document itself. */
  readonly part: string;
  /** In bytes. */
  readonly size: number;
  /** Absent: noise from the first byte on. */
  readonly format?: ImageFormat;
  /** In pixels, of a picture. */
  readonly width?: number;
  readonly height?: number;
}

/**
 * A stretch of a file: a picture's own bytes, then noise up to the size, which viewers pass over.
 * @param offset a multiple of four
 */
export function contentOf(file: FileContent, offset: number, length: number): Uint8Array {
  if (offset % 4 !== 0) throw new RangeError("the offset must be a multiple of four");
  const id = BigInt.asUintN(64, BigInt(file.id));
  const seed = mix(Number(id & 0xffffffffn), Number(id >> 32n), file.part.charCodeAt(0) || 0);
  const count = Math.max(0, Math.min(length, file.size - offset));
  const words = new Uint32Array(Math.ceil(count / 4));
  for (let i = 0; i < words.length; i++) words[i] = noise(seed, offset / 4 + i);
  const bytes = new Uint8Array(words.buffer, 0, count);
  if (file.format !== undefined) {
    const { width = 64, height = 64 } = file;
    const head = image(file.format, { width, height }, 192 + seed % 64);
    if (head.length > file.size) throw new RangeError(`${file.size} bytes are too few for ${width} × ${height} pixels`);
    if (offset < head.length) bytes.set(head.subarray(offset, offset + count));
  }
  return bytes;
}

/** The finalizer of MurmurHash3. */
function noise(seed: number, index: number): number {
  let word = seed ^ Math.imul(index + 1, 0x9e3779b1);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
