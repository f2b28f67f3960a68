/**
 * The program as its user starts it: a process with arguments, variables, output and an exit code.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { noteProcess } from "../records/folder.ts";
import { baseEnvironment, isServer, product } from "./product.ts";

/** A running process. Disposing kills it if it still runs. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly out: Output;
  readonly err: Output;
  signal(name: Deno.Signal): void;
  /** Writes to its standard input, which ends with {@link endInput}. Without either it is empty. */
  type(text: string): Promise<void>;
  endInput(): Promise<void>;
  /** The exit code, once all output has been read. */
  ended(): Promise<number>;
}

/** What a stream has brought so far. */
export interface Output {
  text(): string;
  /** The first line, past or future, that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Waits until the whole matches, what moves a terminal's cursor left out. */
  until(pattern: RegExp): Promise<void>;
}

/** Starts any program; of the product a server that asks nobody for a key, unless MCP_AUTH says otherwise. */
export function start(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  { stdin = "null" }: { readonly stdin?: "null" | "piped" } = {},
): Running {
  const child = new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    // What only shows at the finest level must be as harmless: see `tests/records`.
    env: { ...baseEnvironment(), NO_COLOR: "1", MCP_AUTH: "none", MCP_SERVER_LOG_LEVEL: "debug", ...environment },
    stdin,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const given = new AbortController();
  const [out, err] = [collect(child.stdout, given.signal), collect(child.stderr, given.signal)];
  const input = stdin === "piped" ? child.stdin.getWriter() : undefined;
  let code: number | undefined;
  const status = child.status.then((status) => code = status.code);
  const typed: string[] = [...args];
  return {
    pid: child.pid,
    out,
    err,
    signal: (name) => child.kill(name),
    type: async (text) => {
      typed.push(text);
      await input?.write(new TextEncoder().encode(text));
    },
    // Whoever has ended reads no more.
    endInput: async () => void await input?.close().catch(() => {}),
    async ended(): Promise<number> {
      await until(() => code !== undefined && out.isOver() && err.isOver(), `it ends: ${err.text()}`, 60);
      return await status;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      if (code === undefined) child.kill("SIGKILL");
      await status;
      await input?.close().catch(() => {});
      // What it started and left may hold its pipes open.
      given.abort();
      await Promise.all([out.done, err.done]);
      noteProcess({ kind: isServer([program, ...args]) ? "log" : "command", typed, text: err.text() });
    },
  };
}

/** Starts the product. */
export function command(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const [program, ...words] = product(args, environment);
  return start(program, words, environment);
}

/**
 * Starts the product with standard input to type into: a pipe, or with `terminal` a terminal, whose output is all in `out`.
 * @param options.wrapper a script of the shell at that terminal, which runs the product by `"$@"`
 */
export function interactive(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  { terminal = false, wrapper = '"$@"' }: { readonly terminal?: boolean; readonly wrapper?: string } = {},
): Running {
  const [program, ...words] = product(args, environment);
  if (!terminal) return start(program, words, environment, { stdin: "piped" });
  const line = ["/bin/sh", "-c", wrapper, "sh", program, ...words].map((word) => `'${word}'`).join(" ");
  return start("script", ["-qefc", line, "/dev/null"], environment, { stdin: "piped" });
}

/** How a run ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the product to its end. */
export async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  await using running = command(args, environment);
  return await result(running);
}

/** Waits for a process to end. */
export async function result(running: Running): Promise<Ran> {
  const code = await running.ended();
  return { code, out: running.out.text(), err: running.err.text() };
}

/** Polls until a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, seconds = 15): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline;) {
    if (await condition()) return;
    await pause(5);
  }
  throw new Error(`waited ${seconds} s in vain until ${what}`);
}

/** Whether a process exists and is no zombie. Linux only. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

interface Collected extends Output {
  readonly isOver: () => boolean;
  readonly done: Promise<void>;
}

function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>, given: AbortSignal): Collected {
  let text = "";
  let isOver = false;
  const sink = new WritableStream<string>({ write: (part) => void (text += part) });
  const done = stream.pipeThrough(new TextDecoderStream(), { signal: given }).pipeTo(sink).then(
    () => void (isOver = true),
    (error) => {
      if (!given.aborted) throw error;
    },
  );
  return {
    done,
    isOver: () => isOver,
    text: () => text,
    until: async (pattern) => {
      const matches = (): boolean => pattern.test(text.replace(/\p{Cc}\[[\d;]*[A-Z]/gu, ""));
      await until(() => matches() || isOver, `the output matches ${pattern}`);
      if (!matches()) throw new Error(`the output does not match ${pattern}: ${text}`);
    },
    line: async (pattern) => {
      const find = (): string | undefined => text.split("\n").slice(0, -1).find((line) => pattern.test(line));
      await until(() => find() !== undefined || isOver, `a line matches ${pattern}; there is: ${text}`);
      const line = find();
      if (line === undefined) throw new Error(`no line matches ${pattern} in: ${text}`);
      return line;
    },
  };
}
