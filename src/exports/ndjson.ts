/**
 * A chat's history as NDJSON: one `message/1` a line, oldest first, in constant memory.
 * @module
 */
import type { Message } from "../model/message.ts";
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import type { Range } from "../telegram/dates.ts";
import { isReadWhole, readHistory } from "../telegram/history.ts";
import { readHistoryAhead } from "../telegram/history_ahead.ts";
import { mapMessage } from "../telegram/map/message.ts";
import { type HistoryQuery, isBeyond, isWithin } from "../telegram/query.ts";
import { hasOwnIds, type Page } from "./tally.ts";

/** What is exported. */
export interface ExportQuery extends Pick<HistoryQuery, "chat" | "range" | "topic" | "sender" | "type"> {
  /** The account's own marked id. */
  readonly self: string;
  /** At most so many messages. */
  readonly limit?: number;
  /** Messages with a higher id came after the export began. */
  readonly upTo: number;
  /** Goes on behind this message. */
  readonly after?: number;
}

/** A stretch of lines, to be written as it is, and what was read for it: enough for a tally. */
export interface Lines extends Omit<Page, "segment" | "deletions"> {
  readonly text: string;
  readonly kept: readonly Message[];
  /** The last message that was looked at, where a later export can go on. */
  readonly reached: number;
}

/** Options of {@link exportLines}. */
export interface LinesOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly callOptions?: CallOptions;
  /** Pages that may be under way or waiting, 1 by default. Only a chat with ids of its own that is read whole has more than one. */
  readonly readAhead?: number;
}

/** Reads and renders the messages of a query; each is yielded once. A stretch may be without lines. */
export async function* exportLines(
  call: Call,
  query: ExportQuery,
  options: LinesOptions = {},
): AsyncGenerator<Lines, void, undefined> {
  const { chat, self, upTo, after, range = {}, topic, sender, type } = query;
  const { now = Date.now, readAhead = 1 } = options;
  const callOptions: CallOptions = { ...options.callOptions, background: true };
  let left = query.limit ?? Infinity;
  if (left <= 0) return;
  const wanted: HistoryQuery = { chat, direction: "oldest_first", range, topic, sender, type };
  const isWhole = isReadWhole(wanted);
  let at = after ?? 0;
  const walk = readAhead > 1 && isWhole && hasOwnIds(chat.kind)
    ? readHistoryAhead(call, wanted, { after, last: lastId(range, upTo), pages: readAhead, callOptions })
    : readHistory(call, wanted, { after: after === undefined ? undefined : { chat: chat.id, id: after }, callOptions });
  for await (const { messages, seen, peers, reached } of walk) {
    const observedAt = new Date(now()).toISOString();
    const kept = messages.filter(({ id }) => id <= upTo).slice(0, left).map((message) =>
      mapMessage(message, { chat, self, peers, observedAt })
    );
    const ids = new Set(kept.map(({ id }) => id));
    const end = Math.min(reached.id, upTo);
    yield {
      text: kept.map((message) => `${JSON.stringify(message)}\n`).join(""),
      kept,
      looked: seen.filter((message) => message.id <= upTo && isWithin(range, message)).map(({ id, className }) => ({
        id,
        verdict: ids.has(id) ? "kept" : className === "MessageService" ? "service" : "filtered",
      })),
      ...(isWhole ? { from: at + 1, to: end } : {}),
      reached: end,
    };
    at = end;
    left -= kept.length;
    if (left <= 0 || end >= upTo || isBeyond(wanted, reached)) return;
  }
  // Nothing lies behind the last message: that too is an answer.
  if (isWhole && at < upTo) yield { text: "", kept: [], looked: [], from: at + 1, to: upTo, reached: upTo };
}

/** The highest id that the export may have. */
function lastId({ to }: Range, upTo: number): number {
  return to !== undefined && "id" in to ? Math.min(to.id - 1, upTo) : upTo;
}
