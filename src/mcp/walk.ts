/**
 * As much of a history as one page needs.
 * @module
 */
import { AppError } from "../errors.ts";
import { formatPoint } from "../telegram/dates.ts";
import { type Place, readHistory, type Slice } from "../telegram/history.ts";
import { mapMessage } from "../telegram/map/message.ts";
import type { Located } from "../telegram/messages.ts";
import { type HistoryQuery, isFilteredHere } from "../telegram/query.ts";
import type { Directory } from "../telegram/resolve.ts";
import type { Entry } from "./page.ts";

/** Messages that one call looks at when it has to sort them out here. */
export const MOST_SCANNED = 2000;

/** What a walk brought: messages for the page and, if it read so far, some behind it. */
export interface Walk {
  readonly found: readonly Entry[];
  readonly hasMore: boolean;
  readonly total?: number;
  /** The last message looked at. */
  readonly reached?: Place;
  readonly reachedDate?: number;
  /** Why it stopped before the end, if not because the page was full. */
  readonly stopped?: "scan" | AppError;
}

/** What {@link collect} needs besides the query. */
export interface WalkLimits {
  readonly limit: number;
  /** Goes on behind this message. */
  readonly after?: Place;
  /** The account's own marked id. */
  readonly self: string;
  /** RFC 3339. */
  readonly observedAt: string;
}

/** A message as an entry of a page. */
export function toEntry(
  { chat, message, peers }: Located,
  { self, observedAt }: Pick<WalkLimits, "self" | "observedAt">,
): Entry {
  return { message: mapMessage(message, { chat, self, peers, observedAt }), chat };
}

/**
 * Reads until the page is full, the history ends, Telegram asks to wait, or enough was looked at.
 * @throws AppError when there is nothing to show for it yet
 */
export async function collect(directory: Directory, query: HistoryQuery, limits: WalkLimits): Promise<Walk> {
  const { limit, after } = limits;
  const found: Entry[] = [];
  const here = isFilteredHere(query);
  const pageSize = here ? 100 : Math.min(100, limit + 1);
  let [scanned, total] = [0, undefined as number | undefined];
  let reached: Slice["reached"] | undefined;
  const end = (hasMore: boolean, stopped?: Walk["stopped"]): Walk => ({
    found,
    hasMore,
    total,
    reached: reached ?? after,
    reachedDate: reached?.date,
    stopped,
  });
  const { call, options: callOptions } = directory;
  try {
    for await (const slice of readHistory(call, query, { after, pageSize, callOptions })) {
      const { chat, peers } = slice;
      found.push(...slice.messages.map((message) => toEntry({ chat, message, peers }, limits)));
      scanned += slice.scanned;
      total = slice.total;
      reached = slice.reached;
      if (found.length > limit || (found.length === limit && slice.more)) return end(true);
      if (here && scanned >= MOST_SCANNED) return end(true, "scan");
    }
    return end(false);
  } catch (error) {
    const isBegun = reached !== undefined && error instanceof AppError && error.retryAfter !== undefined;
    if (!isBegun) throw error;
    return end(true, error);
  }
}

/** Who it is that makes a reader wait. */
export function pauseOf({ code }: AppError): string {
  return code === "FLOOD_WAIT" ? "Telegram asks to wait" : "Telegram cannot be asked at the moment";
}

/** Why the walk ended before the page was full. */
export function endNotesOf({ stopped, reached, reachedDate }: Walk): string[] {
  if (stopped === undefined) return [];
  if (stopped !== "scan") {
    return [`${pauseOf(stopped)}, so the page is short; next_cursor goes on after ${stopped.retryAfter} s.`];
  }
  const date = reachedDate === undefined ? "" : ` of ${formatPoint({ seconds: reachedDate })}`;
  return [`Looked at ${MOST_SCANNED} messages, as far as #${reached?.id}${date}; next_cursor looks further.`];
}
