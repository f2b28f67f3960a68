/**
 * A real listener on a free port with the whole stack, for the tests of this folder.
 * @module
 */
import type { Logger } from "../../src/observability/log.ts";
import { getLogger } from "../../src/observability/log.ts";
import { createMetrics, type Metrics } from "../../src/observability/metrics.ts";
import { chain, type Handler } from "../../src/http/chain.ts";
import { createRouter, type Route } from "../../src/http/router.ts";
import { serve, type Server } from "../../src/http/server.ts";
import { createStack, type StackOptions } from "../../src/http/stack.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { holders } from "./principals.ts";

export interface Serving extends AsyncDisposable {
  readonly server: Server;
  readonly metrics: Metrics;
  readonly url: string;
  readonly port: number;
}

export function route(path: string, handler: Handler, ...methods: Route["methods"]): Route {
  return { path, name: path, access: "open", handler, methods: methods.length > 0 ? methods : ["GET", "HEAD"] };
}

/** The routes behind the whole stack, where everybody is the owner. */
export function serving(routes: readonly Route[], options: Partial<StackOptions> = {}, port = 0): Serving {
  const metrics = createMetrics({ version: "0.0.0" });
  const logger: Logger = getLogger("http");
  const stack = createStack({
    logger,
    instruments: metrics,
    allowedHosts: [],
    trustedProxies: [],
    auth: {
      verifier: {
        authenticate: () => undefined,
        isMistyped: () => false,
        revoked: holders([]).revoked,
        anonymous: LOCAL_PRINCIPAL,
      },
      failures: { add: () => Promise.resolve(undefined) },
      onRefused: () => {},
    },
    cors: { methods: ["GET", "POST"], requestHeaders: ["Content-Type"], exposedHeaders: ["X-Request-Id"] },
    ...options,
  });
  const server = serve({ handler: chain(stack, createRouter(routes)), host: "127.0.0.1", port, grace: 2_000 });
  return { server, metrics, url: server.url, port: server.port, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Sends a request whose every header is the caller's choice, which `fetch` does not allow, and reads its answer: until
 * Content-Length is reached, or the close.
 */
export async function raw(port: number, lines: readonly string[], body = ""): Promise<RawAnswer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode([...lines, "Connection: close", "", body].join("\r\n")));
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer);
    text += decoder.decode(buffer.subarray(0, count ?? 0), { stream: true });
    const answer = parse(text);
    if (count === null || answer.body.length === Number(answer.headers.get("content-length") ?? NaN)) return answer;
  }
}

function parse(text: string): RawAnswer {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [statusLine = "", ...fields] = head.split("\r\n");
  const headers = new Headers(
    fields.filter((field) => field.includes(":")).map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(statusLine.split(" ")[1]), headers, body: rest.join("\r\n\r\n") };
}

/** Asks by `fetch` and reads the whole answer, so that no connection is left half read. */
export async function ask(url: string, init?: RequestInit): Promise<RawAnswer> {
  const answer = await fetch(url, { redirect: "manual", ...init });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}
