/**
 * A POST in the hands of a connection, and what becomes of its calls when the client goes away.
 * @module
 */
import type { Connection, PendingCall } from "./connection.ts";
import type { Reservation } from "./in_flight.ts";
import { acceptFor, type Incoming, whenDone } from "./messages.ts";
import type { Timers } from "./sessions.ts";

/** See {@link createHandling}. */
export interface Handling {
  /**
   * Hands a POST to a connection, and sees to its calls if the client goes away.
   * @param resumable whether the client may come back for the rest
   * @param options.revoked ends its calls and its answer
   * @param options.reservation places that are held for its calls
   * @throws what `revoked` was aborted with, before there is an answer
   */
  handle(
    request: Request,
    incoming: Incoming,
    connection: Connection,
    resumable: boolean,
    options: { readonly revoked: AbortSignal | undefined; readonly reservation?: Reservation | undefined },
  ): Promise<Response>;
  /** Ends the calls of a client that went away, at once or when it has not come back. Ended calls are left alone. */
  abandon(connection: Connection, left: readonly PendingCall[], resumable: boolean): void;
}

/**
 * Makes the two.
 * @param options.resumeMs milliseconds that a call waits for a client that went away and can come back
 */
export function createHandling(
  { timers, resumeMs }: { readonly timers: Timers; readonly resumeMs: number },
): Handling {
  const abandon: Handling["abandon"] = ({ calls }, left, resumable) => {
    for (const call of left) {
      // The id may be a later call's by now: the signal of a request aborts after a good answer, too.
      if (calls.get(call.id) !== call) continue;
      call.orphaned = true;
      if (resumable) call.keepWaiting = timers.after(resumeMs, () => call.controller.abort());
      else call.controller.abort();
    }
  };
  return {
    abandon,
    handle: async (request, incoming, connection, resumable, { revoked, reservation }) => {
      revoked?.throwIfAborted();
      const { transport, calls } = connection;
      const begun = incoming.calls.map((id): PendingCall => {
        const controller = new AbortController();
        return {
          id,
          controller,
          signal: revoked === undefined ? controller.signal : AbortSignal.any([controller.signal, revoked]),
          alone: incoming.alone,
          orphaned: false,
          ...(reservation && { reservation }),
        };
      });
      for (const call of begun) calls.set(call.id, call);
      let isGone = false;
      const leave = (): void => {
        if (isGone) return;
        isGone = true;
        abandon(connection, begun, resumable);
      };
      // A client that closes in order aborts the signal; one whose connection is reset only cancels the body of the answer.
      if (request.signal.aborted) leave();
      else if (begun.length > 0) request.signal.addEventListener("abort", leave, { once: true });
      const response = await unless(
        revoked,
        transport.handleRequest(acceptFor(request), { parsedBody: incoming.body }),
      );
      if (!response.ok) {
        for (const { id } of begun) calls.delete(id);
      }
      return whenDone(response, begun.length === 0 ? () => {} : leave, { until: revoked });
    },
  };
}

/** What is promised, unless the signal is aborted before: an answer in one piece may never come when its stream was closed. */
async function unless<T>(signal: AbortSignal | undefined, promised: Promise<T>): Promise<T> {
  if (signal === undefined) return await promised;
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([promised, ended.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
