/**
 * What the binary weighs, and how soon it is there.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { NAME } from "../../src/version.ts";
import { compileOnce } from "../binary/compiled.ts";
import type { TestSandbox } from "../e2e/sandbox.ts";
import { isUp } from "../http/port.ts";
import type { Row } from "./jobs.ts";
import { memory, startServer } from "./process.ts";

/** What is compiled. */
export const BINARY = fileURLToPath(new URL(`../../dist/${NAME}`, import.meta.url));
/** Starts of which the one in the middle counts. */
const STARTS = 9;
/** Longer than it takes to give back what the start has taken; see `src/observability/memory.ts`. */
const IDLE_MS = 12_000;

/** As deploy/telegram-toolkit-mcp.service and the Dockerfile start it. */
const DEPLOYED = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" };

/** Compiles it and measures; no rows where it cannot be compiled. */
export async function binary({ environment }: TestSandbox): Promise<Row[]> {
  const problem = await compileOnce();
  if (problem !== undefined) {
    notMeasured("the binary", problem);
    return [];
  }
  const [versions, lives, firsts]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run < STARTS; run++) {
    versions.push(await timeOf(["--version"]));
    await using server = await startServer(environment, [BINARY, "serve"]);
    lives.push(server.millisecondsToLive);
    firsts.push(server.millisecondsToHealth);
  }
  const idle = async (more: Readonly<Record<string, string>>): Promise<number> => {
    await using server = await startServer({ ...environment, ...more }, [BINARY, "serve"]);
    while (!await isUp(`${server.url}/health/ready`)) await pause(20);
    await pause(IDLE_MS);
    return memory(server.pid, "VmRSS");
  };
  const { size } = await Deno.stat(BINARY);
  return [
    { name: "binary, size", value: size / 1e6, unit: "MB" },
    { name: "binary, size gzipped", value: await gzipped() / 1e6, unit: "MB" },
    { name: "binary, --version", value: middle(versions), unit: "ms" },
    { name: "binary, start to the first /health/live 200", value: middle(lives), unit: "ms" },
    { name: "binary, start to the first /health 200", value: middle(firsts), unit: "ms" },
    { name: "binary, idle RSS", value: await idle({}), unit: "MiB" },
    { name: "binary, idle RSS as the unit and the image start it", value: await idle(DEPLOYED), unit: "MiB" },
  ];
}

/** Says what has no rows, and why. */
export function notMeasured(what: string, reason: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${what} is not measured: ${reason}\n`));
}

async function timeOf(args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const { success } = await new Deno.Command(BINARY, { args: [...args], stdout: "null" }).output();
  if (!success) throw new Error(`${BINARY} ${args.join(" ")} failed`);
  return performance.now() - begun;
}

async function gzipped(): Promise<number> {
  const file = await Deno.open(BINARY, { read: true });
  let bytes = 0;
  for await (const part of file.readable.pipeThrough(new CompressionStream("gzip"))) bytes += part.length;
  return bytes;
}

/** The median. */
export function middle(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}
