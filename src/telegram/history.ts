/**
 * A chat's history, read in order, completely and once
 * (https://core.telegram.org/method/messages.getHistory, https://core.telegram.org/method/messages.search,
 * https://core.telegram.org/method/messages.getReplies).
 *
 * Paging (https://core.telegram.org/api/offsets) goes by message id alone: `offset_id` and `add_offset` choose a slice,
 * and everything else is checked here, since Telegram applies its own bounds to a slice after choosing it. So a short
 * page never ends a walk, an empty one does. Dates are turned into ids once, at the start.
 * @module
 */
import { AppError } from "../errors.ts";
import { Api, bigInt, type TlRequest } from "../mtproto/gram.ts";
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import { serverFilter } from "./filters.ts";
import { inputPeer } from "./input.ts";
import type { TlMessage } from "./map/message.ts";
import type { Peer } from "./map/peer.ts";
import { peersOf } from "./peers.ts";
import { type HistoryQuery, isBeyond, isSenderCheckedHere, matcher, partsOf } from "./query.ts";

/** A message's place: ids of different chats mean nothing to each other. */
export interface Place {
  /** Marked id. */
  readonly chat: string;
  readonly id: number;
}

/** A stretch of the walk. */
export interface Slice {
  /** The chat of the messages: that of the query, or what it was before. */
  readonly chat: Peer;
  /** Matching messages, in the query's order. */
  readonly messages: readonly TlMessage[];
  /** All messages that were looked at, in the query's order. */
  readonly seen: readonly TlMessage[];
  /** Users and chats that the answer named. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** How many messages were looked at. */
  readonly scanned: number;
  /** The last message that was looked at, where a walk can go on. */
  readonly reached: Place & { readonly date: number };
  /** How many messages Telegram says there are: all of the chat, or all that its own filter lets through. */
  readonly total?: number;
  /** True when Telegram's counters say that more lies behind; what else they say is not relied on. */
  readonly more: boolean;
}

/** Options of {@link readHistory}. */
export interface WalkOptions {
  /** Goes on behind this message. */
  readonly after?: Place;
  /** Messages a request, 1 to 100. */
  readonly pageSize?: number;
  readonly callOptions?: CallOptions;
}

/** The latest date that TL can say, in unix seconds. */
export const LATEST_DATE = 0x7fffffff;

/** Walks the messages of a query, each of them once, until there are no more. */
export async function* readHistory(
  call: Call,
  query: HistoryQuery,
  options: WalkOptions = {},
): AsyncGenerator<Slice, void, undefined> {
  const { after } = options;
  const parts = partsOf(query);
  const current = after === undefined ? 0 : parts.findIndex(({ chat }) => chat.id === after.chat);
  if (current === -1) {
    throw new AppError("INVALID_CURSOR", "The part of the history that the cursor stands in can no longer be read.", {
      field: "cursor",
    });
  }
  for (const [index, part] of parts.entries()) {
    if (index < current) continue;
    const behind = index < parts.length - 1;
    for await (const slice of readPart(call, part, options, index === current ? after?.id : undefined)) {
      yield behind ? { ...slice, more: true } : slice;
    }
  }
}

/** Walks one space of ids. */
async function* readPart(
  call: Call,
  query: HistoryQuery,
  { pageSize = 100, callOptions }: WalkOptions,
  after: number | undefined,
): AsyncGenerator<Slice, void, undefined> {
  const { chat } = query;
  const matches = matcher(query);
  const newest = query.direction === "newest_first";
  const start = after ?? await startingPoint(call, query, callOptions);
  if (start === undefined) return;
  for (let at: number = start;;) {
    // Newest first, the slice lies below the id; oldest first, it is the one just above it, asked for by a negative offset.
    const offset = newest ? { offsetId: at, addOffset: 0 } : { offsetId: at + 1, addOffset: -pageSize };
    const request = sliceRequest(query, { ...offset, limit: pageSize });
    const answer: Api.messages.TypeMessages = await call(request, callOptions);
    if (answer.className === "messages.MessagesNotModified") return;
    const from = at;
    const ahead = answer.messages
      .filter((message) => newest ? from === 0 || message.id < from : message.id > from)
      .sort((a, b) => newest ? b.id - a.id : a.id - b.id);
    const end = ahead.at(-1);
    if (end === undefined) return;
    const seen = ahead.filter(isMessage);
    const last = seen.at(-1);
    const isWhole = answer.className === "messages.Messages";
    if (last !== undefined) {
      yield {
        chat,
        messages: seen.filter(matches),
        seen,
        peers: new Map(peersOf(answer).map((peer) => [peer.id, peer])),
        scanned: seen.length,
        reached: { chat: chat.id, id: last.id, date: last.date },
        ...(!isWhole ? (answer.inexact ? {} : { total: answer.count }) : from === 0 ? { total: seen.length } : {}),
        more: !isWhole && !isBeyond(query, last) && hasMore(answer, { newest, isFirst: from === 0 }),
      };
      if (isBeyond(query, last)) return;
    }
    if (isWhole && answer.messages.length < pageSize) return;
    at = end.id;
  }
}

