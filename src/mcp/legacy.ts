/**
 * MCP over streamable HTTP for protocol 2025-11-25 and older, on the SDK's first generation. A session holds nothing but
 * its streams: a client that lost its own is served all the same.
 *
 * See https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
// @ts-types="@modelcontextprotocol/sdk/server/webStandardStreamableHttp"
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import { ErrorCode, isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { AppError, type ErrorCode as ErrorName } from "../errors.ts";
import { type Handler, principalOf, type RequestContext } from "../http/chain.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../model/principal.ts";
import { type BeginCall, UNRECORDED } from "./call_record.ts";
import { type Connection, createConnect, type ServerIdentity } from "./connection.ts";
import { createHandling } from "./handling.ts";
import type { InFlight, Reservation } from "./in_flight.ts";
import { createSessionOpener, findSession, type McpSession, SESSION_HEADER, type SessionLimit } from "./mcp_session.ts";
import { acceptFor, type Incoming, readIncoming, replay, whenDone } from "./messages.ts";
import { EVENT_GONE, ID_IN_USE, refusal } from "./refusal.ts";
import type { Registry } from "./registry.ts";
import type { Resources } from "./resources/mod.ts";
import { createSessions, SYSTEM_TIMERS, type Timers } from "./sessions.ts";

/** Options of {@link createLegacyMcp}. */
export interface LegacyMcpOptions extends ServerIdentity {
  /** What can be read by an address; without it the endpoint has tools alone. */
  readonly resources?: Resources;
  /** Sessions there may be at once. */
  readonly maxSessions?: number;
  /** Sessions of one principal; the local one may have more, and more streams. */
  readonly maxSessionsPerPrincipal?: number;
  /** Streams on which the clients of one principal listen. */
  readonly maxStreamsPerPrincipal?: number;
  /** Bounds the calls that run at once: a POST for whose calls there is no place is refused whole. */
  readonly inFlight?: Pick<InFlight, "enter" | "reserve">;
  /** Aborted when the principal of an id may act no longer, by whatever secret: its sessions end. */
  readonly revoked?: (id: string) => AbortSignal;
  /** Told of each refusal. */
  readonly onRefused?: (limit: "streams_per_key" | SessionLimit) => void;
  /** Milliseconds after which an unused session without an open stream is closed. */
  readonly idleMs?: number;
  /** Milliseconds between the comments that keep a silent stream open. */
  readonly keepAliveMs?: number;
  /** Milliseconds that a call waits for a client that went away and can come back for the rest. */
  readonly resumeMs?: number;
  readonly timers?: Timers;
  /** Begins the record of what is no tool's call. */
  readonly begin?: BeginCall;
  /** Is told how many sessions there are. */
  readonly onSessions?: (count: number) => void;
  /** Is told of what clients did wrong and of what could not be delivered. */
  readonly log?: (error: Error) => void;
}

/** The endpoint. */
export interface LegacyMcp extends AsyncDisposable {
  /** Serves POST, GET and DELETE of the one MCP path. */
  readonly fetch: Handler;
  /** Ends the streams on which clients only listen, and lets calls finish: the step before draining. */
  readonly closeStreams: () => Promise<void>;
}

/** Who asks, and until when by the secret that was sent. */
interface Caller {
  readonly principal: Principal;
  readonly revoked: AbortSignal | undefined;
}

/** Codes of refusals that are not the request's fault; clients of this endpoint read them as JSON-RPC. */
const LIMITS: readonly ErrorName[] = ["OVERLOADED", "RATE_LIMITED"];
/** From this version on, a stream begins with an event to resume from. */
const RESUMABLE_SINCE = "2025-11-25";

