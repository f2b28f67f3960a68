/**
 * The composition root: everything that serves, built from a configuration.
 * @module
 */
import { type Config, isBehindProxy } from "./config/config.ts";
import type { Job } from "./exports/job.ts";
import { setTimeout as sleepMs } from "node:timers/promises";
import { chain, type Handler } from "./http/chain.ts";
import { createFailures } from "./http/failures.ts";
import { createRouter } from "./http/router.ts";
import { createStack } from "./http/stack.ts";
import { auditOf } from "./mcp/audit.ts";
import { auditHandler } from "./mcp/audit_route.ts";
import { type CallRecord, createCallRecorder } from "./mcp/call_record.ts";
import { createCatalogue } from "./mcp/catalogue.ts";
import { createExportDownload } from "./mcp/export_download.ts";
import { INSTRUCTIONS } from "./mcp/instructions.ts";
import { createLegacyMcp } from "./mcp/legacy.ts";
import { createMediaDownload } from "./mcp/media_download.ts";
import { createRateRefusals } from "./mcp/rate_refusals.ts";
import { createRegistry } from "./mcp/registry.ts";
import { createExportResources } from "./mcp/resources/exports.ts";
import { createTools } from "./mcp/tools/mod.ts";
import { LOCAL_PRINCIPAL } from "./model/principal.ts";
import type { CallEnd } from "./mtproto/invoke.ts";
import { statusBody } from "./mtproto/status.ts";
import { createHealth } from "./observability/health.ts";
import { getLogger } from "./observability/log.ts";
import { giveBackMemory } from "./observability/memory.ts";
import { createMetrics, type Metrics } from "./observability/metrics.ts";
import { createLimits } from "./limits.ts";
import { metricsRoute, routesOf } from "./routes.ts";
import { openSources } from "./sources.ts";
import { COMMIT, NAME, VERSION } from "./version.ts";

/** The running program, less its listener. */
export interface App extends AsyncDisposable {
  readonly fetch: Handler;
  /** The measurements alone, for a listener of their own. */
  readonly metrics: Handler;
  /** The first step of a shutdown: not ready any more, exports stand at a checkpoint, and no stream stays open just to listen. */
  readonly drain: () => Promise<void>;
}

/**
 * Builds everything and starts connecting to Telegram in the background.
 * @param options.localKey by which commands on this machine ask as the owner
 * @throws AppError when the data directory or the session cannot be used, UNSUPPORTED when nobody could ask
 */
