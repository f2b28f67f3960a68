/**
 * Telegram's states as whoever runs the server sees them: /health, metrics, the log, and the errors of tools.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { startRelay } from "../mtproto/relay.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { command, type Running, until } from "./command.ts";

const componentSchema = z.object({
  state: z.string(),
  since: z.iso.datetime(),
  until: z.iso.datetime().optional(),
  detail: z.string().optional(),
});
const healthSchema = z.object({
  status: z.string(),
  ready: z.boolean(),
  components: z.object({ telegram: componentSchema }),
});
const telegramSchema = z.object({
  state: z.string(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  method: z.string().optional(),
  reason: z.string().optional(),
});
const problemSchema = z.object({ code: z.string(), hint: z.string(), telegram: telegramSchema });
const toolErrorSchema = z.object({
  result: z.object({ isError: z.literal(true), content: z.tuple([z.object({ text: z.string() })]) }),
});

interface Watched {
  readonly server: Running;
  health(): Promise<z.infer<typeof healthSchema>>;
  /** The states whose gauge is 1. */
  gauge(): Promise<string[]>;
  /** The problem that a tool answers over plain HTTP. */
  problem(tool: string, args: unknown): Promise<z.infer<typeof problemSchema>>;
  /** What an MCP client is told of the same. */
  toolError(tool: string, args: unknown): Promise<unknown>;
}

async function watched(environment: Readonly<Record<string, string>>): Promise<Watched> {
  const server = command([], { ...environment, MCP_SERVER_PORT: "0", LOG_FORMAT: "text" });
  const url = (await server.out.line(/^MCP endpoint: /)).slice("MCP endpoint: ".length).replace(/\/mcp$/, "");
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify(body),
    });
  return {
    server,
    health: async () => healthSchema.parse(await (await fetch(`${url}/health`)).json()),
    gauge: async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return [...text.matchAll(/^telegram_connection_state\{state="(\w+)"\} 1$/gm)].map(([, state]) => state ?? "");
    },
    problem: async (tool, args) => problemSchema.parse(await (await post(`/api/tools/${tool}`, args)).json()),
    toolError: async (name, args) => {
      const request = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } };
      const text = await (await post("/mcp", request)).text();
      const json = /^data: (\{.*)$/m.exec(text)?.[1] ?? text;
      const { result } = toolErrorSchema.parse(JSON.parse(json));
      return JSON.parse(result.content[0].text).error.telegram;
    },
  };
}

const HISTORY = { chat: "@sandbox_news", limit: 1 };
const NONSENSE = { chat: "@sandbox_news", limit: -1 };

Deno.test("states: a flood wait is seen everywhere, with its end, and errors of arguments carry it too", async () => {
  await using sandbox = await startSandbox();
  const on = await watched(sandbox.environment);
  await using _ = on.server;
  await until(async () => (await on.health()).ready, "Telegram is reached");
  assert.deepEqual((await on.problem("fetch_history", NONSENSE)).telegram, { state: "ready" });
  const error = { code: 420, message: "FLOOD_WAIT_600" };
  await sandbox.faults({ rules: [{ method: "messages.getHistory", error }] });
  const { code, telegram } = await on.problem("fetch_history", HISTORY);
  assert.equal(code, "FLOOD_WAIT");
  assert.deepEqual([telegram.state, telegram.method], ["flood_waiting", "messages.GetHistory"]);
  const left = Date.parse(telegram.until ?? "") - Date.now();
  assert.ok(left > 580_000 && left <= 600_000, `${left} ms`);
  assert.deepEqual((await on.problem("fetch_history", NONSENSE)).telegram, telegram);
  assert.deepEqual(await on.toolError("fetch_history", NONSENSE), telegram);
  const health = await on.health();
  assert.deepEqual([health.status, health.ready], ["degraded", true]);
  assert.deepEqual([health.components.telegram.state, health.components.telegram.until], [
    "flood_waiting",
    telegram.until,
  ]);
  assert.deepEqual(await on.gauge(), ["flood_waiting"]);
  await on.server.err.line(/connection .*state=flood_waiting until=20\S+ method=messages\.GetHistory/);
});

Deno.test("states: a lost connection is reconnecting since when, for whatever reason, until it is back", async () => {
  await using sandbox = await startSandbox();
  await using relay = startRelay(sandbox.port);
  const on = await watched({ ...sandbox.environment, TELEGRAM_TEST_DC: `2@127.0.0.1:${relay.port}` });
  await using _ = on.server;
  await until(async () => (await on.health()).ready, "Telegram is reached");
  const lost = Date.now();
  relay.leave();
  await until(async () => (await on.health()).components.telegram.state === "reconnecting", "the loss is noticed");
  assert.deepEqual(await on.gauge(), ["reconnecting"]);
  const { telegram } = await on.problem("fetch_history", NONSENSE);
  assert.equal(telegram.state, "reconnecting");
  assert.ok(Date.parse(telegram.since ?? "") >= lost - 1000 && telegram.reason !== undefined);
  await on.server.err.line(/connection .*state=reconnecting since=20\S+ reason=/);
  relay.lead(sandbox.port);
  await until(async () => (await on.health()).components.telegram.state === "ready", "it is back", 40);
  assert.deepEqual(await on.gauge(), ["ready"]);
});

const REFUSED = [
  [
    "AUTH_KEY_UNREGISTERED",
    401,
    /logged out, or ended in an app/,
    /must set a TELEGRAM_STRING_SESSION that is signed in, or unset it and run the command `login`/,
  ],
  [
    "SESSION_REVOKED",
    401,
    /Terminate all sessions/,
    /must set a TELEGRAM_STRING_SESSION that is signed in, or unset it and run the command `login`/,
  ],
  ["USER_DEACTIVATED", 401, /account was deleted/, /A new login does not help/],
  ["AUTH_KEY_DUPLICATED", 406, /two programs used it at once/, /a session of its own/],
] as const;

Deno.test("states: a session that Telegram refuses is needs_login, with the reason and what to do", async (t) => {
  await using sandbox = await startSandbox();
  for (const [message, code, reason, hint] of REFUSED) {
    await t.step(message, async () => {
      await sandbox.clearFaults();
      const on = await watched(sandbox.environment);
      await using _ = on.server;
      await until(async () => (await on.health()).ready, "Telegram is reached");
      await sandbox.faults({ rules: [{ method: "*", error: { code, message } }] });
      const problem = await on.problem("fetch_history", HISTORY);
      assert.equal(problem.code, "SESSION_INVALID");
      assert.match(problem.hint, hint);
      assert.equal(problem.telegram.state, "needs_login");
      assert.match(problem.telegram.reason ?? "", reason);
      const { status, ready, components } = await on.health();
      assert.deepEqual([status, ready, components.telegram.state], ["down", false, "needs_login"]);
      assert.match(components.telegram.detail ?? "", reason);
      assert.deepEqual(await on.gauge(), ["needs_login"]);
      await on.server.err.line(/connection .*state=needs_login reason=/);
      on.server.signal("SIGTERM");
      assert.equal(await on.server.ended(), 0);
    });
  }
});
