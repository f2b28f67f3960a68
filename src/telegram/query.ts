/**
 * Which messages of a chat are wanted, and who sorts them out: Telegram or this program.
 * @module
 */
import type { Range } from "./dates.ts";
import { localMatcher, type MessageType, serverFilter } from "./filters.ts";
import { peerId } from "./ids.ts";
import { isReachable } from "./input.ts";
import { answeredBy } from "./map/headers.ts";
import type { TlMessage } from "./map/message.ts";
import { isPrivate, type Peer } from "./map/peer.ts";

/** The way a history is read. */
export type Direction = "newest_first" | "oldest_first";

/** Which messages of a chat. All conditions hold at once. */
export interface HistoryQuery {
  readonly chat: Peer;
  /** The basic group that the chat was: its messages come before the chat's own and have ids of their own. */
  readonly former?: Peer;
  readonly direction: Direction;
  readonly range?: Range;
  /** A forum's topic, or another thread, by the id of the message that began it. */
  readonly topic?: number;
  /** Words that Telegram looks for. */
  readonly words?: string;
  readonly sender?: Peer;
  readonly type?: MessageType;
  readonly minViews?: number;
  /** Incoming messages above this id only: the unread ones. */
  readonly unreadAfter?: number;
  /** Replies to this message itself only, not to what was replied. */
  readonly answering?: number;
}

/** True when Telegram itself applies every condition but the range, so that its count is the query's. */
export function isCountedByTelegram(query: HistoryQuery): boolean {
  return !isFilteredHere(query) && query.unreadAfter === undefined && query.range === undefined &&
    query.former === undefined;
}

/** True when messages are sorted out here, which costs a look at each of them. */
export function isFilteredHere(query: HistoryQuery): boolean {
  const typed = query.type !== undefined && serverFilter(query.type) === undefined;
  return typed || query.minViews !== undefined || query.answering !== undefined || isSenderCheckedHere(query);
}

/** In private chats Telegram does not search by sender, and nowhere for one whom it has not shown how to name. */
export function isSenderCheckedHere({ chat, sender }: HistoryQuery): boolean {
  return sender !== undefined && (isPrivate(chat) || !isReachable(sender));
}

/** Checks every condition that is not left to Telegram, the range always. */
export function matcher(query: HistoryQuery): (message: TlMessage) => boolean {
  const { range = {}, minViews, unreadAfter, answering, sender, chat } = query;
  const ofType = query.type === undefined ? undefined : localMatcher(query.type);
  return (message) => {
    if (!isWithin(range, message)) return false;
    if (unreadAfter !== undefined && (message.id <= unreadAfter || message.out)) return false;
    if (answering !== undefined && !isAnswerTo(message, answering, chat)) return false;
    if (minViews !== undefined && !(message.className === "Message" && (message.views ?? 0) >= minViews)) return false;
    if (sender !== undefined && isSenderCheckedHere(query) && !isSentBy(message, sender, chat)) return false;
    return ofType === undefined || ofType(message);
  };
}

/** True for a message between both ends of a range. */
export function isWithin({ from, to }: Range, message: Pick<TlMessage, "id" | "date">): boolean {
  return (from === undefined || !isBefore(message, from)) && (to === undefined || isBefore(message, to));
}

/** True for a message at or past the far end of the range, behind which nothing matches. */
export function isBeyond(query: HistoryQuery, message: Pick<TlMessage, "id" | "date">): boolean {
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

/**
 * The chats of a query in its direction, each with its part of the conditions. Message ids in the conditions are the chat's
 * own: what it was before lies below all of them, and is in no topic and read.
 */
export function partsOf(query: HistoryQuery): HistoryQuery[] {
  const { former, range = {}, ...rest } = query;
  const { from, to } = range;
  const own = { ...rest, ...(query.range === undefined ? {} : { range }) };
  const isOnlyOwn = former === undefined || query.topic !== undefined || query.unreadAfter !== undefined ||
    (from !== undefined && "id" in from);
  if (isOnlyOwn) return [own];
  const earlier = { ...rest, chat: former, range: { from, ...(to !== undefined && "id" in to ? {} : { to }) } };
  return query.direction === "newest_first" ? [own, earlier] : [earlier, own];
}

function isAnswerTo(message: TlMessage, id: number, chat: Peer): boolean {
  const answered = answeredBy(message);
  return answered?.id === id && (answered.chat ?? chat.id) === chat.id;
}

function isBefore(message: Pick<TlMessage, "id" | "date">, point: NonNullable<Range["from"]>): boolean {
  return "id" in point ? message.id < point.id : message.date < point.seconds;
}

function isSentBy(message: TlMessage, sender: Peer, chat: Peer): boolean {
  if (message.fromId) return peerId(message.fromId) === sender.id;
  return message.out ? sender.kind === "saved" : sender.id === chat.id;
}
