/**
 * The product as a process, on a sandbox, with nginx in front of it.
 * @module
 */
import { command, type Running, until } from "../cli/command.ts";
import { startSandbox, type TestSandbox } from "../e2e/sandbox.ts";
import { freePort, isUp } from "../http/port.ts";
import { INITIALIZE } from "../mcp/raw.ts";
import { startTap, type Tap } from "./tap.ts";
import { freePorts, type Nginx, type NginxOptions, startNginx, type Version } from "./nginx.ts";

/** A key that may read, export and see the metrics. */
export const KEY = "key-0123456789abcdefghijklmnopqrstuvwxyz";
/** Its header. */
export const BEARER = { authorization: `Bearer ${KEY}` };

/** The same as words of curl. */
export const AUTHORIZATION = ["-H", `Authorization: Bearer ${KEY}`];
/** Words of curl for a call, of MCP or not. */
export const JSON_BODY = ["-H", "Content-Type: application/json", "-H", "Accept: application/json, text/event-stream"];

/** All three. */
export interface Stage extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly nginx: Nginx;
  /** On the way from nginx to the product, if the stage was started so. */
  readonly tap: Tap;
  /** Where the product itself is, without nginx. */
  readonly direct: string;
  /** The product's process, which {@link Stage.restart} replaces. */
  server(): Running;
  /** Starts the product anew at the same port, after its former process has ended. */
  restart(): Promise<void>;
}

/** What {@link startStage} takes. */
export interface StageOptions extends NginxOptions {
  /** Variables of the product. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether nginx reaches the product by the tap. */
  readonly isTapped?: boolean;
}

/** Opens an MCP session; the headers of a stream in it. */
export async function openSession({ nginx }: Stage): Promise<Record<string, string>> {
  const opened = await nginx.fetch(`${nginx.url}/mcp`, {
    method: "POST",
    headers: { ...BEARER, "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify(INITIALIZE),
  });
  await opened.text();
  const id = opened.headers.get("mcp-session-id") ?? "";
  return { ...BEARER, accept: "text/event-stream", "mcp-session-id": id };
}

/** Starts them; clients need {@link KEY}. */
export async function startStage(version: Version, options: StageOptions = {}): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const ports = freePorts();
  const port = freePort();
  const direct = `http://127.0.0.1:${port}`;
  const tap = stack.use(startTap(port));
  const environment = {
    ...sandbox.environment,
    MCP_AUTH: "keys",
    MCP_API_KEY: KEY,
    MCP_SERVER_PORT: `${port}`,
    LOG_FORMAT: "json",
    PUBLIC_URL: `https://localhost:${ports.https}`,
    TRUSTED_PROXIES: "127.0.0.1",
    ...(options.isTapped && { ALLOWED_HOSTS: `127.0.0.1:${tap.port}` }),
    ...options.environment,
  };
  let server: Running = command(["serve"], environment);
  stack.defer(() => server[Symbol.asyncDispose]());
  const ready = (): Promise<void> => until(() => isUp(`${direct}/health/ready`), "the product is ready", 30);
  await ready();
  const nginx = stack.use(
    await startNginx(version, {
      ...options,
      ports,
      variables: { UPSTREAM: `127.0.0.1:${options.isTapped ? tap.port : port}`, ...options.variables },
    }),
  );
  const resources = stack.move();
  return {
    sandbox,
    nginx,
    tap,
    direct,
    server: () => server,
    restart: async () => {
      await server[Symbol.asyncDispose]();
      server = command(["serve"], environment);
      await ready();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
