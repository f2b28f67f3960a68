/**
 * Containers of the product's image, as carefully confined as they can be, and the sandbox beside them.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { until } from "../cli/command.ts";
import { startSandbox } from "../sandbox/process.ts";
import { imagesArchive, PRODUCT } from "./built_images.ts";
import { DOCKER } from "./docker.ts";
import { run, textOf } from "./machine.ts";
import { type Stack, startStack } from "./stack.ts";

/** As whoever trusts nothing starts it. */
const CONFINED = [
  ...["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
  ...["--memory", "256m", "--pids-limit", "128", "--volume", "data:/data"],
];
/** The bridge's own address, where containers reach the machine that they run on. */
const GATEWAY = "172.17.0.1";
const PORT = 8000;
/** The user of the image. */
export const USER = 65532;

const inspectedSchema = z.tuple([z.object({
  RestartCount: z.int(),
  State: z.object({
    Status: z.string(),
    Pid: z.int(),
    ExitCode: z.int(),
    OOMKilled: z.boolean(),
    Health: z.object({ Status: z.string() }).optional(),
  }),
})]);
/** What Docker says of a container. */
export type Inspected = z.infer<typeof inspectedSchema>[0];

/** An answer of the product. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A daemon with the image, a named volume for the data, and a sandbox. */
export interface Site extends AsyncDisposable {
  readonly stack: Stack;
  /** Runs a command of the product in a container of its own, which is removed; all that it said. */
  command(args: readonly string[]): Promise<{ readonly code: number; readonly text: string }>;
  /** Starts a server that is started again when it dies, after the former one is removed. */
  serve(options?: { readonly session?: boolean }): Promise<void>;
  /** Waits until Docker says that it is healthy. */
  healthy(): Promise<void>;
  inspect(): Promise<Inspected>;
  /** What it has written. */
  logs(): Promise<string>;
  ask(path: string, options?: { readonly key?: string; readonly body?: unknown }): Promise<Answer>;
  /** Words that start curl where the server is reached, and its address. */
  readonly curl: readonly string[];
  readonly url: string;
  /** Where the volume lies. */
  readonly data: string;
}

/** Starts a daemon and a sandbox, which answers after so many milliseconds. */
export async function startSite({ latencyMs = 0 }: { readonly latencyMs?: number } = {}): Promise<Site> {
  await using disposables = new AsyncDisposableStack();
  const stack = disposables.use(await startStack());
  await stack.docker(["load", "--input", await imagesArchive()]);
  const given = join(stack.folder, "given");
  const [session, key] = [join(given, "session"), join(given, "key.pem")];
  const sandbox = disposables.use(
    await startSandbox(
      ["--host", GATEWAY, "--latency", `${latencyMs}`, "--session-file", session, "--key-file", key],
      { within: stack.inMachine },
    ),
  );
  // A file from outside keeps owner and mode.
  await textOf(["chown", "-R", `${USER}:${USER}`, given]);
  const telegram = [
    ...["--volume", `${given}:/given:ro`, "--env", "TELEGRAM_API_ID=1", "--env", `TELEGRAM_API_HASH=${"0".repeat(32)}`],
    ...["--env", `TELEGRAM_TEST_DC=2@${GATEWAY}:${sandbox.port}`, "--env", "TELEGRAM_TEST_KEY_FILE=/given/key.pem"],
  ];
  const inspect = async (): Promise<Inspected> =>
    inspectedSchema.parse(JSON.parse(await stack.docker(["inspect", "server"])))[0];
  const url = `http://127.0.0.1:${PORT}`;
  const curl = [...stack.inMachine, "curl", "--silent", "--show-error", "--max-time", "100"];
  const resources = disposables.move();
  return {
    stack,
    inspect,
    url,
    curl,
    data: join(stack.folder, "data", "volumes", "data", "_data"),
    command: async (args) => {
      const words = ["run", "--rm", ...CONFINED, ...telegram, PRODUCT, ...args];
      const { code, out, err } = await run([DOCKER, ...words], { env: stack.env });
      return { code, text: out + err };
    },
    serve: async ({ session = false } = {}) => {
      await run([DOCKER, "rm", "--force", "server"], { env: stack.env });
      const file = session ? ["--env", "TELEGRAM_STRING_SESSION_FILE=/given/session"] : [];
      const words = ["run", "--detach", "--name", "server", "--restart", "unless-stopped", ...CONFINED, ...telegram];
      await stack.docker([...words, ...file, "--publish", `127.0.0.1:${PORT}:8000`, PRODUCT]);
    },
    healthy: () => until(async () => (await inspect()).State.Health?.Status === "healthy", "it is healthy", 60),
    logs: async () => {
      const { out, err } = await run([DOCKER, "logs", "server"], { env: stack.env });
      return out + err;
    },
    ask: async (path, { key, body } = {}) => {
      const { out, err } = await run([
        ...[...curl, "--write-out", "\n%{http_code}"],
        ...(key === undefined ? [] : ["--header", `Authorization: Bearer ${key}`]),
        ...(body === undefined ? [] : ["--json", JSON.stringify(body)]),
        `${url}${path}`,
      ]);
      const at = out.lastIndexOf("\n");
      const status = Number(out.slice(at + 1));
      return { status, body: status === 0 ? { error: err } : Object(JSON.parse(out.slice(0, at))) };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A line of `/proc/PID/status`. */
export async function statusLine(pid: number, name: string): Promise<string> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`);
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1] ?? "";
}
