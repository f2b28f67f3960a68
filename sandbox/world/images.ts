/**
 * Pictures of one shade: the shortest files that every viewer shows in their stated size.
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";

/** The formats there are. */
export type ImageFormat = "jpeg" | "png" | "webp";

/** A picture's size in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** A picture of one grey. @param shade 192 to 255 */
export function image(format: ImageFormat, size: ImageSize, shade: number): Uint8Array {
  switch (format) {
    case "jpeg":
      return jpeg(size, shade);
    case "png":
      return png(size, shade);
    case "webp":
      return webp(size, shade);
  }
}

/** Bits of a stream that begins with the highest one of each byte; the last byte is filled with ones. */
function bits(text: string): Buffer {
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, "1");
  return Buffer.from(padded.match(/.{8}/g)?.map((byte) => parseInt(byte, 2)) ?? []);
}

/**
 * Baseline JPEG (ITU-T T.81) with one component. Every block but the first repeats the mean before it: a zero difference
 * ("0") and the end of the block ("0"). With 8 in the first place of the quantization table a mean is coded as shade - 128.
 */
function jpeg({ width, height }: ImageSize, shade: number): Buffer {
  const table = Buffer.alloc(65, 1);
  table.set([0, 8]);
  const lengths = (...counts: readonly number[]): number[] => [...counts, ...Array(16 - counts.length).fill(0)];
  const segment = (marker: number, body: readonly number[] | Buffer): Buffer =>
    Buffer.concat([Buffer.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255), Buffer.from(body)]);
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const first = `10${(shade - 128).toString(2).padStart(7, "0")}0`;
  return Buffer.concat([
    Buffer.of(0xff, 0xd8),
    segment(0xe0, [...Buffer.from("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    segment(0xdb, table),
    segment(0xc0, [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]),
    segment(0xc4, [0x00, ...lengths(1, 1), 0, 7]),
    segment(0xc4, [0x10, ...lengths(1), 0]),
    segment(0xda, [1, 1, 0, 0, 63, 0]),
    bits(first.padEnd(first.length + 2 * (blocks - 1), "0")),
    Buffer.of(0xff, 0xd9),
  ]);
}

/** PNG (https://www.w3.org/TR/png-3/) with one bit a pixel, all of them set in a palette of one grey; stored, not packed. */
function png({ width, height }: ImageSize, shade: number): Buffer {
  const chunk = (type: string, body: Buffer): Buffer => {
    const typed = Buffer.concat([Buffer.from(type), body]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(body.length);
    sum.writeUInt32BE(crc32(typed));
    return Buffer.concat([length, typed, sum]);
  };
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0]);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  const rows = Buffer.alloc(height * (1 + Math.ceil(width / 8)));
  if (rows.length > 65_535) throw new RangeError("too many pixels for one stored block");
  const stored = Buffer.alloc(5);
  stored.writeUInt8(1);
  stored.writeUInt16LE(rows.length, 1);
  stored.writeUInt16LE(65_535 - rows.length, 3);
  // Adler-32 of zeros: the low half stays 1, the high half counts them.
  const adler = Buffer.alloc(4);
  adler.writeUInt16BE(rows.length % 65_521);
  adler.writeUInt16BE(1, 2);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", head),
    chunk("PLTE", Buffer.of(shade, shade, shade)),
    chunk("IDAT", Buffer.concat([Buffer.of(0x78, 0x01), stored, rows, adler])),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/**
 * Lossless WebP (https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification): five prefix codes of
 * one symbol each, so that no pixel takes a bit.
 */
function webp({ width, height }: ImageSize, shade: number): Buffer {
  const least = (value: number, count: number): string =>
    value.toString(2).padStart(count, "0").split("").reverse().join("");
  const symbol = (value: number): string => `101${least(value, 8)}`;
  const stream = [
    least(width - 1, 14),
    least(height - 1, 14),
    "0000", // no alpha, version 0
    "000", // no transform, no colour cache, one group of prefix codes
    ...[shade, shade, shade, 255].map(symbol),
    "100", // the distance code: one symbol of one bit, 0
    "0",
  ].join("");
  const bytes = stream.padEnd(Math.ceil(stream.length / 8) * 8, "0").match(/.{8}/g) ?? [];
  const data = Buffer.from([0x2f, ...bytes.map((byte) => parseInt(byte.split("").reverse().join(""), 2))]);
  const body = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.of(0)]);
  const length = (value: number): Buffer => {
    const field = Buffer.alloc(4);
    field.writeUInt32LE(value);
    return field;
  };
  const chunk = Buffer.concat([Buffer.from("WEBPVP8L"), length(data.length), body]);
  return Buffer.concat([Buffer.from("RIFF"), length(chunk.length), chunk]);
}

/**
 * A grey picture as Telegram sends it inside a message, its JPEG header left out
 * (https://core.telegram.org/api/files#stripped-thumbnails): six blocks for each square of 16 pixels, their means unchanged.
 */
export function stripped({ width, height }: ImageSize): Uint8Array {
  const squares = Math.ceil(width / 16) * Math.ceil(height / 16);
  const light = "001010"; // a zero difference, the end of the block
  const colour = "0000";
  return Buffer.concat([Buffer.of(1, height, width), bits(`${light.repeat(4)}${colour.repeat(2)}`.repeat(squares))]);
}
