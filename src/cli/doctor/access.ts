/**
 * `doctor`: whether there is anybody whom the server would answer.
 * @module
 */
import { existsSync } from "node:fs";
import { createKeyStore } from "../../auth/keys.ts";
import { refuseUnlocked } from "../../auth/unlocked.ts";
import type { Config } from "../../config/config.ts";
import { LOCAL_PRINCIPAL } from "../../model/principal.ts";
import { databasePath, openDataDirectory } from "../../storage/open.ts";
import { failed, type Outcome } from "./outcome.ts";

/** Beyond this machine nobody is answered without a key. Nothing is said where the server would start. */
export function checkAccess(config: Pick<Config, "auth" | "http" | "dataDir">): Promise<Outcome[]> {
  try {
    refuseUnlocked(config, () => config.auth.apiKey !== undefined || hasStoredKeys(config.dataDir));
    return Promise.resolve([]);
  } catch (error) {
    return Promise.resolve([failed(error)]);
  }
}

/** Looking makes no database where there is none. */
function hasStoredKeys(dataDir: string): boolean {
  if (!existsSync(databasePath(dataDir))) return false;
  using db = openDataDirectory(dataDir);
  return createKeyStore(db, LOCAL_PRINCIPAL.accountId).goodSecrets().length > 0;
}
