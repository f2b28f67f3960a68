/**
 * What a login in one process is worth in another.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { SignInSandbox } from "../telegram/signing_in.ts";
import { command, interactive, type Ran, result, type Running, until } from "./command.ts";

/** Variables. */
export type Environment = Readonly<Record<string, string>>;

/** Runs a command into which lines are piped. */
export async function piped(args: readonly string[], input: string, environment: Environment): Promise<Ran> {
  await using running = interactive(args, environment);
  await running.type(input);
  await running.endInput();
  return await result(running);
}

/** `fetch_history` of a server with what is stored there. */
export async function assertStoredServes(environment: Environment): Promise<void> {
  await using server = command(["serve"], { ...environment, MCP_SERVER_PORT: "0" });
  assert.deepEqual(await fetched(await urlOf(server)), [200, 1]);
}

/** Where a server that is starting listens. */
export async function urlOf(server: Running): Promise<string> {
  const line = await server.out.line(/^MCP endpoint: /);
  return line.slice("MCP endpoint: ".length).replace(/\/mcp$/, "");
}

/** Waits until a server can be asked for messages. */
export async function untilReady(url: string): Promise<void> {
  await until(
    async () => {
      const response = await fetch(`${url}/health/ready`);
      await response.body?.cancel();
      return response.ok;
    },
    "it is ready",
    60,
  );
}

/** The status and the count of messages that `fetch_history` answers with. */
export async function fetched(url: string): Promise<unknown[]> {
  const response = await fetch(`${url}/api/tools/fetch_history`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ chat: "@sandbox_news", limit: 1 }),
  });
  return [response.status, Object(await response.json()).count];
}

/** The session's file. */
export function storedText(sandbox: SignInSandbox): string {
  return Deno.readTextFileSync(join(sandbox.directory, "data", "session")).trim();
}
