/**
 * A server that asks for keys, and commands beside it.
 * @module
 */
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { command, type Running } from "./command.ts";
import { type Environment, urlOf } from "./signed_in.ts";

/** A server that asks for keys, on a data directory that commands use too. */
export interface Served extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly environment: Environment;
  readonly server: Running;
  readonly url: string;
}

/** Starts one. */
export async function startServed(): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const environment = {
    ...sandbox.environment,
    MCP_SERVER_PORT: "0",
    MCP_AUTH: "keys",
    MCP_SERVER_LOG_LEVEL: "debug",
  };
  const server = stack.use(command(["serve"], environment));
  const url = await urlOf(server);
  const resources = stack.move();
  return { sandbox, environment, server, url, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** The header of a key. */
export const bearer = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });
