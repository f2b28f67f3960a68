/** A registry of tools that do nothing but what the tests of the MCP endpoint need, and a server that serves it. */
import { z } from "zod";
import { AppError } from "../../src/errors.ts";
import { chain } from "../../src/http/chain.ts";
import { bodyLimit } from "../../src/http/middleware/body_limit.ts";
import { errors } from "../../src/http/middleware/errors.ts";
import { hostOrigin } from "../../src/http/middleware/host_origin.ts";
import { createRouter } from "../../src/http/router.ts";
import { serve } from "../../src/http/server.ts";
import { createCatalogue } from "../../src/mcp/catalogue.ts";
import { createLegacyMcp, type LegacyMcp, type LegacyMcpOptions } from "../../src/mcp/legacy.ts";
import { createRegistry, defineTool, READS_TELEGRAM, type Registry, type Tool } from "../../src/mcp/registry.ts";
import type { Timers } from "../../src/mcp/sessions.ts";
import { getLogger } from "@logtape/logtape";
import type { Principal } from "../../src/model/principal.ts";
import { asking } from "../http/principals.ts";

/** What the running tools tell a test. */
export interface Fixture {
  readonly registry: Registry;
  /** Calls of `slow` that have begun and not ended. */
  readonly running: Set<string>;
  /** Labels of the calls of `slow` that were aborted. */
  readonly aborted: string[];
  /** Lets a call of `slow` end well. */
  readonly release: (label: string) => void;
}

const common = { description: "For tests.", scope: "read", hints: READS_TELEGRAM } as const;

/** Makes the tools; `more` are put behind them. */
export function createFixture(more: readonly Tool[] = [], options: Parameters<typeof createRegistry>[1] = {}): Fixture {
  const running = new Set<string>();
  const aborted: string[] = [];
  const releases = new Map<string, () => void>();
  const echo = defineTool({
    ...common,
    name: "echo",
    title: "Echo",
    input: z.strictObject({ text: z.string() }),
    output: z.object({ text: z.string() }),
    run: ({ text }) => Promise.resolve({ text }),
  });
  const fail = defineTool({
    ...common,
    name: "fail",
    title: "Fail",
    input: z.strictObject({ unexpected: z.boolean().optional() }),
    output: z.object({ never: z.string() }),
    run: ({ unexpected }) => {
      if (unexpected) throw new Error("api_hash=0123456789abcdef");
      throw new AppError("CHAT_AMBIGUOUS", "Two chats have this title.", {
        field: "chat",
        retryAfter: 7,
        candidates: [{ id: "1", title: "One" }],
        suggest: { tool: "list_chats", arguments: { query: "one" } },
      });
    },
  });
  const slow = defineTool({
    ...common,
    name: "slow",
    title: "Slow",
    input: z.strictObject({ label: z.string() }),
    output: z.object({ label: z.string() }),
    run: async ({ label }, { signal, progress }) => {
      running.add(label);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      releases.set(label, resolve);
      signal.addEventListener("abort", () => {
        aborted.push(label);
        reject(signal.reason);
      }, { once: true });
      progress("begun");
      try {
        await promise;
        return { label };
      } finally {
        running.delete(label);
        releases.delete(label);
      }
    },
  });
  const progress = defineTool({
    ...common,
    name: "progress",
    title: "Progress",
    input: z.strictObject({ steps: z.array(z.number()) }),
    output: z.object({ steps: z.number() }),
    run: ({ steps }, { progress }) => {
      for (const step of steps) progress(`step ${step}`, step, 100);
      progress("done");
      return Promise.resolve({ steps: steps.length });
    },
  });
  const hidden = defineTool({
    ...common,
    scope: "admin",
    name: "hidden",
    title: "Hidden",
    input: z.strictObject({}),
    output: z.object({}),
    run: () => Promise.resolve({}),
  });
  return {
    registry: createRegistry([echo, fail, slow, progress, hidden, ...more], options),
    running,
    aborted,
    release: (label) => releases.get(label)?.(),
  };
}

/** A served endpoint. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly mcp: LegacyMcp;
  readonly errors: readonly Error[];
  /** How many sessions there are. */
  readonly sessions: () => number;
}

/** Serves a registry at `/mcp` and `/api/tools`, behind the checks that the product puts there. */
export function serveMcp(
  registry: Registry,
  { who, ...options }: Partial<LegacyMcpOptions> & { readonly who?: () => Principal } = {},
): Served {
  const seen: Error[] = [];
  let count = 0;
  const mcp = createLegacyMcp(registry, {
    name: "fixture",
    version: "1.2.3",
    instructions: "For tests.",
    onSessions: (sessions) => count = sessions,
    log: (error) => seen.push(error),
    ...options,
  });
  const catalogue = createCatalogue(registry);
  const router = createRouter([
    { methods: ["GET", "POST", "DELETE"], path: "/mcp", name: "mcp", access: "any", handler: mcp.fetch },
    { methods: ["GET"], path: "/api/tools", name: "tools", access: "any", handler: catalogue.list },
    { methods: ["POST"], path: "/api/tools/:name", name: "tool", access: "any", handler: catalogue.call },
  ]);
  const middleware = [errors(getLogger("test")), hostOrigin({ allowedHosts: [] }), asking(who), bodyLimit()];
  const server = serve({ handler: chain(middleware, router), host: "127.0.0.1", port: 0, grace: 5_000 });
  return {
    url: server.url,
    mcp,
    errors: seen,
    sessions: () => count,
    [Symbol.asyncDispose]: async () => {
      await mcp[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Time that passes when told to. */
export function createManualTimers(): Timers & { readonly pass: (ms: number) => void; readonly pending: () => number } {
  let now = 0;
  const due = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      due.add(timer);
      return () => due.delete(timer);
    },
    pass: (ms) => {
      const end = now + ms;
      for (;;) {
        const [next] = [...due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        due.delete(next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = end;
    },
    pending: () => due.size,
  };
}

/** Waits until a condition holds; fails after five seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const limit = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
