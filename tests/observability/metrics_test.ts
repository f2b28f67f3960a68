import assert from "node:assert/strict";
import { createMetrics } from "../../src/observability/metrics.ts";

Deno.test("metrics: the process's age and memory are measured when asked", async () => {
  let now = 1_000_000;
  const metrics = createMetrics({
    version: "1.2.3",
    commit: "abc",
    clock: () => now,
    memory: () => ({ rss: 42, heapUsed: 7 }),
  });
  now += 2_500;
  const text = await metrics.render();
  assert.match(text, /^process_uptime_seconds 2\.5$/m);
  assert.match(text, /^process_start_time_seconds 1000$/m);
  assert.match(text, /^process_resident_memory_bytes 42$/m);
  assert.match(text, /^process_heap_used_bytes 7$/m);
  assert.match(text, /^telegram_toolkit_build_info\{version="1\.2\.3",commit="abc",deno="[\d.]+"\} 1$/m);
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