/** By `offset_id_offset`, the place of the first message in the whole list, newest first. */
function hasMore(
  answer: Api.messages.MessagesSlice | Api.messages.ChannelMessages,
  { newest, isFirst }: { readonly newest: boolean; readonly isFirst: boolean },
): boolean {
  const place = answer.offsetIdOffset ?? (newest && isFirst ? 0 : undefined);
  if (place === undefined) return false;
  return newest ? place + answer.messages.length < answer.count : place > 0;
}

/** True when Telegram is to sort out messages, so that an answer does not name all there are. */
function isSearch(query: HistoryQuery): boolean {
  const isTyped = query.type !== undefined && serverFilter(query.type) !== undefined;
  return isTyped || (query.words ?? "") !== "" || (query.sender !== undefined && !isSenderCheckedHere(query));
}

/** True when an answer names every message that the chat has in the slice, whether it is wanted or not. */
export function isReadWhole(query: HistoryQuery): boolean {
  return query.topic === undefined && !isSearch(query);
}

/** One slice: messages.search when Telegram can filter, messages.getReplies for a thread, else messages.getHistory. */
export function sliceRequest(
  query: HistoryQuery,
  slice: {
    readonly offsetId: number;
    readonly addOffset: number;
    readonly limit: number;
  },
): TlRequest<Api.messages.TypeMessages> {
  const { topic, words = "" } = query;
  const peer = inputPeer(query.chat);
  const bounds = { maxId: 0, minId: 0, hash: bigInt(0) };
  const filter = query.type === undefined ? undefined : serverFilter(query.type);
  const fromId = query.sender === undefined || isSenderCheckedHere(query) ? undefined : inputPeer(query.sender);
  if (!isSearch(query)) {
    return topic === undefined
      ? new Api.messages.GetHistory({ peer, offsetDate: 0, ...slice, ...bounds })
      : new Api.messages.GetReplies({ peer, msgId: topic, offsetDate: 0, ...slice, ...bounds });
  }
  return new Api.messages.Search({
    peer,
    q: words,
    ...(fromId === undefined ? {} : { fromId }),
    ...(topic === undefined ? {} : { topMsgId: topic }),
    filter: filter ?? new Api.InputMessagesFilterEmpty(),
    minDate: 0,
    maxDate: 0,
    ...slice,
    ...bounds,
  });
}

/**
 * The id to start behind: newest first the lowest id above the range (0: the top), oldest first the highest below it.
 * Undefined when nothing can lie in the range.
 */
export async function startingPoint(
  call: Call,
  query: HistoryQuery,
  options?: CallOptions,
): Promise<number | undefined> {
  const { from, to } = query.range ?? {};
  if (query.direction === "newest_first") {
    if (to === undefined) return 0;
    if ("id" in to) return to.id;
    if (to.seconds > LATEST_DATE) return 0;
    const last = await lastBefore(call, query.chat, to.seconds + 1, options);
    return last === undefined ? undefined : last + 1;
  }
  const unread = query.unreadAfter ?? 0;
  if (from === undefined) return unread;
  if ("id" in from) return Math.max(from.id - 1, unread);
  const before = await lastBefore(call, query.chat, from.seconds - 1, options);
  return Math.max(before ?? 0, unread);
}

/**
 * The newest message sent before a date, give or take the messages of that very second: whether `offset_date` itself
 * counts is not documented, so callers ask one second away from their bound and check dates themselves.
 */
async function lastBefore(
  call: Call,
  chat: Peer,
  seconds: number,
  options?: CallOptions,
): Promise<number | undefined> {
  if (seconds < 1) return undefined;
  const request = new Api.messages.GetHistory({
    peer: inputPeer(chat),
    offsetId: 0,
    offsetDate: Math.min(seconds, LATEST_DATE),
    addOffset: 0,
    limit: 1,
    maxId: 0,
    minId: 0,
    hash: bigInt(0),
  });
  const answer = await call(request, options);
  return answer.className === "messages.MessagesNotModified" ? undefined : answer.messages[0]?.id;
}

/** A message that is there. */
export function isMessage(message: Api.TypeMessage): message is TlMessage {
  return message.className !== "MessageEmpty";
}
