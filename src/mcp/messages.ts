/**
 * What comes in and goes out of the MCP endpoint around the SDK's transport.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import { ErrorCode, type RequestId } from "@modelcontextprotocol/sdk/types.js";
import { AppError } from "../errors.ts";
import { assertJson, readJson } from "../http/body.ts";
import type { SentEvent } from "./events.ts";
import { badBody, refusal } from "./refusal.ts";

/** Messages of one POST. */
export interface Incoming {
  readonly body: unknown;
  /** Ids of its `tools/call` requests. */
  readonly calls: readonly RequestId[];
  /** How many requests it has, those of other methods included. */
  readonly requests: number;
  /** Whether it is one message and not a batch. */
  readonly alone: boolean;
  /** Whether the client takes JSON and no event stream. */
  readonly jsonOnly: boolean;
}

/** Messages that one batch may hold. */
const MAX_BATCH = 100;
const BOTH_TYPES = "application/json, text/event-stream";

/** Reads the body of a POST. Answers what must be answered when it cannot be understood. */
export async function readIncoming(request: Request): Promise<Incoming | Response> {
  let body: unknown;
  try {
    assertJson(request);
    body = await readJson(request);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === "UNSUPPORTED_MEDIA_TYPE") return refusal(error);
    if (error.code !== "INPUT_VALIDATION") throw error;
    return refusal(badBody(`Parse error: ${error.message}`), ErrorCode.ParseError);
  }
  if (body === undefined) return refusal(badBody("Parse error: the body is empty."), ErrorCode.ParseError);
  const messages: unknown[] = Array.isArray(body) ? body : [body];
  if (messages.length === 0) return refusal(badBody("The batch is empty."), ErrorCode.InvalidRequest);
  if (messages.length > MAX_BATCH) {
    const message = `A batch may hold ${MAX_BATCH} messages, this one has ${messages.length}.`;
    return refusal(badBody(message), ErrorCode.InvalidRequest);
  }
  if (!messages.every(isMessage)) {
    return refusal(badBody("The body is no JSON-RPC 2.0 message."), ErrorCode.InvalidRequest);
  }
  const calls = messages.flatMap(callId);
  if (new Set(calls).size < calls.length) {
    return refusal(badBody("The ids in a batch must differ."), ErrorCode.InvalidRequest);
  }
  const accept = request.headers.get("accept") ?? "";
  const jsonOnly = accept.includes("application/json") && !accept.includes("text/event-stream") &&
    !accept.includes("*/*");
  return { body, calls, requests: messages.filter(isRequest).length, alone: !Array.isArray(body), jsonOnly };
}

/** See https://www.jsonrpc.org/specification#request_object; the rest is the SDK's to check. */
function isMessage(message: unknown): boolean {
  return typeof message === "object" && message !== null && "jsonrpc" in message && message.jsonrpc === "2.0" &&
    ("method" in message || "result" in message || "error" in message);
}

function isRequest(message: unknown): boolean {
  return typeof message === "object" && message !== null && "id" in message && "method" in message;
}

function callId(message: unknown): RequestId[] {
  if (typeof message !== "object" || message === null || !("id" in message) || !("method" in message)) return [];
  const { id, method } = message;
  return method === "tools/call" && (typeof id === "string" || typeof id === "number") ? [id] : [];
}

/**
 * The request as the SDK's transport wants it: it refuses everything that does not name both media types, and clients name
 * one, or any, or none. The body is left behind.
 */
export function acceptFor(request: Request): Request {
  const accept = request.headers.get("accept") ?? "";
  const usable = request.method === "GET" ? /text\/event-stream|\*\/\*/ : /application\/json|text\/event-stream|\*\/\*/;
  if (accept === BOTH_TYPES || (accept !== "" && !usable.test(accept))) return request;
  const headers = new Headers(request.headers);
  headers.set("accept", BOTH_TYPES);
  return new Request(request.url, { method: request.method, headers });
}

/** What people have written is kept by nobody on the way; nor may a stream be held back to be compressed. */
const NOT_KEPT = "no-store, no-transform";

/** The rest of a stream that is finished. With nothing left, 204 tells an event source to stop coming back. */
export function replay(events: readonly SentEvent[], sessionId: string): Response {
  if (events.length === 0) return new Response(null, { status: 204 });
  const body = events.map(({ id, message }) => `event: message\nid: ${id}\ndata: ${JSON.stringify(message)}\n\n`).join(
    "",
  );
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": NOT_KEPT,
      "x-accel-buffering": "no",
      "mcp-session-id": sessionId,
    },
  });
}

/**
 * The response, telling once when its body has ended or was given up.
 * @param options.until ends the body early
 * @param options.first comes before the body
 */
export function whenDone(
  response: Response,
  tell: () => void,
  { until, first }: { readonly until?: AbortSignal | undefined; readonly first?: string } = {},
): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  let told = false;
  const done = (): void => {
    until?.removeEventListener("abort", end);
    // What was ended early is still read to its end.
    if (told) return;
    told = true;
    tell();
  };
  const end = (): void => {
    done();
    // What is read then is the end.
    reader.cancel(until?.reason).catch(() => {});
  };
  until?.addEventListener("abort", end, { once: true });
  if (until?.aborted) end();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (first !== undefined) controller.enqueue(new TextEncoder().encode(first));
    },
    pull: async (controller) => {
      const { done: ended, value } = await reader.read().catch((error: unknown) => {
        done();
        throw error;
      });
      if (!ended) return controller.enqueue(value);
      controller.close();
      done();
    },
    cancel: async (reason) => {
      done();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  const answer = new Response(body, response);
  // A stream of the SDK's may be kept by a browser that asks before it uses it again.
  if (answer.headers.has("cache-control")) answer.headers.set("cache-control", NOT_KEPT);
  return answer;
}