/** Makes the endpoint. */
export function createLegacyMcp(registry: Registry, options: LegacyMcpOptions): LegacyMcp {
  const {
    resources,
    maxSessions = 100,
    maxSessionsPerPrincipal,
    maxStreamsPerPrincipal = Infinity,
    inFlight,
    revoked,
    onRefused = () => {},
    idleMs = 30 * 60_000,
    keepAliveMs = 15_000,
    resumeMs = 5_000,
    timers = SYSTEM_TIMERS,
    begin = UNRECORDED,
    onSessions = () => {},
    log = () => {},
  } = options;
  const sessions = createSessions<McpSession>({
    max: maxSessions,
    maxPerOwner: maxSessionsPerPrincipal,
    idleMs,
    timers,
    onSize: onSessions,
  });
  // The SDK hands on headers and nothing else of a request.
  const contexts = new AsyncLocalStorage<RequestContext>();
  const source = (): RequestContext | undefined => contexts.getStore();
  const connect = createConnect({ registry, resources, identity: options, inFlight, onError: log, begin, source });
  /** Connections without a session whose call is in flight. */
  const alone = new Set<Connection>();
  let closing = false;

  const openSession = createSessionOpener({ connect, sessions, keepAliveMs, onRefused, revoked });
  const { handle, abandon } = createHandling({ timers, resumeMs });

  const handleAlone = async (
    request: Request,
    incoming: Incoming,
    { principal, revoked }: Caller,
    reservation?: Reservation,
  ): Promise<Response> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: undefined,
      enableJsonResponse: incoming.jsonOnly,
      keepAliveMs,
    });
    const leave = (): void => void alone.delete(connection);
    const connection = await connect(transport, principal, {
      onCallEnd: () => connection.calls.size === 0 && leave(),
    });
    if (incoming.calls.length > 0) alone.add(connection);
    try {
      const response = await handle(request, incoming, connection, false, { revoked, reservation });
      if (!response.ok) leave();
      return response;
    } catch (error) {
      leave();
      throw error;
    }
  };

  const initialize = async (request: Request, incoming: Incoming, who: Caller): Promise<Response> => {
    const session = await openSession(who.principal);
    const response = await handle(request, incoming, session.connection, false, who);
    if (!response.ok) session.close();
    return response;
  };

  const post = async (request: Request, { spend }: RequestContext, who: Caller): Promise<Response> => {
    const incoming = await readIncoming(request);
    if (incoming instanceof Response) return incoming;
    // The body may have taken hours.
    who.revoked?.throwIfAborted();
    spend?.(Math.max(0, incoming.requests - 1));
    // Calls that do not come to the registry, of a tool that there is not for one, give their places back here.
    using reservation = inFlight?.reserve(who.principal, incoming.calls.length);
    const stateless = !request.headers.has(SESSION_HEADER);
    if (stateless && incoming.alone && !incoming.jsonOnly && isInitializeRequest(incoming.body)) {
      return await initialize(request, incoming, who);
    }
    if (stateless) return await handleAlone(request, incoming, who, reservation);
    const session = findSession(sessions, request, who.principal);
    if (session instanceof Response) return session;
    if (incoming.calls.some((id) => session.connection.calls.has(id))) {
      return refusal(ID_IN_USE, ErrorCode.InvalidRequest);
    }
    const resumable = (request.headers.get("mcp-protocol-version") ?? "") >= RESUMABLE_SINCE;
    return await handle(request, incoming, session.connection, resumable, {
      revoked: who.revoked,
      reservation,
    });
  };

  const listen = async (request: Request, who: Caller): Promise<Response> => {
    if (closing) return refusal(new AppError("OVERLOADED", "The server is stopping.", { retryAfter: 5 }));
    const session = findSession(sessions, request, who.principal);
    if (session instanceof Response) return session;
    const lastEventId = request.headers.get("last-event-id");
    if (lastEventId !== null) {
      const rest = session.events.after(lastEventId);
      if (rest === undefined) return refusal(EVENT_GONE);
      // The SDK would leave the stream open although nothing can follow.
      if (rest.finished) return replay(rest.events, session.id);
    }
    const { connection } = session;
    const streams = sessions.of(who.principal.id).reduce((sum, each) => sum + each.streams, 0);
    if (streams >= maxStreamsPerPrincipal && who.principal.id !== LOCAL_PRINCIPAL.id) {
      onRefused("streams_per_key");
      const message = `There may be ${maxStreamsPerPrincipal} streams of one key at once.`;
      throw new AppError("RATE_LIMITED", message, { hint: "Close one of them; calls do not need it.", retryAfter: 5 });
    }
    session.streams++;
    const response = await connection.transport.handleRequest(acceptFor(request)).catch((error: unknown) => {
      session.streams--;
      throw error;
    });
    if (response.body === null || !response.ok) {
      session.streams--;
      return response;
    }
    const resumed = lastEventId === null ? [] : [...connection.calls.values()].filter(({ orphaned }) => orphaned);
    for (const call of resumed) call.keepWaiting?.();
    const end = (): void => {
      session.streams--;
      abandon(connection, resumed, true);
    };
    // A comment: a proxy may hold the headers back until something follows them, which can take until the first keep-alive.
    return whenDone(response, end, { until: who.revoked, first: ":\n\n" });
  };

  const serve: Handler = async (request, context) => {
    const who: Caller = { principal: principalOf(context), revoked: context.revoked };
    switch (request.method) {
      case "POST":
        return await post(request, context, who);
      case "GET":
        return await listen(request, who);
      case "DELETE": {
        const session = findSession(sessions, request, who.principal);
        return session instanceof Response ? session : await session.connection.transport.handleRequest(request);
      }
      default:
        return refusal(new AppError("METHOD_NOT_ALLOWED", "Method not allowed."), -32000, {
          allow: "GET, POST, DELETE",
        });
    }
  };

  return {
    fetch: async (request, context) => {
      try {
        return await contexts.run(context, serve, request, context);
      } catch (thrown) {
        if (thrown instanceof AppError && LIMITS.includes(thrown.code)) return refusal(thrown);
        throw thrown;
      }
    },
    closeStreams: () => {
      closing = true;
      for (const session of sessions.all()) session.connection.transport.closeStandaloneSSEStream();
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => {
      closing = true;
      sessions[Symbol.dispose]();
      for (const { calls } of alone) {
        for (const { controller } of calls.values()) controller.abort();
      }
      return Promise.resolve();
    },
  };
}
