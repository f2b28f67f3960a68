/**
 * What a tool reads from: the account, with the patience of one call.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import { patient, type Wait } from "../mtproto/flood.ts";
import type { Account } from "../telegram/account.ts";
import type { Directory } from "../telegram/resolve.ts";
import type { Cursors } from "./cursor.ts";
import type { ToolContext } from "./registry.ts";

/** What every reading tool is built from. */
export interface Sources {
  readonly account: Account;
  readonly cursors: Cursors;
  /** Seconds that one tool call waits in all for floods and for a lost connection. */
  readonly patience: number;
  /** `limit`'s upper bound. */
  readonly maxPageSize: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The account for one tool call: waits within the patience, says so as progress, and ends with the caller. */
export function openDirectory(sources: Sources, context: ToolContext): Directory {
  const { account, patience } = sources;
  const { signal, progress } = context;
  const onWait = ({ reason, seconds }: Wait): void =>
    progress(
      reason === "flood"
        ? `Telegram asks to wait ${seconds} s`
        : `Telegram cannot be reached; trying again in ${seconds.toFixed(1)} s`,
    );
  const sleep = (seconds: number, abort?: AbortSignal): Promise<void> =>
    sleepMs(seconds * 1000, undefined, { signal: abort });
  return { ...account, call: patient(account.call, { seconds: patience, onWait, sleep }), options: { signal } };
}
