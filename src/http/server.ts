/**
 * Listening, answering and leaving in an orderly way.
 * @module
 */
import { AppError } from "../errors.ts";
import { localUrl } from "./address.ts";
import type { Handler } from "./chain.ts";
import { problemResponse } from "./problem.ts";

/** What {@link serve} takes. */
export interface ServeOptions {
  readonly handler: Handler;
  /** An IP address or a name. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Milliseconds that disposing waits for running requests. */
  readonly grace?: number;
}

/** A listening server; disposing shuts it down. */
export interface Server extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /** `http://host:port` as this machine reaches it, without a slash at its end. */
  readonly url: string;
  /**
   * Answers new requests with 503 and waits for the running ones, their answers delivered; what is not over when `grace`
   * milliseconds have passed is cut. Event streams run until their owners close them: close them first.
   */
  shutdown(grace?: number): Promise<void>;
}

/**
 * Starts to listen. `Deno.serve` has no time-outs for slow heads and idle connections: a proxy in front supplies them.
 *
 * @throws {AppError} INPUT_VALIDATION when the address cannot be listened on: in use, not ours, or privileged
 */
export function serve({ handler, host, port, grace = 10_000 }: ServeOptions): Server {
  const cut = new AbortController();
  const running = createCount();
  let ending: Promise<void> | undefined;

  const server: Deno.HttpServer<Deno.NetAddr> = listening(host, port, () =>
    Deno.serve({
      hostname: host,
      port,
      signal: cut.signal,
      onListen: () => {},
      onError: (error) => problemResponse(error),
    }, (request, { remoteAddr, completed }) => {
      if (ending) return problemResponse(SHUTTING_DOWN, { headers: { connection: "close" } });
      running.add(completed);
      return handler(request, {
        requestId: crypto.randomUUID(),
        clientIp: remoteAddr.hostname,
        params: {},
        localPort: server.addr.port,
        startedAt: performance.now(),
      });
    }));
  const { hostname, port: actualPort } = server.addr;
  const url = localUrl(hostname, actualPort);

  // Deno's own shutdown comes last: once it has begun, nothing can cut a connection any more.
  async function end(limit: number): Promise<void> {
    const over = Promise.withResolvers<"over">();
    const timer = setTimeout(() => over.resolve("over"), limit);
    try {
      if (await Promise.race([running.none(), over.promise]) === "over") {
        cut.abort();
        await server.finished;
      } else {
        // Bounded too: in Deno 2.7 a client that stops amid its request's head holds it up for ever.
        await Promise.race([server.shutdown(), over.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
  const shutdown = (limit = grace): Promise<void> => ending ??= end(limit);
  return { hostname, port: actualPort, url, shutdown, [Symbol.asyncDispose]: () => shutdown() };
}

const SHUTTING_DOWN = new AppError("OVERLOADED", "The server is shutting down.", { retryAfter: 5 });

/** Counts promises that have not settled; how they settle is their owner's concern. */
function createCount(): { add(promise: Promise<unknown>): void; none(): Promise<void> } {
  let count = 0;
  let waiting: PromiseWithResolvers<void> | undefined;
  const settled = (): void => {
    if (--count === 0) waiting?.resolve();
  };
  return {
    add(promise): void {
      count++;
      promise.then(settled, settled);
    },
    none(): Promise<void> {
      waiting ??= Promise.withResolvers();
      if (count === 0) waiting.resolve();
      return waiting.promise;
    },
  };
}

/**
 * Begins to listen.
 *
 * @param start listens; what it throws at once becomes an error for the one who started the program
 * @throws {AppError} INPUT_VALIDATION, like {@link serve}
 */
export function listening<T>(host: string, port: number, start: () => T): T {
  try {
    return start();
  } catch (cause) {
    const { field, reason, hint } = LISTEN_FAILURES.find(({ type }) => cause instanceof type) ?? OTHER_FAILURE;
    throw new AppError("INPUT_VALIDATION", `Cannot listen on ${host} port ${port}: ${reason}.`, { field, hint, cause });
  }
}

const OTHER_FAILURE = {
  field: "MCP_SERVER_HOST",
  reason: "the address or name cannot be used",
  hint: "Set MCP_SERVER_HOST to an address of this machine, 127.0.0.1 for one.",
};

const LISTEN_FAILURES = [
  {
    type: Deno.errors.AddrInUse,
    field: "MCP_SERVER_PORT",
    reason: "another program listens there",
    hint: "Stop that program, or set MCP_SERVER_PORT to another port.",
  },
  {
    type: Deno.errors.AddrNotAvailable,
    ...OTHER_FAILURE,
    reason: "the address is not one of this machine",
  },
  {
    type: Deno.errors.PermissionDenied,
    field: "MCP_SERVER_PORT",
    reason: "the port is reserved",
    hint: "Set MCP_SERVER_PORT to a port above 1023.",
  },
];
