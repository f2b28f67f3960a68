import assert from "node:assert/strict";
import { createHealth, type Health } from "../../src/observability/health.ts";

function health(): { health: Health; tick(ms: number): void } {
  let now = Date.UTC(2026, 0, 1);
  return {
    health: createHealth({ version: "1.2.3", commit: "abc", clock: () => now }),
    tick: (ms) => void (now += ms),
  };
}

Deno.test("health: the summary names version, uptime and each component's state since when", () => {
  const { health: it, tick } = health();
  it.set("storage", "ok");
  tick(1_500);
  it.set("telegram", "flood_waiting", { detail: "for 30 s" });
  tick(1_000);
  it.set("telegram", "flood_waiting", { detail: "for 29 s", until: "2026-01-01T00:00:00.000Z" });
  assert.deepEqual(it.summary(), {
    status: "degraded",
    ready: true,
    version: "1.2.3",
    commit: "abc",
    uptime: 2,
    components: {
      storage: { state: "ok", since: "2026-01-01T00:00:00.000Z" },
      telegram: {
        state: "flood_waiting",
        since: "2026-01-01T00:00:01.500Z",
        detail: "for 29 s",
        until: "2026-01-01T00:00:00.000Z",
      },
    },
  });
});

Deno.test("health: Telegram's states mean readiness and status as documented", () => {
  const { health: it } = health();
  const meaning = [
    "starting",
    "connecting",
    "ready",
    "reconnecting",
    "flood_waiting",
    "needs_login",
    "stopped",
  ] as const;
  const seen = meaning.map((state) => {
    it.set("telegram", state);
    return [state, it.ready(), it.summary().status];
  });
  assert.deepEqual(seen, [
    ["starting", false, "degraded"],
    ["connecting", false, "degraded"],
    ["ready", true, "ok"],
    ["reconnecting", true, "degraded"],
    ["flood_waiting", true, "degraded"],
    ["needs_login", false, "down"],
    ["stopped", false, "down"],
  ]);
});

Deno.test("health: the worst component decides", () => {
  const { health: it } = health();
  it.set("a", "ok");
  it.set("b", "down");
  it.set("c", "degraded");
  assert.equal(it.summary().status, "down");
  assert.equal(it.ready(), false);
});

Deno.test("health: without components nothing is ready yet", () => {
  assert.equal(health().health.ready(), false);
});

Deno.test("health: draining ends readiness for good", () => {
  const { health: it } = health();
  it.set("telegram", "ready");
  it.draining();
  it.set("telegram", "ready");
  assert.equal(it.ready(), false);
  assert.equal(it.summary().draining, true);
});
