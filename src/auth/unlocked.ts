/**
 * Servers that nobody could ask.
 * @module
 */
import type { Config } from "../config/config.ts";
import { isLoopback } from "../config/formats.ts";
import { AppError } from "../errors.ts";

/**
 * Refuses to serve beyond this machine without a key: nobody would be answered, so it is a mistake.
 * @param hasKeys whether there is one
 * @throws AppError UNSUPPORTED
 */
export function refuseUnlocked({ auth, http: { host } }: Pick<Config, "auth" | "http">, hasKeys: () => boolean): void {
  if (auth.mode === "none" || isLoopback(host) || hasKeys()) return;
  const message = `There is no API key, and the server would be reached from beyond this machine (${host}).`;
  throw new AppError("UNSUPPORTED", message, {
    field: "MCP_SERVER_HOST",
    hint: "Make one with the command `keys create --name NAME`, or set MCP_API_KEY.",
  });
}
