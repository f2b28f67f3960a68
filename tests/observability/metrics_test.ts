import assert from "node:assert/strict";
import { createMetrics } from "../../src/observability/metrics.ts";

const NAMES = [
  "http_request_duration_seconds",
  "http_requests_total",
  "mcp_sessions",
  "mcp_tool_calls_total",
  "mcp_tool_duration_seconds",
  "process_heap_used_bytes",
  "process_resident_memory_bytes",
  "process_start_time_seconds",
  "process_uptime_seconds",
  "telegram_api_calls_total",
  "telegram_api_duration_seconds",
  "telegram_connection_state",
  "telegram_export_size_bytes",
  "telegram_exports_disk_bytes",
  "telegram_exports_removed_total",
  "telegram_exports_total",
  "telegram_flood_wait_events_total",
  "telegram_flood_wait_seconds",
  "telegram_messages_fetched_total",
  "telegram_toolkit_build_info",
];

Deno.test("metrics: the names are those of the documentation", async () => {
  const text = await createMetrics({ version: "1.2.3" }).render();
  const names = Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name).toSorted();
  assert.deepEqual(names, NAMES);
});

Deno.test("metrics: the process's age and memory are measured when asked", async () => {
  let now = 1_000_000;
  const metrics = createMetrics({ version: "1.2.3", clock: () => now, memory: () => ({ rss: 42, heapUsed: 7 }) });
  now += 2_500;
  const text = await metrics.render();
  assert.match(text, /^process_uptime_seconds 2\.5$/m);
  assert.match(text, /^process_start_time_seconds 1000$/m);
  assert.match(text, /^process_resident_memory_bytes 42$/m);
  assert.match(text, /^process_heap_used_bytes 7$/m);
  assert.match(text, /^telegram_toolkit_build_info\{version="1\.2\.3",deno="[\d.]+"\} 1$/m);
});

Deno.test("metrics: exactly one connection state is 1", async () => {
  const metrics = createMetrics({ version: "1.2.3" });
  metrics.telegramState("connecting");
  metrics.telegramState("ready");
  const text = await metrics.render();
  assert.match(text, /^telegram_connection_state\{state="ready"\} 1$/m);
  assert.match(text, /^telegram_connection_state\{state="connecting"\} 0$/m);
});

Deno.test("metrics: two sets in one process do not share counts", async () => {
  const [one, two] = [createMetrics({ version: "1" }), createMetrics({ version: "1" })];
  one.messagesFetched.inc(5);
  assert.match(await one.render(), /^telegram_messages_fetched_total 5$/m);
  assert.match(await two.render(), /^telegram_messages_fetched_total 0$/m);
});
