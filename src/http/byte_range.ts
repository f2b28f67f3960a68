/**
 * Parts of a resource: https://www.rfc-editor.org/rfc/rfc9110#section-14.
 * @module
 */

/** A stretch in bytes; `end` does not belong to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a `Range` header asks for of a resource. Undefined when the whole of it is to be sent: there is no header, it is
 * malformed, of another unit, or has several ranges, which a server may ignore.
 * @param size bytes of the resource
 */
export function readByteRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") return Number(last) === 0 || size === 0 ? "unsatisfiable" : suffix(Number(last), size);
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  if (last !== "" && Number(last) < start) return undefined;
  return start < size ? { start, end } : "unsatisfiable";
}

function suffix(length: number, size: number): ByteRange {
  return { start: Math.max(0, size - length), end: size };
}