export async function createApp(config: Config, options: { readonly localKey?: string } = {}): Promise<App> {
  await using stack = new AsyncDisposableStack();
  const health = createHealth({ version: VERSION, commit: COMMIT });
  const metrics = createMetrics({ version: VERSION, commit: COMMIT });
  const log = getLogger("telegram");
  let wasReady = false;
  const { sources, principals, audit, finished, housekeeping, status } = stack.use(
    await openSources(config, {
      isServer: true,
      ...options,
      onCall: (end) => countCall(metrics, end),
      onFlood: ({ method, seconds, until }) => {
        log.warning("flood wait", { method, seconds, until: new Date(until).toISOString() });
        metrics.floodWaits.inc({ method });
        metrics.floodWaitSeconds.observe({ method }, seconds);
      },
      onStatus: (status) => {
        const { state, until, method, reason } = statusBody(status);
        const isTrouble = state === "reconnecting" || state === "needs_login";
        log[isTrouble ? "warning" : "info"]("connection", { ...statusBody(status) });
        metrics.telegramState(state);
        wasReady ||= state === "ready" || state === "flood_waiting";
        const detail = method === undefined ? reason : `Telegram asks to wait with ${method}`;
        health.set("telegram", state, {
          ...(detail && { detail }),
          ...(until && { until }),
          // A server that has never reached Telegram is not ready to serve, however often it tries.
          ...(state === "reconnecting" && { ready: wasReady }),
        });
      },
      onProblem: (error) => log.warning("wire", { error }),
      onFinish: (job) => countExport(metrics, job),
      onRemoved: (removed) => {
        metrics.exportsRemoved.inc({ reason: removed.reason });
        getLogger("exports").info("removed", { ...removed });
      },
      onExportProblem: (error) => getLogger("exports").error("export", { error }),
      onKeyProblem: (error) => getLogger("keys").error("keys", { error }),
      onAuditProblem: (error, lost) => getLogger("audit").error("not written", { lost, error }),
    }),
  );
  metrics.exportBytes(housekeeping.bytes);
  health.set("storage", "ok");
  const begin = createCallRecorder((record) => audit.append(auditOf(record)));
  const tools = createTools(sources);
  const limits = createLimits(config.limits, {
    isBehindProxy: isBehindProxy(config.http),
    onRefused: (limit) => metrics.limitRefusals.inc({ limit }),
    onRateRefused: createRateRefusals(begin, (name) => tools.some((tool) => tool.name === name)),
  });
  metrics.inFlight({ calls: () => limits.calls.size, downloads: () => limits.downloads.size });
  stack.use(giveBackMemory({ isIdle: () => limits.calls.size + limits.downloads.size === 0 }));
  const registry = createRegistry(tools, {
    inFlight: limits.calls,
    status: () => statusBody(status()),
    onCall: (record) => {
      countTool(metrics, record);
      audit.append(auditOf(record));
    },
    onRefused: (record) => audit.append(auditOf(record)),
  });
  const mcp = stack.use(createLegacyMcp(registry, {
    begin,
    resources: createExportResources(finished, sources.cursors, housekeeping.leases),
    name: NAME,
    version: VERSION,
    instructions: INSTRUCTIONS,
    ...limits.mcp,
    revoked: (id) => principals.revoked(id),
    onSessions: (count) => metrics.mcpSessions.set(count),
    // What follows a brace or a quotation mark is what the client sent.
    log: ({ message }) => getLogger("mcp").info("client", { reason: message.split(/["{[]/, 1)[0]?.slice(0, 200) }),
  }));
  const onBroken = (error: unknown): void => log.warning("a download broke off", { error });
  const routes = routesOf({
    config,
    health,
    metrics,
    mcp: mcp.fetch,
    catalogue: createCatalogue(registry),
    audit: auditHandler(audit, { begin }),
    media: createMediaDownload(sources, principals, onBroken, begin, limits.downloads, limits.rate.spend),
    exports: createExportDownload({
      exports: finished,
      leases: housekeeping.leases,
      links: sources.exportLinks,
      principals,
      inFlight: limits.downloads,
      spend: limits.rate.spend,
      onProblem: onBroken,
      begin,
    }),
  });
  const fetch = chain(
    createStack({
      logger: getLogger("http"),
      instruments: metrics,
      allowedHosts: allowedHostsOf(config.http),
      publicUrl: config.http.publicUrl,
      trustedProxies: config.http.trustedProxies,
      auth: {
        verifier: { ...principals, ...(config.auth.mode === "none" && { anonymous: LOCAL_PRINCIPAL }) },
        failures: createFailures({
          now: () => performance.now(),
          sleep: (ms, signal) => sleepMs(ms, undefined, { signal }),
        }),
        onRefused: (reason, client_ip) => {
          metrics.authFailures.inc({ reason });
          getLogger("http").warning("key refused", { reason, client_ip });
        },
      },
      rateLimit: limits.rate,
      cors: {
        methods: ["GET", "POST", "DELETE"],
        requestHeaders: [
          "Accept",
          "Authorization",
          "Content-Type",
          "Last-Event-ID",
          "MCP-Protocol-Version",
          "Mcp-Session-Id",
        ],
        exposedHeaders: [
          "Mcp-Session-Id",
          "RateLimit",
          "RateLimit-Policy",
          "Retry-After",
          "WWW-Authenticate",
          "X-Request-Id",
        ],
      },
    }),
    createRouter(routes),
  );
  const resources = stack.move();
  return {
    fetch,
    metrics: createRouter([{ ...metricsRoute(metrics), access: "open" }]),
    drain: async () => {
      health.draining();
      housekeeping.stop();
      await sources.exports.drain();
      await mcp.closeStreams();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Besides clients, commands name the host by which they reach the server. */
function allowedHostsOf({ allowedHosts, localUrl }: Config["http"]): readonly string[] {
  return localUrl === undefined ? allowedHosts : [...allowedHosts, new URL(localUrl).host];
}

function countTool(metrics: Metrics, { tool, status, seconds, error }: CallRecord): void {
  metrics.toolCalls.inc({ tool, status });
  metrics.toolDuration.observe({ tool, status }, seconds);
  const log = getLogger("tools");
  const record = { tool, status, ms: Math.round(seconds * 1000) };
  if (error?.code === "INTERNAL" && status !== "CANCELLED") {
    log.error("call", { ...record, error: error.cause ?? error });
  } else log.info("call", { ...record, ...(isName(error?.field) ? { field: error?.field } : {}) });
}

function countExport(metrics: Metrics, { id, query: { format }, state, error, bytes }: Job): void {
  metrics.exports.inc({ format, status: state });
  if (bytes > 0) metrics.exportSize.observe({ format }, bytes);
  getLogger("exports").info("finished", { id, format, state, bytes, ...(error && { code: error.code }) });
}

/** A caller may invent an argument; what is no name is not logged. */
function isName(field: string | undefined): boolean {
  return field !== undefined && /^[a-z_]{1,32}$/.test(field);
}

/** Methods whose messages were asked for, and do not just come along. */
const HISTORIES: ReadonlySet<string> = new Set([
  "channels.GetMessages",
  "messages.GetHistory",
  "messages.GetMessages",
  "messages.GetReplies",
  "messages.Search",
  "messages.SearchGlobal",
]);

function countCall(metrics: Metrics, { method, status, seconds, answer }: CallEnd): void {
  metrics.apiCalls.inc({ method, status });
  metrics.apiDuration.observe({ method }, seconds);
  if (!HISTORIES.has(method) || typeof answer !== "object" || answer === null) return;
  if ("messages" in answer && Array.isArray(answer.messages)) metrics.messagesFetched.inc(answer.messages.length);
}
