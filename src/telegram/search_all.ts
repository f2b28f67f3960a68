/**
 * Words looked for in all chats at once: TL method messages.searchGlobal
 * (https://core.telegram.org/method/messages.searchGlobal).
 *
 * Telegram decides the order and which chats it looks into, and promises neither that pages fit together nor that every
 * match is found; so nothing here does.
 * @module
 */
import { Api } from "../mtproto/gram.ts";
import { LATEST_DATE, type Place } from "./history.ts";
import { localMatcher, type MessageType, serverFilter } from "./filters.ts";
import { peerId } from "./ids.ts";
import { inputPeer, isReachable } from "./input.ts";
import type { TlMessage } from "./map/message.ts";
import type { Peer } from "./map/peer.ts";
import { peersOf } from "./peers.ts";
import type { Directory } from "./resolve.ts";

/** The chats that a search can be kept to. */
export type SearchedKind = "user" | "group" | "channel";

/** What is looked for. */
export interface SearchAllQuery {
  readonly words: string;
  readonly chatKind?: SearchedKind;
  /** Unix seconds, inclusive. */
  readonly from?: number;
  /** Unix seconds, exclusive. */
  readonly to?: number;
  readonly type?: MessageType;
}

/** Where a slice begins: behind this message, in Telegram's own order. */
export interface SearchOffset extends Place {
  /** `next_rate` of the slice before. */
  readonly rate: number;
}

/** A slice of what was found. */
export interface Finds {
  readonly messages: readonly { readonly message: TlMessage; readonly chat: Peer }[];
  /** Users and chats that the answer named. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** Where the next slice begins; absent at the end. */
  readonly next?: SearchOffset;
  /** How many matches there are, where Telegram says so exactly. */
  readonly total?: number;
}

/** True when messages are sorted out here as well. */
export function isTypedHere({ type }: SearchAllQuery): boolean {
  return type !== undefined && serverFilter(type) === undefined;
}

/**
 * Asks for one slice.
 * @param limit 1 to 100
 */
export async function searchAll(
  { call, peers, options }: Directory,
  query: SearchAllQuery,
  offset: SearchOffset | undefined,
  limit: number,
): Promise<Finds> {
  const { words, chatKind, from, to, type } = query;
  const filter = type === undefined ? undefined : serverFilter(type);
  const last = offset === undefined ? undefined : peers.get(offset.chat);
  const request = new Api.messages.SearchGlobal({
    q: words,
    filter: filter ?? new Api.InputMessagesFilterEmpty(),
    usersOnly: chatKind === "user",
    groupsOnly: chatKind === "group",
    broadcastsOnly: chatKind === "channel",
    // Telegram's bounds are both exclusive.
    minDate: from === undefined ? 0 : Math.min(Math.max(from - 1, 0), LATEST_DATE),
    maxDate: to === undefined ? 0 : Math.min(Math.max(to, 1), LATEST_DATE),
    offsetRate: offset?.rate ?? 0,
    offsetPeer: last !== undefined && isReachable(last) ? inputPeer(last) : new Api.InputPeerEmpty(),
    offsetId: offset?.id ?? 0,
    limit,
  });
  const answer = await call(request, options);
  const named = new Map(peersOf(answer).map((peer) => [peer.id, peer]));
  if (answer.className === "messages.MessagesNotModified") return { messages: [], peers: named };
  const found = answer.messages.flatMap((message) => {
    if (message.className === "MessageEmpty") return [];
    const chat = named.get(peerId(message.peerId));
    return chat === undefined ? [] : [{ message, chat }];
  });
  const ofType = type === undefined ? undefined : localMatcher(type);
  const isIn = ({ date }: TlMessage): boolean =>
    (from === undefined || date >= from) && (to === undefined || date < to);
  const end = answer.messages.findLast((message) => message.className !== "MessageEmpty");
  const isSlice = answer.className === "messages.MessagesSlice";
  return {
    messages: found.filter(({ message }) => isIn(message) && (ofType === undefined || ofType(message))),
    peers: named,
    ...(isSlice && end !== undefined
      ? { next: { rate: answer.nextRate ?? end.date, chat: peerId(end.peerId), id: end.id } }
      : {}),
    ...(isSlice
      ? (answer.inexact ? {} : { total: answer.count })
      : offset === undefined
      ? { total: found.length }
      : {}),
  };
}
