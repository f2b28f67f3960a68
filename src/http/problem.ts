/**
 * Errors as answers: RFC 9457 problem details.
 * @module
 */
// @ts-types="./std_status.d.ts"
import { STATUS_TEXT } from "@std/http/status.js";
import { redactError } from "../config/redact.ts";
import { type AppError, toAppError } from "../errors.ts";

/** What an answer can carry besides the error. */
export interface ProblemOptions {
  readonly requestId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** More members. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/**
 * The `application/problem+json` answer to anything thrown; unexpected errors show nothing of themselves.
 *
 * The members follow https://www.rfc-editor.org/rfc/rfc9457#section-3.1; the extensions are those of {@link AppError.toJSON},
 * `request_id` and what the caller adds. Waits are also in `Retry-After` (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3).
 */
export function problemResponse(
  thrown: unknown,
  { requestId, headers, extensions: more }: ProblemOptions = {},
): Response {
  const error = toAppError(thrown);
  const { message: detail, ...extensions } = redactError(error.toJSON());
  const body = {
    type: "about:blank",
    title: STATUS_TEXT[error.status],
    status: error.status,
    detail,
    ...extensions,
    ...more,
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
  return new Response(JSON.stringify(body), {
    status: error.status,
    headers: { ...headers, ...retryAfter(error), ...challenge(error), "content-type": "application/problem+json" },
  });
}

/** What a 401 must say, https://www.rfc-editor.org/rfc/rfc6750#section-3. */
function challenge({ code }: AppError): Record<string, string> {
  return code === "AUTH_REQUIRED" ? { "www-authenticate": "Bearer" } : {};
}

function retryAfter({ retryAfter }: AppError): Record<string, string> {
  return retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter)) };
}
