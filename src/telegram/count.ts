/**
 * How many messages a query means, by Telegram's own counters: nothing is read but the ends of its range.
 * @module
 */
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import type { Point } from "./dates.ts";
import { readHistory, sliceRequest } from "./history.ts";
import { type HistoryQuery, isFilteredHere, partsOf } from "./query.ts";

/**
 * Counts the messages of a query. Undefined where the counters cannot tell exactly: a condition is checked here, or Telegram
 * calls its count inexact, or does not say at which place of the list an end of the range lies.
 */
export async function countMessages(
  call: Call,
  query: HistoryQuery,
  options?: CallOptions,
): Promise<number | undefined> {
  if (isFilteredHere(query) || query.unreadAfter !== undefined) return undefined;
  let sum = 0;
  for (const part of partsOf(query)) {
    const count = await countPart(call, part, options);
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum;
}

/** Counts one space of ids: what lies below the end of the range, less what lies below its beginning. */
async function countPart(call: Call, query: HistoryQuery, options?: CallOptions): Promise<number | undefined> {
  const { from, to } = query.range ?? {};
  const [end, begin] = await Promise.all([
    to === undefined ? countAll(call, query, options) : countBelow(call, query, to, options),
    from === undefined ? 0 : countBelow(call, query, from, options),
  ]);
  return end === undefined || begin === undefined ? undefined : Math.max(0, end - begin);
}

async function countAll(call: Call, query: HistoryQuery, options?: CallOptions): Promise<number | undefined> {
  const answer = await call(sliceRequest(query, { offsetId: 0, addOffset: 0, limit: 1 }), options);
  if (answer.className === "messages.MessagesNotModified") return undefined;
  if (answer.className === "messages.Messages") return answer.messages.length;
  return answer.inexact ? undefined : answer.count;
}

/**
 * How many messages of the list, be it the whole history or what Telegram lets through, lie below a point. By the place
 * (`offset_id_offset`, https://core.telegram.org/constructor/messages.messagesSlice) of what is next to it, and counted from
 * the old end, so that arrivals between two requests do not matter.
 */
async function countBelow(
  call: Call,
  query: HistoryQuery,
  point: Point,
  options?: CallOptions,
): Promise<number | undefined> {
  const id = await firstIdOf(call, query, point, options);
  if (id <= 1) return 0;
  // One message at or above the id, if there is one, and one below.
  const answer = await call(sliceRequest(query, { offsetId: id, addOffset: -1, limit: 2 }), options);
  if (answer.className === "messages.MessagesNotModified") return undefined;
  const above = answer.messages.filter((message) => message.id >= id).length;
  const below = answer.messages.length - above;
  if (answer.className === "messages.Messages") return answer.messages.length === 0 ? undefined : below;
  if (answer.inexact) return undefined;
  const place = answer.offsetIdOffset ?? (above === 0 && below > 0 ? 0 : undefined);
  return place === undefined ? undefined : answer.count - place - above;
}

/** The id from which on messages lie at or behind a point: the newest one before it, plus one. */
async function firstIdOf(call: Call, query: HistoryQuery, point: Point, callOptions?: CallOptions): Promise<number> {
  if ("id" in point) return point.id;
  const before: HistoryQuery = { chat: query.chat, direction: "newest_first", range: { to: point } };
  for await (const { messages } of readHistory(call, before, { pageSize: 10, callOptions })) {
    const [newest] = messages;
    if (newest !== undefined) return newest.id + 1;
  }
  return 1;
}
