import { AppError } from "../../errors.ts";
import { brokenBody } from "../body.ts";
import type { Middleware } from "../chain.ts";

/**
 * Refuses bodies over a limit: at once by `Content-Length`, which the server holds the client to, else as soon as the stream
 * has brought too much. A stream is read here, whole, so that no handler can mistake an oversized body for a malformed one.
 *
 * @param limit bytes
 */
export function bodyLimit(limit = 1_000_000): Middleware {
  return (next) => async (request, context) => {
    const length = request.headers.get("content-length");
    // Transfer-Encoding overrides Content-Length: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    if (length !== null && !request.headers.has("transfer-encoding")) {
      if (Number(length) > limit) throw tooLarge(limit);
      return next(request, context);
    }
    if (request.body === null) return next(request, context);
    return next(new Request(request, { body: await readWithin(request.body, limit) }), context);
  };
}

async function readWithin(body: ReadableStream<Uint8Array>, limit: number): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    // Leaving the loop cancels the stream.
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge(limit);
      chunks.push(new Uint8Array(chunk));
    }
  } catch (error) {
    throw error instanceof AppError ? error : brokenBody(error);
  }
  return new Blob(chunks);
}

function tooLarge(limit: number): AppError {
  return new AppError("PAYLOAD_TOO_LARGE", `The request's body is larger than ${limit} bytes.`, { field: "body" });
}
