/**
 * `doctor`: whether there is anybody whom the server would answer.
 * @module
 */
import { refuseUnlocked } from "../../auth/unlocked.ts";
import type { Config } from "../../config/config.ts";
import { failed, type Outcome } from "./outcome.ts";

/** Beyond this machine nobody is answered without a key. Nothing is said where the server would start. */
export function checkAccess(config: Pick<Config, "auth" | "http" | "dataDir">): Promise<Outcome[]> {
  try {
    refuseUnlocked(config);
    return Promise.resolve([]);
  } catch (error) {
    return Promise.resolve([failed(error)]);
  }
}
