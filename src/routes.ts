/**
 * Every route there is, and what it asks of its caller.
 * @module
 */
import { type Config, isBehindProxy } from "./config/config.ts";
import { isFromHere } from "./http/address.ts";
import { type Handler, principalOf } from "./http/chain.ts";
import { landing } from "./http/landing.ts";
import type { Route } from "./http/router.ts";
import { live, LIVE_PATH } from "./http/starting.ts";
import { MANIFEST_JSON_SCHEMA } from "./model/manifest.ts";
import { MEDIA_JSON_SCHEMA } from "./model/media_record.ts";
import { MESSAGE_JSON_SCHEMA } from "./model/message.ts";
import type { Health } from "./observability/health.ts";
import type { Metrics } from "./observability/metrics.ts";
import { NAME } from "./version.ts";

/** What {@link routesOf} puts into routes. */
export interface RoutesOptions {
  readonly config: Config;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly mcp: Handler;
  readonly catalogue: { readonly list: Handler; readonly call: Handler };
  readonly media: Handler;
  readonly exports: Handler;
  readonly audit: Handler;
}

/** Methods of a route that is only read. */
const READ = ["GET", "HEAD"] as const;

/** All routes. Signed links are keys of their own: what honours them asks for the caller itself. */
export function routesOf({ config, health, metrics, mcp, catalogue, media, exports, audit }: RoutesOptions): Route[] {
  const page = landing({
    name: NAME,
    state: ({ principal }) => principal === undefined ? `State: ${health.summary().status}` : describeState(health),
    url: (request) => config.http.publicUrl ?? new URL(request.url).origin,
  });
  /** How it is, and why only for those who have a key. */
  const summary: Handler = (_request, { principal }) => {
    const { status, ...details } = health.summary();
    return Response.json(principal === undefined ? { status } : { status, ...details });
  };
  const ready: Handler = () => {
    const isReady = health.ready();
    return Response.json({ ready: isReady }, { status: isReady ? 200 : 503 });
  };
  const scrape = metricsRoute(metrics);
  const schema = (path: string, body: unknown): Route => {
    return { methods: READ, path, name: "schema", access: "any", handler: () => Response.json(body) };
  };
  return [
    { methods: ["GET", "POST", "DELETE"], path: "/mcp", name: "mcp", access: "any", handler: mcp },
    { methods: READ, path: "/health", name: "health", access: "open", handler: summary },
    {
      methods: READ,
      path: LIVE_PATH,
      name: "live",
      access: "open",
      handler: live,
    },
    { methods: READ, path: "/health/ready", name: "ready", access: "open", handler: ready },
    {
      ...scrape,
      access: "open",
      handler: (request, context) => {
        if (isBehindProxy(config.http) || !isFromHere(request, context.clientIp)) principalOf(context, "metrics");
        return scrape.handler(request, context);
      },
    },
    { methods: READ, path: "/api/tools", name: "tools", access: "any", handler: catalogue.list },
    { methods: ["POST"], path: "/api/tools/:name", name: "tool", access: "any", handler: catalogue.call },
    { methods: READ, path: "/api/audit", name: "audit", access: "admin", handler: audit },
    schema("/api/schemas/message-1", MESSAGE_JSON_SCHEMA),
    schema("/api/schemas/media-1", MEDIA_JSON_SCHEMA),
    schema("/api/schemas/manifest-1", MANIFEST_JSON_SCHEMA),
    { methods: READ, path: "/media/:token", name: "media", access: "open", handler: media },
    { methods: READ, path: "/exports/:id/:file+", name: "export", access: "open", handler: exports },
    { methods: READ, path: "/", name: "landing", access: "open", handler: page },
  ];
}

function describeState(health: Health): string {
  const { status, components } = health.summary();
  const parts = Object.entries(components).map(([name, { state, detail }]) =>
    `${name} ${state}${detail === undefined ? "" : ` (${detail})`}`
  );
  return `State: ${[status, ...parts].join(", ")}`;
}

/** `GET /metrics`, for those with the scope. */
export function metricsRoute(metrics: Metrics): Route {
  return {
    methods: READ,
    path: "/metrics",
    name: "metrics",
    access: "metrics",
    handler: async () => new Response(await metrics.render(), { headers: { "content-type": metrics.contentType } }),
  };
}
