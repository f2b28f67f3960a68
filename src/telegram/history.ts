/**
 * A chat's history, read in order, completely and once
 * (https://core.telegram.org/method/messages.getHistory, https://core.telegram.org/method/messages.search).
 *
 * Paging (https://core.telegram.org/api/offsets) goes by message id alone: `offset_id` and `add_offset` choose a slice,
 * and everything else is checked here, since Telegram applies its own bounds to a slice after choosing it. So a short
 * page never ends a walk, an empty one does. Dates are turned into ids once, at the start.
 * @module
 */
import { Api, bigInt, type TlRequest } from "../mtproto/gram.ts";
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import type { Range } from "./dates.ts";
import { localMatcher, type MessageType, serverFilter } from "./filters.ts";
import { peerId } from "./ids.ts";
import { isPrivate, type Peer } from "./map/peer.ts";
import type { TlMessage } from "./map/message.ts";
import { inputPeer, isReachable } from "./input.ts";
import { peersOf } from "./peers.ts";

/** The way a history is read. */
export type Direction = "newest_first" | "oldest_first";

/** Which messages of a chat. All conditions hold at once. */
export interface HistoryQuery {
  readonly chat: Peer;
  readonly direction: Direction;
  readonly range?: Range;
  readonly sender?: Peer;
  readonly type?: MessageType;
  readonly minViews?: number;
  /** Incoming messages above this id only: the unread ones. */
  readonly unreadAfter?: number;
}

/** A stretch of the walk. */
export interface Slice {
  /** Matching messages, in the query's order. */
  readonly messages: readonly TlMessage[];
  /** Users and chats that the answer named. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** How many messages were looked at. */
  readonly scanned: number;
  /** The last message that was looked at, where a walk can go on. */
  readonly reached: { readonly id: number; readonly date: number };
  /** How many messages Telegram says there are: all of the chat, or all that its own filter lets through. */
  readonly total?: number;
  /** True when Telegram's counters say that more lies behind; what else they say is not relied on. */
  readonly more: boolean;
}

/** Options of {@link readHistory}. */
export interface WalkOptions {
  /** Goes on behind this message id. */
  readonly after?: number;
  /** Messages a request, 1 to 100. */
  readonly pageSize?: number;
  readonly callOptions?: CallOptions;
}

/** The latest date that TL can say, in unix seconds. */
export const LATEST_DATE = 0x7fffffff;

/** True when Telegram itself applies every condition but the range, so that its count is the query's. */
export function isCountedByTelegram(query: HistoryQuery): boolean {
  return !isFilteredHere(query) && query.unreadAfter === undefined && query.range === undefined;
}

/** True when messages are sorted out here, which costs a look at each of them. */
export function isFilteredHere(query: HistoryQuery): boolean {
  const typed = query.type !== undefined && serverFilter(query.type) === undefined;
  return typed || query.minViews !== undefined || isSenderCheckedHere(query);
}

