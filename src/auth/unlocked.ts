/**
 * Servers that nobody can ask yet.
 * @module
 */
import type { Config } from "../config/config.ts";
import { isLoopback } from "../config/formats.ts";

/** What there is to know of a server that answers nobody for want of a key, and what to do about it. */
export interface Unlocked {
  /** A sentence. */
  readonly message: string;
  readonly hint: string;
}

/**
 * Says so where nobody can ask, since keys are asked for and there is none. The server is as closed then as with keys, and the first
 * one that is made counts at once. On this machine alone, commands ask by a key of their own.
 * @param hasKeys whether there is one
 */
export function findUnlocked(
  { auth, http: { host } }: Pick<Config, "auth" | "http">,
  hasKeys: () => boolean,
): Unlocked | undefined {
  if (auth.mode === "none" || isLoopback(host) || hasKeys()) return undefined;
  return {
    message: "There is no API key: the server answers nobody beyond this machine.",
    hint: "Make one with the command `keys create --name NAME`, beside a running server too, or set MCP_API_KEY.",
  };
}
