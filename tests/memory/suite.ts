/**
 * A million messages read by one process, which then holds what it held after the first hundred thousand. Not part of the
 * gate, since it takes some minutes: `deno task test:memory`.
 *
 * Two figures are held to the promise. The heap after a collection is exact to a megabyte. What the system counts (RSS) is
 * compared at rest: under load V8 keeps the pages it has emptied, up to 90 MB of them coming and going, and gives them back
 * some ten seconds after the last request.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { freePort, isUp, memory } from "../bench/process.ts";
import { startSandbox } from "../e2e/sandbox.ts";

const PASSES = 10;
/** In MiB. */
const BOUND = 30;
/** In milliseconds: what V8 takes to give pages back, and half as much again. */
const REST = 20_000;

const PROBED = z.object({ heapUsed: z.number(), external: z.number() });

/** A process with a probe in it. */
interface Probed extends AsyncDisposable {
  /** Has it do its work, if it has any; then its heap in MiB, garbage collected. */
  heap(): Promise<number>;
  /** What the system counts while it rests, in MiB. */
  resting(): Promise<number>;
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
    heap: async () => {
      await asking.write(new TextEncoder().encode("\n"));
      for (;;) {
        const { done, value } = await lines.next();
        if (done) throw new Error("the process has ended");
        // The server greets on the same way.
        if (!value.startsWith("{")) continue;
        const { heapUsed, external } = PROBED.parse(JSON.parse(value));
        return (heapUsed + external) / 2 ** 20;
      }
    },
    resting: async () => {
      let least = Infinity;
      for (const end = performance.now() + REST; performance.now() < end;) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        least = Math.min(least, memory(child.pid, "VmRSS"));
      }
      return least;
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
async function assertFlat(process: Probed, read: () => Promise<void>): Promise<void> {
  const heaps: number[] = [];
  const rests: number[] = [];
  for (let pass = 1; pass <= PASSES; pass++) {
    await read();
    heaps.push(await process.heap());
    if (pass === 1 || pass === PASSES) rests.push(await process.resting());
  }
  const figures = `heap ${heaps.map((heap) => heap.toFixed(1)).join(" ")}; RSS ${rests.map(Math.round).join(" ")} MiB`;
  Deno.stderr.writeSync(new TextEncoder().encode(`${figures}\n`));
  for (const [first = NaN, last = NaN] of [[heaps[0], heaps.at(-1)], rests]) assert.ok(last - first < BOUND, figures);
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
    MCP_SERVER_PORT: String(port),
    MCP_SERVER_LOG_LEVEL: "error",
  });
  const url = `http://127.0.0.1:${port}`;
  while (!await isUp(`${url}/health/ready`)) await new Promise((resolve) => setTimeout(resolve, 20));
  await assertFlat(server, async () => void await Promise.all([walk(url, "compact"), walk(url, "full")]));
});

Deno.test("memory: a process that exports a million messages holds what it held after 100,000", async () => {
  await using sandbox = await startSandbox();
  await using process = start("export.ts", sandbox.environment);
  await assertFlat(process, () => Promise.resolve());
});
