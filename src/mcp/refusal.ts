/**
 * What the MCP endpoint refuses before a message reaches the protocol.
 * @module
 */
import { redactError } from "../config/redact.ts";
import { AppError } from "../errors.ts";

/**
 * A JSON-RPC error that answers the HTTP request as a whole; what to do next is in its `data`.
 * @param code of JSON-RPC; -32000 is the first of those left to servers (https://www.jsonrpc.org/specification#error_object)
 */
export function refusal(error: AppError, code = -32000, headers: Readonly<Record<string, string>> = {}): Response {
  const wait: Record<string, string> = error.retryAfter === undefined
    ? {}
    : { "retry-after": String(error.retryAfter) };
  const data = redactError(error.toJSON());
  const body = { jsonrpc: "2.0", error: { code, message: data.message, data }, id: null };
  return Response.json(body, { status: error.status, headers: { ...wait, ...headers } });
}

/** The body of a POST is not what it should be. */
export function badBody(message: string): AppError {
  return new AppError("INPUT_VALIDATION", message, { field: "body", hint: "Send one JSON-RPC 2.0 message as JSON." });
}

/** A request that needs a session named none. */
export const NO_SESSION_ID = new AppError("INPUT_VALIDATION", "Bad Request: the Mcp-Session-Id header is required.", {
  field: "mcp-session-id",
  hint: "Send the id that initialize was answered with.",
});
/** The session named is not, or no longer, there. */
export const NO_SUCH_SESSION = new AppError("NOT_FOUND", "Session not found", {
  field: "mcp-session-id",
  hint: "Sessions end when they are not used: send initialize again.",
});
/** A session has one call at most under an id. */
export const ID_IN_USE = new AppError("INPUT_VALIDATION", "A call with this id is in flight already.", {
  field: "id",
  hint: "Send every request of a session with an id of its own.",
});
/** What followed an event can no longer be told. */
export const EVENT_GONE = new AppError("INPUT_VALIDATION", "The event of Last-Event-ID is not kept any more.", {
  field: "last-event-id",
  hint: "Send the call again.",
});
