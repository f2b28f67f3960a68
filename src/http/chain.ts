/**
 * What handles a request and what wraps it.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Principal, Scope } from "../model/principal.ts";

/**
 * What is known about a request besides the request. One object accompanies a request; who learns something writes it
 * there, so that outer middleware sees on the way out what inner ones found.
 */
export interface RequestContext {
  /** Names the request in the log and in answers. */
  requestId: string;
  /** The peer's address, or what a trusted proxy says of the client. */
  clientIp: string;
  /** The name of the route that matched. */
  route?: string;
  /** What the route's pattern captured, decoded. */
  params: Readonly<Record<string, string>>;
  /** Who asks; absent for somebody without a key. */
  principal?: Principal;
  /** Aborted when the principal may act no longer. */
  revoked?: AbortSignal;
  /**
   * Tells of so many calls more than the one that a request is taken for; throws RATE_LIMITED when they are too many. Absent
   * where nothing is limited.
   */
  spend?: (more: number) => void;
  /** The port that the request arrived at. */
  readonly localPort: number;
  /** Milliseconds by `performance.now()`. */
  readonly startedAt: number;
}

/** Answers a request; what it throws becomes a problem answer. */
export type Handler = (request: Request, context: RequestContext) => Response | Promise<Response>;

/** What a route asks of its caller: nothing, any key, or a scope. */
export type Access = "open" | "any" | Scope;

/**
 * Who asks.
 * @throws AppError AUTH_REQUIRED when that is not known, ACCESS_DENIED without the scope
 */
export function principalOf({ principal }: RequestContext, access: Exclude<Access, "open"> = "any"): Principal {
  if (principal === undefined) {
    throw new AppError("AUTH_REQUIRED", "This server asks for an API key.", {
      field: "authorization",
      hint: "Send the header Authorization: Bearer KEY; the server's owner makes a key by the command `keys create`.",
    });
  }
  if (access === "any" || principal.scopes.includes(access)) return principal;
  throw lacksScope(access);
}

/** The error for what a key may not do. */
export function lacksScope(scope: Scope): AppError {
  return new AppError("ACCESS_DENIED", `This key does not have the scope ${scope}.`, {
    hint: "Tell the user, do not retry: the server's owner can make a key with that scope.",
  });
}

/** Aborted when the caller goes away or may act no longer. */
export function signalOf({ signal }: Request, { revoked }: RequestContext): AbortSignal {
  return revoked === undefined ? signal : AbortSignal.any([signal, revoked]);
}

/** Wraps a handler with one concern. */
export type Middleware = (next: Handler) => Handler;

/** A handler inside middleware, the outermost first: `chain([errors, limit], router)`. */
export function chain(middleware: readonly Middleware[], handler: Handler): Handler {
  return middleware.reduceRight((next, wrap) => wrap(next), handler);
}

/**
 * The response with its headers changed. In place where it can be: reading the body of a response to copy it costs the
 * server's fast path and the Content-Length. Responses of `fetch` and `Response.redirect` are immutable and are copied.
 */
export function withHeaders(response: Response, change: (headers: Headers) => void): Response {
  try {
    change(response.headers);
    return response;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const copy = new Response(response.body, response);
    change(copy.headers);
    return copy;
  }
}
