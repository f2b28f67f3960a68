/**
 * Files as answers: conditions and ranges as https://www.rfc-editor.org/rfc/rfc9110 has them, the same for all that can be
 * downloaded.
 * @module
 */
import { attachment } from "./attachment.ts";
import { type ByteRange, readByteRange } from "./byte_range.ts";

/** A file that is given out. */
export interface Download {
  /** Bytes. */
  readonly size: number;
  /** A strong one, its quotation marks included: equal tags are equal bytes. */
  readonly etag: string;
  readonly type: string;
  /** What it is to be saved as. */
  readonly name: string;
  /** Of every answer, also of one without the file. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called once at most, for a stretch that is not empty. */
  readonly open: (range: ByteRange) => ReadableStream<Uint8Array> | Promise<ReadableStream<Uint8Array>>;
}

/**
 * The answer to a `GET` or `HEAD`: the file, a stretch of it, 304 for a client that has it, or 416.
 * @throws whatever `open` throws
 */
export async function download(request: Request, file: Download): Promise<Response> {
  const { size, etag } = file;
  if (isNamed(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers: { ...file.headers, etag } });
  }
  const headers = {
    ...file.headers,
    etag,
    "accept-ranges": "bytes",
    "content-type": file.type,
    "content-disposition": attachment(file.name),
    "x-content-type-options": "nosniff",
  };
  const range = rangeOf(request, file);
  if (range === "unsatisfiable") {
    return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${size}` } });
  }
  const { start, end } = range ?? { start: 0, end: size };
  const isEmpty = request.method === "HEAD" || start === end;
  return new Response(isEmpty ? null : await file.open({ start, end }), {
    status: range === undefined ? 200 : 206,
    headers: {
      ...headers,
      "content-length": String(end - start),
      ...(range === undefined ? {} : { "content-range": `bytes ${start}-${end - 1}/${size}` }),
    },
  });
}

/** The range, if it is of a `GET` (section 14.2) and of the file as the client knows it (section 13.1.5). */
function rangeOf({ method, headers }: Request, { size, etag }: Download): ReturnType<typeof readByteRange> {
  const ifRange = headers.get("if-range");
  const isHeeded = method === "GET" && (ifRange === null || ifRange === etag);
  return isHeeded ? readByteRange(headers.get("range"), size) : undefined;
}

/** Whether If-None-Match names a tag, weakly compared (section 13.1.2). */
function isNamed(header: string | null, etag: string): boolean {
  return header?.trim() === "*" || Boolean(header?.split(",").some((each) => each.trim().replace(/^W\//, "") === etag));
}
