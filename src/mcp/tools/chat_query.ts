/**
 * From arguments to a query of one chat, and what there is to say about it: what all tools that read one chat share.
 * @module
 */
import { formerChat, readUpTo } from "../../telegram/chats.ts";
import type { Range } from "../../telegram/dates.ts";
import type { HistoryQuery } from "../../telegram/query.ts";
import type { Directory, Resolved } from "../../telegram/resolve.ts";
import { resolveSender } from "../../telegram/senders.ts";
import { resolveTopic, withTopic } from "../../telegram/topics.ts";
import type { Filters } from "./position.ts";

/**
 * The query that arguments ask for.
 * @throws AppError for a topic, a sender or unread messages that there are not
 */
export async function toQuery(
  directory: Directory,
  { peer }: Resolved,
  args: Filters,
  range: Range,
): Promise<HistoryQuery> {
  const topic = args.topic === undefined ? undefined : await resolveTopic(directory, peer, args.topic);
  const sender = args.sender === undefined ? undefined : await resolveSender(directory, peer, args.sender);
  const unreadAfter = !args.unread
    ? undefined
    : topic?.readUpTo ?? await readUpTo(directory.call, peer, directory.options);
  return {
    ...plain(peer, args, range),
    former: await formerChat(directory, peer),
    topic: topic?.id,
    sender,
    unreadAfter,
  };
}

/** The conditions that need no looking up. */
export function plain(chat: HistoryQuery["chat"], filters: Filters, { from, to }: Range): HistoryQuery {
  return {
    chat,
    direction: filters.direction ?? "newest_first",
    ...(from === undefined && to === undefined ? {} : { range: { from, to } }),
    words: filters.query,
    type: filters.type,
    minViews: filters.min_views,
  };
}

/** What the chat's name leaves open: the message or topic of its link, and the chat that it has become. */
export async function chatNotes(directory: Directory, resolved: Resolved): Promise<string[]> {
  const { peer, matchedBy } = resolved;
  const target = matchedBy === "link" ? await withTopic(directory, resolved) : undefined;
  const { message, topic, comment } = target ?? {};
  return [
    ...(message === undefined ? [] : [
      `The link's message is not applied; get_messages gets it, fetch_history reads from it on with from:"#${message}" and oldest_first.`,
    ]),
    ...(comment === undefined ? [] : ["Nor is its comment; get_messages with the link gets it."]),
    ...(topic === undefined ? [] : [`The link's topic is not applied; send topic:"${topic}" to stay in it.`]),
    ...(peer.migratedTo === undefined
      ? []
      : [`This group became the supergroup ${peer.migratedTo}; its newer messages are there.`]),
  ];
}

/** Why there are no messages. */
export function emptiness(query: HistoryQuery): string {
  const { range, topic, words, sender, type, minViews, unreadAfter } = query;
  const conditions = [
    range && "from and to",
    topic && "topic",
    words && "query",
    sender && "sender",
    type && "type",
    minViews && "min_views",
    unreadAfter !== undefined && "unread",
  ].filter(Boolean);
  if (conditions.length === 0) return "There are no (further) messages in this chat.";
  return `No (further) message of this chat matches ${conditions.join(", ")}.`;
}
