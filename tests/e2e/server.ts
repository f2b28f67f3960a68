/**
 * The product for tests: the real app behind the real listener, connected to a sandbox. In this process, or the binary that PRODUCT
 * names in one of its own.
 * @module
 */
import { z } from "zod";
import { createApp } from "../../src/app.ts";
import { generateKey } from "../../src/auth/key.ts";
import { loadConfig } from "../../src/config/load.ts";
import { serve } from "../../src/http/server.ts";
import { configureLogging } from "../../src/observability/log.ts";
import { findHolder } from "../../src/storage/lock.ts";
import { command } from "../cli/command.ts";
import { BINARY } from "../cli/product.ts";
import { logOfServers } from "../records/folder.ts";

/** A running server. Disposing drains it and waits for its end. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** By which whoever owns the machine asks, where keys are needed. */
  readonly ownerKey: string;
  /** Calls a tool over plain HTTP: its output, or its problem. */
  call(tool: string, args: unknown): Promise<Answer>;
  /** What has been logged since it started, everything, as lines of JSON; "" unless `isLogged`. */
  log(): string;
}

/** What a tool call answered. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** For all servers of a test's module: the log is the process's. Everything is logged, whatever a test's variables say. */
const record = logOfServers();
if (record !== undefined) configureLogging({ level: "debug", format: "json" }, { write: record });

const objectSchema = z.record(z.string(), z.unknown());
const listeningSchema = z.object({ message: z.literal("listening"), url: z.string() });

/** A {@link TestServer} less what both kinds have. */
type Started = Omit<TestServer, "call">;

/**
 * Starts the product on any free port.
 * @param environment its variables, a sandbox's for one; nobody needs a key unless MCP_AUTH is among them
 * @param options.isLogged whether its log will be read: one such server at a time
 */
export async function startServer(
  environment: Readonly<Record<string, string>>,
  { isLogged = false }: { readonly isLogged?: boolean } = {},
): Promise<TestServer> {
  const variables = { MCP_AUTH: "none", ...environment };
  const started = BINARY === undefined ? await startHere(variables, isLogged) : await startBinary(variables);
  return {
    ...started,
    call: async (tool, args) => {
      const response = await fetch(`${started.url}/api/tools/${tool}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(args),
      });
      return { status: response.status, body: objectSchema.parse(await response.json()) };
    },
  };
}

async function startHere(variables: Readonly<Record<string, string>>, isLogged: boolean): Promise<Started> {
  const config = loadConfig((name) => variables[name], undefined, { names: [], terminal: false });
  await using stack = new AsyncDisposableStack();
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
    record?.(line);
  };
  if (isLogged) stack.use(configureLogging({ level: "debug", format: "json" }, { write }));
  const ownerKey = generateKey();
  const app = stack.use(await createApp(config, { localKey: ownerKey }));
  const server = stack.use(serve({ handler: app.fetch, host: "127.0.0.1", port: 0 }));
  const resources = stack.move();
  return {
    url: server.url,
    ownerKey,
    log: () => lines.join(""),
    [Symbol.asyncDispose]: async () => {
      await app.drain();
      await resources.disposeAsync();
    },
  };
}

async function startBinary(variables: Readonly<Record<string, string>>): Promise<Started> {
  const everything = { MCP_SERVER_LOG_LEVEL: "debug", LOG_FORMAT: "json" };
  const listener = { MCP_SERVER_HOST: "127.0.0.1", MCP_SERVER_PORT: "0" };
  await using stack = new AsyncDisposableStack();
  const running = stack.use(command(["serve"], { ...variables, ...everything, ...listener }));
  const { url } = listeningSchema.parse(JSON.parse(await running.err.line(/"message":"listening"/)));
  const holder = findHolder(variables["DATA_DIR"] ?? "");
  const resources = stack.move();
  return {
    url,
    ownerKey: holder?.key ?? "",
    log: () => running.err.text(),
    [Symbol.asyncDispose]: async () => {
      running.signal("SIGTERM");
      const code = await running.ended();
      await resources.disposeAsync();
      if (code !== 0) throw new Error(`the server ended with ${code}: ${running.err.text()}`);
    },
  };
}
