/**
 * Processes under measurement.
 * @module
 */
import { fileURLToPath } from "node:url";
import { V8_FLAGS } from "../../deploy/v8_flags.ts";
import { freePort, isUp } from "../http/port.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A process and what it cost. */
export interface Measured {
  readonly code: number;
  readonly seconds: number;
  /** Peak resident memory in MiB. */
  readonly peakMiB: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of the project to its end, watching its memory. */
export async function measure(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Measured> {
  const begun = performance.now();
  const child = command(args, env, "piped").spawn();
  let peakMiB = 0;
  const watch = setInterval(() => peakMiB = Math.max(peakMiB, memory(child.pid, "VmHWM")), 50);
  const { code, stdout, stderr } = await child.output();
  clearInterval(watch);
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const seconds = (performance.now() - begun) / 1000;
  return { code, seconds, peakMiB, stdout: text(stdout), stderr: text(stderr) };
}

/** Starts a script of the project, whose output nobody reads. */
export function spawn(args: readonly string[], env: Readonly<Record<string, string>>): Deno.ChildProcess {
  return command(args, env, "null").spawn();
}

function command(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  output: "piped" | "null",
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", V8_FLAGS, ...args],
    cwd: ROOT,
    env: { ...env },
    stdout: output,
    stderr: output,
  });
}

/** A line of `/proc/PID/status` in MiB; 0 when the process is gone. See proc(5). */
export function memory(pid: number, field: "VmHWM" | "VmRSS"): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** A server of the project, from its start to its first good answer. */
export interface Started extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** To the first 200 of `/health/live`, which comes before all is read that serves. */
  readonly millisecondsToLive: number;
  readonly millisecondsToHealth: number;
}

const SOURCES = [Deno.execPath(), "run", "-A", "--no-check", V8_FLAGS, "main.ts", "serve"] as const;

/**
 * Starts a server and waits for `GET /health` to answer 200.
 * @param words the program and its arguments, `main.ts serve` unless given
 */
export async function startServer(
  env: Readonly<Record<string, string>>,
  [program, ...args]: readonly [string, ...string[]] = SOURCES,
): Promise<Started> {
  const port = freePort();
  const begun = performance.now();
  const child = new Deno.Command(program, {
    args,
    cwd: ROOT,
    env: {
      MCP_AUTH: "none",
      RATE_LIMIT: "1000000/s",
      MCP_SERVER_PORT: String(port),
      MCP_SERVER_LOG_LEVEL: "warning",
      MAX_CALLS_PER_KEY: "100",
      ...env,
    },
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  const passed = async (path: string): Promise<number> => {
    while (!await isUp(`${url}${path}`)) await new Promise((resolve) => setTimeout(resolve, 5));
    return performance.now() - begun;
  };
  const millisecondsToLive = await passed("/health/live");
  const millisecondsToHealth = await passed("/health");
  return {
    url,
    pid: child.pid,
    millisecondsToLive,
    millisecondsToHealth,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}
