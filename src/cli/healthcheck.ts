/**
 * The command `healthcheck`.
 * @module
 */
import { loadConfig } from "../config/load.ts";
import { AppError } from "../errors.ts";
import { localUrl } from "../http/address.ts";
import { askServer } from "./ask.ts";

/**
 * Asks `GET /health/live` of the server on this machine.
 * @throws AppError CONNECTION when it does not answer with 200
 */
export async function healthcheck(): Promise<number> {
  const { host, port } = loadConfig().http;
  const url = `${localUrl(host, port)}/health/live`;
  try {
    const { status } = await askServer(url);
    if (status === 200) return 0;
    throw new Error(`status ${status}`);
  } catch (cause) {
    throw new AppError("CONNECTION", `The server does not answer at ${url}.`, {
      hint: "Start it, or set MCP_SERVER_HOST and MCP_SERVER_PORT to where it listens.",
      cause,
    });
  }
}
