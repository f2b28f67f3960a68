/**
 * Every instrument there is, declared once. Labels are bounded sets: never a chat, a user or a path.
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { TelegramState } from "./health.ts";

const TELEGRAM_STATES: readonly TelegramState[] = [
  "starting",
  "connecting",
  "ready",
  "reconnecting",
  "flood_waiting",
  "needs_login",
  "stopped",
];

/** Seconds: from a cached answer to a slow page. */
const LATENCY = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Seconds: flood waits last from a second to a day. */
const WAITS = [1, 5, 15, 30, 60, 300, 900, 3600, 86_400];
/** Bytes: 1 KiB to 4 GiB. */
const SIZES = [2 ** 10, 2 ** 14, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26, 2 ** 28, 2 ** 30, 2 ** 32];

/** The instruments and their rendering. */
export interface Metrics {
  readonly toolCalls: Counter<"tool" | "status">;
  /** Seconds. */
  readonly toolDuration: Histogram<"tool" | "status">;
  /** `method` is a TL method's name, `status` is `ok` or an error code of this program. */
  readonly apiCalls: Counter<"method" | "status">;
  /** Seconds. */
  readonly apiDuration: Histogram<"method">;
  readonly floodWaits: Counter<"method">;
  /** Seconds that Telegram asked to wait. */
  readonly floodWaitSeconds: Histogram<"method">;
  readonly messagesFetched: Counter;
  readonly exports: Counter<"format" | "status">;
  readonly exportSize: Histogram<"format">;
  /** `reason` is that of the sweep. */
  readonly exportsRemoved: Counter<"reason">;
  /** Sets how `telegram_exports_disk_bytes` is measured. */
  exportBytes(measure: () => number): void;
  /** `route` is a route's name, `unmatched` without one. */
  readonly httpRequests: Counter<"method" | "route" | "status">;
  /** Seconds until the head of the answer. */
  readonly httpDuration: Histogram<"route">;
  /** `reason` is `malformed`, `mistyped` or `unknown`. */
  readonly authFailures: Counter<"reason">;
  readonly mcpSessions: Gauge;
  /** `limit` is the name of the one that was reached. */
  readonly limitRefusals: Counter<"limit">;
  /** Sets how `calls_in_flight` and `downloads_in_flight` are measured. */
  inFlight(measure: { readonly calls: () => number; readonly downloads: () => number }): void;
  /** Sets `telegram_connection_state`: 1 for the state given, 0 for the others. */
  telegramState(state: TelegramState): void;
  /** The `Content-Type` of {@link Metrics.render}. */
  readonly contentType: string;
  /** Prometheus text, https://prometheus.io/docs/instrumenting/exposition_formats/ */
  render(): Promise<string>;
}

/** What {@link createMetrics} takes. */
export interface MetricsOptions {
  readonly version: string;
  /** What a binary was compiled from. */
  readonly commit?: string | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly memory?: () => { readonly rss: number; readonly heapUsed: number };
}

/** Instruments in a registry of their own; the process's start is now. */
export function createMetrics(
  { version, commit = "", clock = Date.now, memory = Deno.memoryUsage }: MetricsOptions,
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ): Histogram<L> => new Histogram({ name, help, buckets, labelNames, registers });
  const measured = (name: string, help: string, measure: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect(): void {
        this.set(measure());
      },
    });
  };

  const startedAt = clock();
  // prom-client's own process metrics read Node internals that Deno answers with NaN and nonsense.
  measured("process_start_time_seconds", "Start of the process, seconds since 1970.", () => startedAt / 1000);
  measured("process_uptime_seconds", "Age of the process.", () => (clock() - startedAt) / 1000);
  measured("process_resident_memory_bytes", "Resident memory.", () => memory().rss);
  measured("process_heap_used_bytes", "Used heap of JavaScript.", () => memory().heapUsed);
  let exportBytes = (): number => 0;
  measured("telegram_exports_disk_bytes", "Size of all exports on the disk.", () => exportBytes());
  let inFlight = { calls: () => 0, downloads: () => 0 };
  measured("calls_in_flight", "Tool calls that run.", () => inFlight.calls());
  measured("downloads_in_flight", "Files that are being sent.", () => inFlight.downloads());
  gauge("telegram_toolkit_build_info", "Always 1; the labels say what runs.", "version", "commit", "deno")
    .set({ version, commit, deno: Deno.version.deno }, 1);
  const connection = gauge("telegram_connection_state", "1 for the state the connection is in.", "state");

  return {
    toolCalls: counter("mcp_tool_calls_total", "Tool calls.", "tool", "status"),
    toolDuration: histogram("mcp_tool_duration_seconds", "Duration of tool calls.", LATENCY, "tool", "status"),
    apiCalls: counter("telegram_api_calls_total", "Requests to Telegram.", "method", "status"),
    apiDuration: histogram("telegram_api_duration_seconds", "Duration of requests to Telegram.", LATENCY, "method"),
    floodWaits: counter("telegram_flood_wait_events_total", "Flood waits imposed by Telegram.", "method"),
    floodWaitSeconds: histogram("telegram_flood_wait_seconds", "Length of flood waits.", WAITS, "method"),
    messagesFetched: counter("telegram_messages_fetched_total", "Messages read from Telegram."),
    exports: counter("telegram_exports_total", "Finished exports.", "format", "status"),
    exportSize: histogram("telegram_export_size_bytes", "Size of finished exports.", SIZES, "format"),
    exportsRemoved: counter("telegram_exports_removed_total", "Exports whose files were removed.", "reason"),
    exportBytes: (measure) => void (exportBytes = measure),
    httpRequests: counter("http_requests_total", "HTTP requests.", "method", "route", "status"),
    httpDuration: histogram("http_request_duration_seconds", "Time to the head of the answer.", LATENCY, "route"),
    authFailures: counter("http_auth_failures_total", "Keys that were refused.", "reason"),
    mcpSessions: gauge("mcp_sessions", "Open MCP sessions."),
    limitRefusals: counter("limit_refusals_total", "Requests refused by a limit of this server.", "limit"),
    inFlight: (measure) => void (inFlight = measure),
    telegramState(state): void {
      for (const each of TELEGRAM_STATES) connection.set({ state: each }, each === state ? 1 : 0);
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}
