/**
 * Messages of a query looked at one by one, newest first, as far as one call goes.
 * @module
 */
import { AppError } from "../errors.ts";
import { readHistory, type Slice } from "../telegram/history.ts";
import { mapMessage } from "../telegram/map/message.ts";
import type { HistoryQuery } from "../telegram/query.ts";
import type { Directory } from "../telegram/resolve.ts";
import type { Counted } from "../telegram/stats.ts";
import type { Entry } from "./page.ts";

/** Messages that one call looks at. */
export const MOST_SCANNED = 20_000;
/** Seconds that one call looks. */
export const MOST_SECONDS = 40;

/** A message that was looked at. */
export type Scanned = Counted & Entry;

/** How far a scan came. */
export interface Coverage {
  /** Where it stopped before the end: everything from this second on was looked at. */
  readonly from?: number;
  /** Why it stopped: enough looked at, or Telegram asks to wait. */
  readonly stopped?: "scan" | "time" | AppError;
}

/** What {@link scan} needs besides the query. */
export interface ScanOptions {
  /** Milliseconds. */
  readonly now: () => number;
  /** The account's own marked id. */
  readonly self: string;
  /** Told how many messages were looked at so far. */
  readonly onProgress: (scanned: number) => void;
  /** Given the messages that match, a batch at a time. */
  readonly onMessages: (messages: readonly Scanned[]) => void;
}

/**
 * Hands over the messages of a query, those of each second all or none, until the history ends, Telegram asks to wait, or enough
 * was looked at.
 * @throws AppError when nothing was looked at yet
 */
export async function scan(
  { call, options: callOptions }: Directory,
  query: HistoryQuery,
  { now, self, onProgress, onMessages }: ScanOptions,
): Promise<Coverage> {
  const observedAt = new Date(now()).toISOString();
  const until = now() + MOST_SECONDS * 1000;
  let scanned = 0;
  let reached: Slice["reached"] | undefined;
  /** Messages of the second that was reached: there may be more of them. */
  let held: readonly Scanned[] = [];
  const stop = (stopped: NonNullable<Coverage["stopped"]>): Coverage => ({
    ...(reached === undefined ? {} : { from: reached.date + 1 }),
    stopped,
  });
  try {
    for await (const slice of readHistory(call, query, { callOptions })) {
      if (scanned >= MOST_SCANNED) return stop("scan");
      if (now() >= until && reached !== undefined) return stop("time");
      const { chat, peers } = slice;
      const found = slice.messages.map((raw): Scanned => ({
        raw,
        message: mapMessage(raw, { chat, self, peers, observedAt }),
        chat,
      }));
      const all = [...held, ...found];
      const { date } = slice.reached;
      onMessages(all.filter(({ raw }) => raw.date > date));
      held = all.filter(({ raw }) => raw.date <= date);
      scanned += slice.scanned;
      reached = slice.reached;
      onProgress(scanned);
    }
    onMessages(held);
    return {};
  } catch (error) {
    if (reached === undefined || !(error instanceof AppError) || error.retryAfter === undefined) throw error;
    return stop(error);
  }
}
