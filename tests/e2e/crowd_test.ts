/** Many connections that do nothing, or next to nothing, beside a caller who wants something. */
import assert from "node:assert/strict";
import { z } from "zod";
import { command, type Running, until } from "../cli/command.ts";
import { untilReady, urlOf } from "../cli/signed_in.ts";
import { memory } from "../bench/process.ts";
import { handlesOf } from "../fuzz/house.ts";
import { exchange } from "../fuzz/wire.ts";
import { INITIALIZE } from "../mcp/raw.ts";
import { startSandbox } from "./sandbox.ts";

const IDLE = 5000;
const LISTENERS = 1000;

interface Stage extends AsyncDisposable {
  readonly server: Running;
  readonly url: string;
  readonly port: number;
}

async function stage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const server = stack.use(command(["serve"], { ...sandbox.environment, MCP_SERVER_PORT: "0" }));
  const url = await urlOf(server);
  await untilReady(url);
  const resources = stack.move();
  return { server, url, port: Number(new URL(url).port), [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Both ends of every connection are handles: of this process and of the server, which has the same limit. */
async function assertEnoughHandles(count: number): Promise<void> {
  const limits = await Deno.readTextFile("/proc/self/limits");
  const [, most = ""] = /^Max open files\s+(\d+|unlimited)/m.exec(limits) ?? [];
  const isEnough = most === "unlimited" || Number(most) >= count + 500;
  assert.ok(isEnough, `this machine allows ${most} open files, the test needs ${count + 500}: run \`ulimit -n\` first`);
}

/** Opens connections, some at once, and sends something on each. */
async function connections(port: number, count: number, sent: string): Promise<Deno.TcpConn[]> {
  const open: Deno.TcpConn[] = [];
  while (open.length < count) {
    const batch = Array.from({ length: Math.min(200, count - open.length) }, async () => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      if (sent !== "") await connection.write(new TextEncoder().encode(sent));
      return connection;
    });
    open.push(...await Promise.all(batch));
  }
  return open;
}

async function assertServes({ url }: Stage): Promise<void> {
  const live = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(30_000) });
  assert.deepEqual([live.status, await live.json()], [200, { status: "ok" }]);
  const response = await fetch(`${url}/api/tools/fetch_history`, {
    method: "POST",
    signal: AbortSignal.timeout(60_000),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ chat: "@sandbox_news", limit: 1 }),
  });
  assert.equal(z.object({ count: z.int() }).parse(await response.json()).count, 1);
}

/** Waits until the server has let go of them. */
async function assertLetGo({ server }: Stage, before: number): Promise<void> {
  await until(async () => await handlesOf(server.pid) <= before + 20, "the handles are closed", 60);
}

for (
  const [title, sent] of [
    ["say nothing", ""],
    ["have begun a head", "GET /health/live HTTP/1.1\r\nHost: 127."],
    // Whatever the server can refuse by the head alone it would, and some versions of Deno hang up then.
    [
      "have begun a body",
      "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAccept: application/json, text/event-stream\r\n" +
      "Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n{",
    ],
  ] as const
) {
  Deno.test(`crowd: five thousand connections that ${title} keep nobody from being answered`, async () => {
    await assertEnoughHandles(IDLE);
    await using at = await stage();
    await assertServes(at);
    const before = { handles: await handlesOf(at.server.pid), rss: memory(at.server.pid, "VmRSS") };
    const idle = await connections(at.port, IDLE, sent.replace("PORT", String(at.port)));
    try {
      await until(async () => await handlesOf(at.server.pid) >= before.handles + IDLE - 20, "all are taken", 60);
      await assertServes(at);
      const taken = memory(at.server.pid, "VmRSS") - before.rss;
      assert.ok(taken < 400, `${IDLE} connections take ${taken.toFixed(0)} MiB`);
    } finally {
      for (const connection of idle) connection.close();
    }
    await assertLetGo(at, before.handles);
    await assertServes(at);
  });
}

Deno.test("crowd: of a thousand who want to listen, as many do as may, the others are told, and callers are answered", async () => {
  await assertEnoughHandles(LISTENERS);
  await using at = await stage();
  await assertServes(at);
  const before = await handlesOf(at.server.pid);
  const statuses = new Map<number, number>();
  const open: Deno.TcpConn[] = [];
  try {
    for (let done = 0; done < LISTENERS; done += 50) {
      await Promise.all(Array.from({ length: 50 }, async () => {
        const { connection, status } = await listener(at.port);
        open.push(connection);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }));
    }
    const told = JSON.stringify([...statuses]);
    assert.ok((statuses.get(200) ?? 0) > 0, told);
    for (const status of statuses.keys()) assert.ok([200, 404, 409, 429, 503].includes(status), told);
    await assertServes(at);
  } finally {
    for (const connection of open) connection.close();
  }
  await assertLetGo(at, before);
  await assertServes(at);
});

/** A session of its own, and the stream on which its client listens; the status is that of whichever was refused, else 200. */
async function listener(port: number): Promise<{ readonly connection: Deno.TcpConn; readonly status: number }> {
  const head = `Host: 127.0.0.1:${port}\r\nAccept: application/json, text/event-stream\r\n`;
  const body = JSON.stringify(INITIALIZE);
  const opened = await exchange(
    port,
    `POST /mcp HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    { method: "POST", seconds: 60 },
  );
  assert.equal(opened.ending, "answered");
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const session = opened.headers.get("mcp-session-id");
  if (session === undefined) return { connection, status: opened.status };
  await connection.write(new TextEncoder().encode(`GET /mcp HTTP/1.1\r\n${head}Mcp-Session-Id: ${session}\r\n\r\n`));
  const buffer = new Uint8Array(4096);
  const count = await connection.read(buffer);
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(new TextDecoder().decode(buffer.subarray(0, count ?? 0))) ?? [];
  return { connection, status: Number(status) };
}
