/**
 * As much of a history as one page needs.
 * @module
 */
import { AppError } from "../errors.ts";
import { formatPoint } from "../telegram/dates.ts";
import { type HistoryQuery, isFilteredHere, readHistory, type Slice } from "../telegram/history.ts";
import type { Directory } from "../telegram/resolve.ts";

/** Messages that one call looks at when it has to sort them out here. */
const MOST_SCANNED = 2000;

/** What a walk brought: messages for the page and, if it read so far, some behind it. */
export interface Walk {
  readonly found: readonly { readonly message: Slice["messages"][number]; readonly peers: Slice["peers"] }[];
  readonly hasMore: boolean;
  readonly total?: number;
  /** The last message looked at. */
  readonly reached?: number;
  readonly reachedDate?: number;
  /** Why it stopped before the end, if not because the page was full. */
  readonly stopped?: "scan" | AppError;
}

/**
 * Reads until the page is full, the history ends, Telegram asks to wait, or enough was looked at.
 * @param after goes on behind this message id
 * @throws AppError when there is nothing to show for it yet
 */
export async function collect(directory: Directory, query: HistoryQuery, limit: number, after?: number): Promise<Walk> {
  const found: { message: Slice["messages"][number]; peers: Slice["peers"] }[] = [];
  const here = isFilteredHere(query);
  const pageSize = here ? 100 : Math.min(100, limit + 1);
  let [scanned, total] = [0, undefined as number | undefined];
  let reached: Slice["reached"] | undefined;
  const end = (hasMore: boolean, stopped?: Walk["stopped"]): Walk => ({
    found,
    hasMore,
    total,
    reached: reached?.id ?? after,
    reachedDate: reached?.date,
    stopped,
  });
  try {
    for await (
      const slice of readHistory(directory.call, query, { after, pageSize, callOptions: directory.options })
    ) {
      found.push(...slice.messages.map((message) => ({ message, peers: slice.peers })));
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

/** Why the walk ended before the page was full. */
export function endNotesOf({ stopped, reached, reachedDate }: Walk): string[] {
  if (stopped === undefined) return [];
  if (stopped !== "scan") {
    return [`Telegram asks to wait, so the page is short; next_cursor goes on after ${stopped.retryAfter} s.`];
  }
  const date = reachedDate === undefined ? "" : ` of ${formatPoint({ seconds: reachedDate })}`;
  return [`Looked at ${MOST_SCANNED} messages, as far as #${reached}${date}; next_cursor looks further.`];
}
