/**
 * An MCP session on the SDK's first generation: a connection that outlives its requests, and ends with the key of its client: by
 * whichever of its secrets it was opened, another one may go on with it.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/server/webStandardStreamableHttp"
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { toAppError } from "../errors.ts";
import type { Principal } from "../model/principal.ts";
import type { Connect, Connection } from "./connection.ts";
import { createRecentEvents, type RecentEvents } from "./events.ts";
import { NO_SESSION_ID, NO_SUCH_SESSION, refusal } from "./refusal.ts";
import type { Session, Sessions } from "./sessions.ts";

/** A session. */
export interface McpSession extends Session {
  readonly connection: Connection;
  readonly events: RecentEvents;
  /** Streams on which the client listens. */
  streams: number;
}

/** The header that names the session of a request. */
export const SESSION_HEADER = "mcp-session-id";

/** The limits that a session can meet: of all, and of its principal. */
export type SessionLimit = "sessions" | "sessions_per_key";

/**
 * Makes what opens sessions, which throws AppError OVERLOADED or RATE_LIMITED when there may be no more.
 * @param options.keepAliveMs milliseconds between the comments that keep a silent stream open
 * @param options.onRefused told of each that was not opened
 * @param options.revoked aborted when the principal of an id may act no longer
 */
export function createSessionOpener({ connect, sessions, keepAliveMs, onRefused, revoked }: {
  readonly connect: Connect;
  readonly sessions: Sessions<McpSession>;
  readonly keepAliveMs: number;
  readonly onRefused: (limit: SessionLimit) => void;
  readonly revoked: ((id: string) => AbortSignal) | undefined;
}): (principal: Principal) => Promise<McpSession> {
  return async (principal) => {
    const gone = revoked?.(principal.id);
    const id = crypto.randomUUID();
    const events = createRecentEvents();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      eventStore: events,
      keepAliveMs,
    });
    const connection = await connect(transport, principal, {
      onCallEnd: () => sessions.touch(session),
      onClose: () => {
        gone?.removeEventListener("abort", connection.close);
        sessions.remove(session);
      },
    });
    if (gone?.aborted) {
      connection.close();
      throw gone.reason;
    }
    gone?.addEventListener("abort", connection.close, { once: true });
    const session: McpSession = {
      id,
      owner: principal.id,
      connection,
      events,
      streams: 0,
      get busy() {
        return connection.calls.size > 0;
      },
      get connected() {
        return session.streams > 0;
      },
      close: connection.close,
    };
    try {
      sessions.add(session);
    } catch (thrown) {
      session.close();
      onRefused(toAppError(thrown).code === "RATE_LIMITED" ? "sessions_per_key" : "sessions");
      throw thrown;
    }
    return session;
  };
}

/** The session that a request names, which then acts for its principal; else what must be answered. */
export function findSession(
  sessions: Sessions<McpSession>,
  request: Request,
  principal: Principal,
): McpSession | Response {
  const id = request.headers.get(SESSION_HEADER);
  if (id === null) return refusal(NO_SESSION_ID);
  const session = sessions.get(id);
  // Somebody else's session is no session: its id is not a password.
  if (session === undefined || session.connection.principal.id !== principal.id) {
    return refusal(NO_SUCH_SESSION, -32001);
  }
  session.connection.principal = principal;
  return session;
}