/** Walks the messages of a query, each of them once, until there are no more. */
export async function* readHistory(
  call: Call,
  query: HistoryQuery,
  options: WalkOptions = {},
): AsyncGenerator<Slice, void, undefined> {
  const { pageSize = 100, callOptions } = options;
  const matches = matcher(query);
  const newest = query.direction === "newest_first";
  const start = options.after ?? await startingPoint(call, query, callOptions);
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
        messages: seen.filter(matches),
        peers: new Map(peersOf(answer).map((peer) => [peer.id, peer])),
        scanned: seen.length,
        reached: { id: last.id, date: last.date },
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

/** One slice: messages.search when Telegram can filter, else messages.getHistory. */
function sliceRequest(
  query: HistoryQuery,
  slice: {
    readonly offsetId: number;
    readonly addOffset: number;
    readonly limit: number;
    readonly offsetDate?: number;
  },
): TlRequest<Api.messages.TypeMessages> {
  const { offsetDate = 0, ...rest } = slice;
  const peer = inputPeer(query.chat);
  const bounds = { maxId: 0, minId: 0, hash: bigInt(0) };
  const filter = query.type === undefined ? undefined : serverFilter(query.type);
  const fromId = query.sender === undefined || isSenderCheckedHere(query) ? undefined : inputPeer(query.sender);
  if (offsetDate > 0 || (filter === undefined && fromId === undefined)) {
    return new Api.messages.GetHistory({ peer, offsetDate, ...rest, ...bounds });
  }
  return new Api.messages.Search({
    peer,
    q: "",
    ...(fromId === undefined ? {} : { fromId }),
    filter: filter ?? new Api.InputMessagesFilterEmpty(),
    minDate: 0,
    maxDate: 0,
    ...rest,
    ...bounds,
  });
}

/**
 * The id to start behind: newest first the lowest id above the range (0: the top), oldest first the highest below it.
 * Undefined when nothing can lie in the range.
 */
async function startingPoint(call: Call, query: HistoryQuery, options?: CallOptions): Promise<number | undefined> {
  const { from, to } = query.range ?? {};
  if (query.direction === "newest_first") {
    if (to === undefined) return 0;
    if ("id" in to) return to.id;
    if (to.seconds > LATEST_DATE) return 0;
    const last = await lastBefore(call, query, to.seconds + 1, options);
    return last === undefined ? undefined : last + 1;
  }
  const unread = query.unreadAfter ?? 0;
  if (from === undefined) return unread;
  if ("id" in from) return Math.max(from.id - 1, unread);
  const before = await lastBefore(call, query, from.seconds - 1, options);
  return Math.max(before ?? 0, unread);
}

/**
 * The newest message sent before a date, give or take the messages of that very second: whether `offset_date` itself
 * counts is not documented, so callers ask one second away from their bound and check dates themselves.
 */
async function lastBefore(
  call: Call,
  query: HistoryQuery,
  seconds: number,
  options?: CallOptions,
): Promise<number | undefined> {
  if (seconds < 1) return undefined;
  const offsetDate = Math.min(seconds, LATEST_DATE);
  const answer = await call(sliceRequest(query, { offsetId: 0, offsetDate, addOffset: 0, limit: 1 }), options);
  if (answer.className === "messages.MessagesNotModified") return undefined;
  return answer.messages[0]?.id;
}

function isMessage(message: Api.TypeMessage): message is TlMessage {
  return message.className !== "MessageEmpty";
}

/** True for a message at or past the far end of the range, behind which nothing matches. */
function isBeyond(query: HistoryQuery, message: TlMessage): boolean {
  const { from, to } = query.range ?? {};
  if (query.direction === "newest_first") {
    if (query.unreadAfter !== undefined && message.id <= query.unreadAfter) return true;
    if (message.id === 1) return true;
    if (from === undefined) return false;
    return "id" in from ? message.id <= from.id : message.date < from.seconds;
  }
  if (to === undefined) return false;
  return "id" in to ? message.id >= to.id - 1 : message.date >= to.seconds;
}

function matcher(query: HistoryQuery): (message: TlMessage) => boolean {
  const { range = {}, minViews, unreadAfter, sender, chat } = query;
  const ofType = query.type === undefined ? undefined : localMatcher(query.type);
  return (message) => {
    if (range.from !== undefined && isBefore(message, range.from)) return false;
    if (range.to !== undefined && !isBefore(message, range.to)) return false;
    if (unreadAfter !== undefined && (message.id <= unreadAfter || message.out)) return false;
    if (minViews !== undefined && !(message.className === "Message" && (message.views ?? 0) >= minViews)) return false;
    if (sender !== undefined && isSenderCheckedHere(query) && !isSentBy(message, sender, chat)) return false;
    return ofType === undefined || ofType(message);
  };
}

function isBefore(message: TlMessage, point: NonNullable<Range["from"]>): boolean {
  return "id" in point ? message.id < point.id : message.date < point.seconds;
}

/** In private chats Telegram does not search by sender, and nowhere for one whom it has not shown how to name. */
function isSenderCheckedHere({ chat, sender }: HistoryQuery): boolean {
  return sender !== undefined && (isPrivate(chat) || !isReachable(sender));
}

function isSentBy(message: TlMessage, sender: Peer, chat: Peer): boolean {
  if (message.fromId) return peerId(message.fromId) === sender.id;
  return message.out ? sender.kind === "saved" : sender.id === chat.id;
}
