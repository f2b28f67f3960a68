/**
 * Servers that nobody could ask.
 * @module
 */
import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { isLoopback } from "../config/formats.ts";
import { AppError } from "../errors.ts";
import { LOCAL_PRINCIPAL } from "../model/principal.ts";
import { databasePath, openDataDirectory } from "../storage/open.ts";
import { createKeyStore } from "./keys.ts";

/**
 * Refuses to serve beyond this machine without a key: nobody would be answered, so it is a mistake.
 * @throws AppError UNSUPPORTED, and what opening the database throws
 */
export function refuseUnlocked({ auth, http: { host }, dataDir }: Pick<Config, "auth" | "http" | "dataDir">): void {
  if (auth.mode === "none" || isLoopback(host) || auth.apiKey !== undefined || hasStoredKeys(dataDir)) return;
  const message = `There is no API key, and the server would be reached from beyond this machine (${host}).`;
  throw new AppError("UNSUPPORTED", message, {
    field: "MCP_SERVER_HOST",
    hint: "Make one with the command `keys create --name NAME`, or set MCP_API_KEY.",
  });
}

/** Looking makes no database where there is none. */
function hasStoredKeys(dataDir: string): boolean {
  if (!existsSync(databasePath(dataDir))) return false;
  using db = openDataDirectory(dataDir);
  return createKeyStore(db, LOCAL_PRINCIPAL.accountId).goodSecrets().length > 0;
}
