/**
 * The product for tests: the real app behind the real listener, in this process, connected to a sandbox.
 * @module
 */
import { z } from "zod";
import { createApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config/load.ts";
import { serve } from "../../src/http/server.ts";
import { configureLogging } from "../../src/observability/log.ts";
import { logOfServers } from "../records/folder.ts";

/** A running server. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** Calls a tool over plain HTTP: its output, or its problem. */
  call(tool: string, args: unknown): Promise<Answer>;
}

/** What a tool call answered. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** For all servers of a test's module: the log is the process's. Everything is logged, whatever a test's variables say. */
const write = logOfServers();
if (write !== undefined) configureLogging({ level: "debug", format: "json" }, { write });

const objectSchema = z.record(z.string(), z.unknown());

/**
 * Starts the product on any free port.
 * @param environment its variables, a sandbox's for one; nobody needs a key unless MCP_AUTH is among them
 */
export async function startServer(environment: Readonly<Record<string, string>>): Promise<TestServer> {
  const variables: Readonly<Record<string, string>> = { MCP_AUTH: "none", ...environment };
  const config = loadConfig((name) => variables[name], undefined, { names: [], terminal: false });
  await using stack = new AsyncDisposableStack();
  const app = stack.use(await createApp(config));
  const server = stack.use(serve({ handler: app.fetch, host: "127.0.0.1", port: 0 }));
  const resources = stack.move();
  return {
    url: server.url,
    call: async (tool, args) => {
      const response = await fetch(`${server.url}/api/tools/${tool}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(args),
      });
      return { status: response.status, body: objectSchema.parse(await response.json()) };
    },
    [Symbol.asyncDispose]: async () => {
      await app.drain();
      await resources.disposeAsync();
    },
  };
}
