/**
 * Bodies of requests.
 * @module
 */
import { AppError } from "../errors.ts";

/**
 * Refuses a body that is not said to be JSON.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE
 */
export function assertJson(request: Request): void {
  const [essence = ""] = (request.headers.get("content-type") ?? "").split(";");
  if (essence.trim().toLowerCase() === "application/json") return;
  throw new AppError("UNSUPPORTED_MEDIA_TYPE", "The body must be sent as application/json.", { field: "content-type" });
}

/** The error for a body that broke off, or whose chunks are none (https://www.rfc-editor.org/rfc/rfc9112#section-8). */
export function brokenBody(cause: unknown): AppError {
  return new AppError("INPUT_VALIDATION", "The body broke off before its end.", {
    field: "body",
    hint: "Send the whole body, as long as Content-Length says.",
    cause,
  });
}

/**
 * The value of a body that is JSON; undefined when it is empty. Of members with the same name the last one counts, and since
 * a body is parsed once, for whoever checks it and whoever uses it.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE for what is not said to be JSON, or is compressed; INPUT_VALIDATION for what is not
 * whole, not UTF-8 (https://www.rfc-editor.org/rfc/rfc8259#section-8.1), no JSON or nested deeper than anything that is asked for
 */
export async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request);
  if (text === "") return undefined;
  assertJson(request);
  if (isDeep(text)) {
    throw new AppError("INPUT_VALIDATION", `The body is nested deeper than ${DEEPEST} levels.`, { field: "body" });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("INPUT_VALIDATION", "The body is not JSON.", { field: "body", cause });
  }
}

/** Levels of arrays and objects. What recurses over a value gets along with these. */
const DEEPEST = 64;

/** Whether brackets, those in strings left out, stand that deep. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/gs)) {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** The text of a body. */
async function readText(request: Request): Promise<string> {
  const coding = request.headers.get("content-encoding") ?? "";
  if (!/^\s*(identity)?\s*$/i.test(coding)) {
    // Nothing is inflated here, so that nothing small can become large.
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", "The body must be sent as it is, not compressed.", {
      field: "content-encoding",
      hint: "Leave Content-Encoding out.",
    });
  }
  const bytes = await readBytes(request).catch((cause: unknown) => {
    throw brokenBody(cause);
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError("INPUT_VALIDATION", "The body is not UTF-8.", {
      field: "body",
      hint: "Send JSON in UTF-8.",
      cause,
    });
  }
}

/** Up to here it costs next to nothing to believe Content-Length. */
const SMALL = 16_384;

/** Takes no more room than what has come: `arrayBuffer()` sets aside at once what Content-Length announces, or twice that. */
async function readBytes(request: Request): Promise<ArrayBuffer> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced <= SMALL || request.body === null) return await request.arrayBuffer();
  const reader = byteReader(request.body);
  if (reader === undefined) return await request.arrayBuffer();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let room = SMALL / 8;; room = Math.min(2 * room, 4 * SMALL)) {
    const { value, done } = await reader.read(new Uint8Array(room));
    if (done) return await new Blob(parts).arrayBuffer();
    parts.push(value.slice());
  }
}

/** None for a body that comes from no connection: a request that was made here has it whole. */
function byteReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
