/**
 * Runs the product, with the sandbox beside it unless there is a real Telegram application to use: `deno task dev`,
 * `deno task export`, `deno task login` and the like.
 * @module
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { V8_FLAGS } from "../deploy/v8_flags.ts";
import { APPLICATION } from "./application.ts";
import { permissionFlags } from "./permissions.ts";

const SANDBOX = fileURLToPath(new URL("./main.ts", import.meta.url));
const PRODUCT = fileURLToPath(new URL("../main.ts", import.meta.url));
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Which account is used, from either place; the sandbox's own must not meet another of them. */
const ACCOUNT = [
  "TELEGRAM_API_ID",
  "TELEGRAM_API_HASH",
  "TELEGRAM_API_HASH_FILE",
  "TELEGRAM_STRING_SESSION",
  "TELEGRAM_STRING_SESSION_FILE",
];

/** Commands that sign in and out by themselves, and have no use for the session that the sandbox comes with. */
const SIGNING = ["login", "logout"];
/** The sandbox's account, whose code no phone shows (https://core.telegram.org/api/auth#test-accounts). */
const LOGIN_NOTE = "sandbox: nobody scans here; `login --phone 9996621000` signs in with the code 22222";

const Ready = z.object({ dc: z.int(), host: z.string(), port: z.int() });

/** A sandbox in a process of its own. */
interface Running extends AsyncDisposable {
  /** What the product needs to know of it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts the sandbox, which keeps its state in `directory`; it ends with this process at the latest. */
async function startSandbox(directory: string): Promise<Running> {
  const keyFile = join(directory, "key.pem");
  const sessionFile = join(directory, "session");
  const files = ["--state", directory, "--key-file", keyFile, "--session-file", sessionFile];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", SANDBOX, "--json", "--with-parent", ...files],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const { dc, host, port } = await readReady(child.stdout);
  return {
    environment: {
      TELEGRAM_API_ID: String(APPLICATION.id),
      TELEGRAM_API_HASH: APPLICATION.hash,
      TELEGRAM_TEST_DC: `${dc}@${host}:${port}`,
      TELEGRAM_TEST_KEY_FILE: keyFile,
      TELEGRAM_STRING_SESSION_FILE: sessionFile,
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await child.stdin.close();
      await child.status;
    },
  };
}

async function readReady(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<z.infer<typeof Ready>> {
  let text = "";
  for await (const part of stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n")) return Ready.parse(JSON.parse(text));
  }
  throw new Error("the sandbox ended before it was ready");
}

/**
 * Runs a command of the product and returns its exit code.
 * @param args the command and its arguments; `serve` is restarted when a file changes
 * @param product the script to run
 */
export async function develop(args: readonly string[], product: string = PRODUCT): Promise<number> {
  const given = resolve(Deno.env.get("DATA_DIR")?.trim() || "data");
  const state = join(given, "sandbox");
  await using sandbox = Deno.env.get("TELEGRAM_API_ID")?.trim() ? undefined : await startSandbox(state);
  // A login in the sandbox does not replace the one to Telegram.
  const dataDirectory = sandbox === undefined ? given : join(state, "data");
  const signsIn = SIGNING.includes(args[0] ?? "") || existsSync(join(dataDirectory, "session"));
  if (sandbox !== undefined) {
    const place = sandbox.environment.TELEGRAM_TEST_DC;
    say(`sandbox: TELEGRAM_API_ID is not set, using the built-in stand-in for Telegram, data centre ${place}`);
    if (args[0] === "login" && !args.includes("--phone")) say(LOGIN_NOTE);
  }
  const isWatched = args[0] === "serve";
  // A task runs in the project's folder, whoever typed it stands in another one, where relative paths are meant.
  const cwd = isWatched ? undefined : Deno.env.get("INIT_CWD");
  const env = {
    ...(sandbox && Object.fromEntries(ACCOUNT.map((name) => [name, ""]))),
    DATA_DIR: dataDirectory,
    // What the sandbox tells is no secret.
    ...(sandbox && !Deno.env.get("MCP_AUTH")?.trim() && { MCP_AUTH: "none" }),
    ...sandbox?.environment,
    ...(sandbox && signsIn && { TELEGRAM_STRING_SESSION_FILE: "" }),
  };
  const environment = { ...Deno.env.toObject(), ...env };
  const permissions = permissionFlags({ args, environment, cwd: cwd ?? Deno.cwd() });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, V8_FLAGS, ...(isWatched ? ["--watch"] : []), product, ...args],
    cwd,
    env,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const handlers = SIGNALS.map((signal) => ({
    signal,
    forward: (): void => {
      // A terminal sends Ctrl-C to all its processes: a second one would count as impatience.
      if (signal === "SIGINT" && Deno.stdin.isTerminal()) return;
      // A watcher outlives the program that it restarts, unless it is told to end by SIGINT.
      child.kill(isWatched ? "SIGINT" : signal);
    },
  }));
  for (const { signal, forward } of handlers) Deno.addSignalListener(signal, forward);
  const { code } = await child.status;
  for (const { signal, forward } of handlers) Deno.removeSignalListener(signal, forward);
  return code;
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await develop(Deno.args));
