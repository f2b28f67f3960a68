/**
 * Where the way to Telegram stands, for health, metrics, logs and errors.
 * @module
 */
import type { ConnectionStatus } from "./connection.ts";

/** The connection's state, or the flood wait that keeps it from being of full use. Times are milliseconds since the epoch. */
export type TelegramStatus =
  | ConnectionStatus
  | { readonly state: "flood_waiting"; readonly method: string; readonly until: number };

/** A {@link TelegramStatus} as callers read it: times in RFC 3339. */
export interface StatusBody {
  readonly state: TelegramStatus["state"];
  /** Since when the connection is lost. */
  readonly since?: string;
  /** When the flood wait ends. */
  readonly until?: string;
  /** The TL method that Telegram does not want to be asked until then. */
  readonly method?: string;
  readonly reason?: string;
}

/** A status as JSON. */
export function statusBody(status: TelegramStatus): StatusBody {
  const { state } = status;
  if (state === "flood_waiting") return { state, until: rfc3339(status.until), method: status.method };
  if (state === "reconnecting") return { state, since: rfc3339(status.since), reason: status.reason };
  return state === "needs_login" ? { state, reason: status.reason } : { state };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
