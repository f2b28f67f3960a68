/**
 * What a tool reads from: the account, with the patience of one call.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Exports } from "../exports/runner.ts";
import { patient, type Wait } from "../mtproto/flood.ts";
import type { Call } from "../mtproto/invoke.ts";
import type { Account } from "../telegram/account.ts";
import type { Directory } from "../telegram/resolve.ts";
import type { Principal } from "../model/principal.ts";
import type { Cursors } from "./cursor.ts";
import type { ExportLinks } from "./export_links.ts";
import type { MediaLinks } from "./media_links.ts";
import type { ToolContext } from "./registry.ts";

/** What every reading tool is built from. */
export interface Sources {
  /** The account as a principal may see it. */
  readonly accountOf: (principal: Principal) => Account;
  readonly cursors: Cursors;
  /** Seconds that one tool call waits in all for floods and for a lost connection. */
  readonly patience: number;
  /** `limit`'s upper bound. */
  readonly maxPageSize: number;
  readonly links: MediaLinks;
  readonly exports: Exports;
  readonly exportLinks: ExportLinks;
  /** Whether media of chats that forbid saving may be read. */
  readonly allowProtected: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Who waits: how to tell, and when to stop. */
export type Waiter = Pick<ToolContext, "signal" | "progress">;

/** Gives a `Call` a patience of its own, which says what it waits for as progress. */
export function waiting({ patience }: Sources, { progress }: Waiter): (call: Call) => Call {
  const onWait = ({ reason, seconds }: Wait): void =>
    progress(
      reason === "flood"
        ? `Telegram asks to wait ${seconds} s`
        : `Telegram cannot be reached; trying again in ${seconds.toFixed(1)} s`,
    );
  const sleep = (seconds: number, abort?: AbortSignal): Promise<void> =>
    sleepMs(seconds * 1000, undefined, { signal: abort });
  return (call) => patient(call, { seconds: patience, onWait, sleep });
}

/** Who reads. */
export type Reader =
  & Pick<ToolContext, "principal" | "signal" | "progress">
  // A command's own work is no call.
  & Partial<Pick<ToolContext, "touched">>;

/** The account as the reader may see it, with what is asked noted. */
export function accountFor(sources: Sources, { principal, touched }: Reader): Account {
  const account = sources.accountOf(principal);
  return touched?.noting(account) ?? account;
}

/** The account for one tool call: waits within the patience and ends with the caller. */
export function openDirectory(sources: Sources, reader: Reader): Directory {
  const account = accountFor(sources, reader);
  return { ...account, call: waiting(sources, reader)(account.call), options: { signal: reader.signal } };
}
