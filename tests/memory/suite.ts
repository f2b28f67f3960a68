/**
 * A million messages read by one process, which then holds what it held after the first hundred thousand. Not part of the
 * gate, since it takes some minutes: `deno task test:memory`.
 *
 * Two figures are held to the promise, both after a collection that gives emptied pages back: V8's heap, and what the
 * system counts (RSS). Without one, RSS under load goes up and down by 90 MB with the pages that V8 keeps for the next
 * request; it gives them back some ten seconds after the last.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { memory, startServer } from "../bench/process.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { freePort, isUp } from "../http/port.ts";

const PASSES = 10;
/** In MiB. */
const BOUND = 30;
const usageSchema = z.object({ rss: z.number(), heapUsed: z.number(), external: z.number() });

/** In MiB. */
interface Held {
  readonly heap: number;
  readonly rss: number;
}

/** A process with a probe in it. */
interface Probed extends AsyncDisposable {
  /** Has it do its work, if it has any; then what it holds, garbage collected. */
  held(): Promise<Held>;
}

function start(script: string, env: Readonly<Record<string, string>>): Probed {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--v8-flags=--expose-gc", fileURLToPath(new URL(script, import.meta.url))],
    env: { ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const [asking, lines] = [child.stdin.getWriter(), linesOf(child.stdout)];
  return {
    held: async () => {
      await asking.write(new TextEncoder().encode("\n"));
      for (;;) {
        const { done, value } = await lines.next();
        if (done) throw new Error("the process has ended");
        // The server greets on the same way.
        if (!value.startsWith("{")) continue;
        const { rss, heapUsed, external } = usageSchema.parse(JSON.parse(value));
        return { heap: (heapUsed + external) / 2 ** 20, rss: rss / 2 ** 20 };
      }
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await asking.close();
      await child.status;
      await lines.return();
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Reads a hundred thousand messages again and again, and compares what is held after the first time and after the last. */
async function assertFlat(process: Probed, read = (): Promise<void> => Promise.resolve()): Promise<void> {
  const all: Held[] = [];
  for (let pass = 1; pass <= PASSES; pass++) {
    await read();
    all.push(await process.held());
  }
  for (const figure of ["heap", "rss"] as const) {
    const figures = all.map((held) => held[figure].toFixed(1));
    Deno.stderr.writeSync(new TextEncoder().encode(`${figure} in MiB: ${figures.join(" ")}\n`));
    assert.ok(Number(figures.at(-1)) - Number(figures[0]) < BOUND, `${figure} grows: ${figures}`);
  }
}

const pageSchema = z.object({ count: z.int(), next_cursor: z.string().optional() });

/** Reads half of the archive, page by page. */
async function walk(url: string, fields: "compact" | "full"): Promise<void> {
  let read = 0;
  let cursor: string | undefined;
  while (read < 50_000) {
    const body = JSON.stringify({ chat: "@sandbox_archive", limit: 100, max_chars: 80_000, fields, cursor });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/api/tools/fetch_history`, { method: "POST", headers, body });
    const answer: unknown = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    const page = pageSchema.parse(answer);
    read += page.count;
    cursor = page.next_cursor;
    assert.ok(cursor !== undefined, `only ${read} messages`);
  }
}

Deno.test("memory: a server whose tools read a million messages for two callers holds what it held after 100,000", async () => {
  await using sandbox = await startSandbox();
  const port = freePort();
  await using server = start("serve.ts", {
    ...sandbox.environment,
    MCP_AUTH: "none",
    RATE_LIMIT: "1000000/s",
    MCP_SERVER_PORT: String(port),
    MCP_SERVER_LOG_LEVEL: "error",
  });
  const url = `http://127.0.0.1:${port}`;
  while (!await isUp(`${url}/health/ready`)) await new Promise((resolve) => setTimeout(resolve, 20));
  await assertFlat(server, async () => void await Promise.all([walk(url, "compact"), walk(url, "full")]));
});

const exportSchema = z.object({
  id: z.string(),
  state: z.string(),
  complete: z.boolean().optional(),
  progress: z.object({ written: z.int() }),
});

Deno.test("memory: a server that exports a million messages stays within 150 MB of what it takes idle", async () => {
  await using sandbox = await startSandbox();
  for (let run = 0; run < PASSES; run++) {
    await sandbox.fill("-1002000000006", [{ skip: 0, count: 100_000 }], { date: 1_700_000_000 + run * 100_000 });
  }
  await using server = await startServer(sandbox.environment);
  while (!await isUp(`${server.url}/health/ready`)) await new Promise((resolve) => setTimeout(resolve, 20));
  const ask = async (tool: string, args: unknown): Promise<z.infer<typeof exportSchema>> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${server.url}/api/tools/${tool}`, {
      method: "POST",
      headers,
      body: JSON.stringify(args),
    });
    return exportSchema.parse(await response.json());
  };
  const idle = memory(server.pid, "VmRSS");
  let peak = idle;
  const watch = setInterval(() => peak = Math.max(peak, memory(server.pid, "VmRSS")), 50);
  let one = await ask("start_export", { chat: "Empty Hall", wait_seconds: 0 });
  while (!["completed", "failed"].includes(one.state)) one = await ask("get_export", { id: one.id, wait_seconds: 45 });
  clearInterval(watch);
  assert.deepEqual([one.state, one.complete, one.progress.written], ["completed", true, 1_000_000]);
  const grown = (peak - idle) * 1.048576;
  const figures = `idle ${idle.toFixed(1)} MiB, peak ${peak.toFixed(1)} MiB`;
  Deno.stderr.writeSync(new TextEncoder().encode(`${figures}\n`));
  assert.ok(grown < 150, figures);
});
