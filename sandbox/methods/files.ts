/**
 * What clients fetch files with: access hashes, file references, data centres
 * (https://core.telegram.org/api/files, https://core.telegram.org/api/file_reference).
 *
 * A reference says itself what it stands for, so that the bytes of any file that was ever sent can be made without a search.
 * @module
 */
import { Buffer } from "node:buffer";
import { RpcError } from "../rpc.ts";
import { AWAY_DC, HOME_DC } from "../wire/keys.ts";
import type { FileContent } from "../world/bytes.ts";
import type { ImageFormat } from "../world/images.ts";
import { mix } from "../world/random.ts";
import type { TlField, TlPlain } from "./encode.ts";

/** Puts into messages what their files are fetched with, and reads it again. */
export interface Files {
  /** References of an earlier generation have expired. */
  readonly generation: number;
  /** Lets all references expire that were given out so far. */
  rotate(): void;
  /** Makes a file and its pictures as long as that, whatever messages say. */
  resize(id: string, size: number): void;
  /** An object whose photos and documents, at any depth, have their access hash, file reference and data centre. */
  seal(value: TlPlain): TlPlain;
  /**
   * The contents that a file's reference stands for.
   * @throws {RpcError} FILE_REFERENCE_EMPTY, FILE_REFERENCE_INVALID, FILE_REFERENCE_EXPIRED
   */
  open(id: string, reference: Uint8Array): readonly FileContent[];
}

const FORMATS: readonly (ImageFormat | undefined)[] = [undefined, "jpeg", "png", "webp"];
/** Generation, check sum, then the parts: type, format, width, height, size. */
const HEAD = 8;
const ENTRY = 10;

/** What a file is asked for with besides its reference; fixed by its id. */
export function accessHash(id: string): bigint {
  return BigInt.asIntN(64, BigInt(id) * 0x9e3779b97f4a7c15n);
}

/** Where a file lies. */
export function dataCentreOf(id: string): number {
  return BigInt.asUintN(64, BigInt(id)) % 5n === 0n ? AWAY_DC : HOME_DC;
}

/** Where messages say that a file lies: a fifth of those that lie away have moved there since. */
function announcedCentreOf(id: string): number {
  return BigInt.asUintN(64, BigInt(id)) % 25n === 0n ? HOME_DC : dataCentreOf(id);
}

/** Files whose references are of the first generation. */
export function createFiles(): Files {
  let generation = 1;
  const sizes = new Map<string, number>();
  const seal = (value: TlPlain): TlPlain => {
    let sealed = value;
    // Most messages have no files: what is not changed is not copied.
    for (const name in value) {
      const field = sealField(value[name]);
      if (field !== value[name]) sealed = { ...sealed, [name]: field };
    }
    const id = typeof value.id === "string" ? value.id : undefined;
    if (id === undefined || value._ !== "photo" && value._ !== "document") return sealed;
    return {
      ...sealed,
      access_hash: accessHash(id),
      file_reference: write(id, contentsOf(id, value), generation),
      dc_id: announcedCentreOf(id),
    };
  };
  const sealField = (field: TlField): TlField => {
    if (typeof field !== "object" || field instanceof Uint8Array) return field;
    if ("_" in field) return seal(field);
    const sealed = field.map(sealField);
    return sealed.some((item, index) => item !== field[index]) ? sealed : field;
  };
  return {
    get generation(): number {
      return generation;
    },
    rotate: () => void generation++,
    resize: (id, size) => void sizes.set(id, size),
    seal,
    open: (id, reference) => {
      if (reference.length === 0) throw new RpcError(400, "FILE_REFERENCE_EMPTY");
      const bytes = Buffer.from(reference);
      if (bytes.length < HEAD || (bytes.length - HEAD) % ENTRY !== 0 || bytes.readUInt32LE(4) !== checkSum(id, bytes)) {
        throw new RpcError(400, "FILE_REFERENCE_INVALID");
      }
      if (bytes.readUInt32LE() !== generation) throw new RpcError(400, "FILE_REFERENCE_EXPIRED");
      return read(id, bytes).map((content) => ({ ...content, size: sizes.get(id) ?? content.size }));
    },
  };
}

/** The contents of a photo or document as its TL object describes them. */
function contentsOf(id: string, { _: kind, mime_type, size, sizes, thumbs, attributes }: TlPlain): FileContent[] {
  const pictures = list(kind === "photo" ? sizes : thumbs).flatMap((each): FileContent[] => {
    const bytes = each._ === "photoSizeProgressive" ? Math.max(...numbers(each.sizes)) : Number(each.size);
    if (each._ !== "photoSize" && each._ !== "photoSizeProgressive") return [];
    return [{
      id,
      part: String(each.type),
      size: bytes,
      format: "jpeg",
      width: Number(each.w),
      height: Number(each.h),
    }];
  });
  if (kind === "photo") return pictures;
  const format = FORMATS.find((format) => format !== undefined && mime_type === `image/${format}`);
  const shape = list(attributes).find((attribute) => attribute._ === "documentAttributeImageSize");
  const pixels = shape === undefined ? {} : { width: Number(shape.w), height: Number(shape.h) };
  return [{ id, part: "", size: Number(size), ...(format ? { format, ...pixels } : {}) }, ...pictures];
}

function list(field: TlField): TlPlain[] {
  return Array.isArray(field) ? field.filter((each) => typeof each === "object" && "_" in each) : [];
}

function numbers(field: TlField): number[] {
  return Array.isArray(field) ? field.map(Number) : [];
}

function write(id: string, contents: readonly FileContent[], generation: number): Buffer {
  const bytes = Buffer.alloc(HEAD + ENTRY * contents.length);
  bytes.writeUInt32LE(generation);
  contents.forEach(({ part, size, format, width = 64, height = 64 }, index) => {
    const at = HEAD + ENTRY * index;
    bytes.writeUInt8(part.charCodeAt(0) || 0, at);
    bytes.writeUInt8(FORMATS.indexOf(format), at + 1);
    bytes.writeUInt16LE(width, at + 2);
    bytes.writeUInt16LE(height, at + 4);
    bytes.writeUInt32LE(size, at + 6);
  });
  bytes.writeUInt32LE(checkSum(id, bytes), 4);
  return bytes;
}

function read(id: string, bytes: Buffer): FileContent[] {
  return Array.from({ length: (bytes.length - HEAD) / ENTRY }, (_, index): FileContent => {
    const at = HEAD + ENTRY * index;
    const type = bytes.readUInt8(at);
    const format = FORMATS[bytes.readUInt8(at + 1)];
    return {
      id,
      part: type === 0 ? "" : String.fromCharCode(type),
      size: bytes.readUInt32LE(at + 6),
      ...(format && { format, width: bytes.readUInt16LE(at + 2), height: bytes.readUInt16LE(at + 4) }),
    };
  });
}

/** Ties a reference to its file. */
function checkSum(id: string, bytes: Buffer): number {
  return mix(Number(BigInt.asUintN(52, BigInt(id))), bytes.readUInt32LE(), ...bytes.subarray(HEAD));
}
