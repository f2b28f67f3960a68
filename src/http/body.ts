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
 * The text of a body.
 * @throws AppError INPUT_VALIDATION for what is not whole, and for what is not UTF-8, which JSON must be
 * (https://www.rfc-editor.org/rfc/rfc8259#section-8.1)
 */
export async function readText(request: Request): Promise<string> {
  const bytes = await request.arrayBuffer().catch((cause: unknown) => {
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
