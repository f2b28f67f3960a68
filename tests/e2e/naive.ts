/**
 * The naive model: which messages a query means, said over the world's plain data by Telegram's documented meaning of each
 * filter (https://core.telegram.org/type/MessagesFilter), without anything of the product.
 * @module
 */
import type { World, WorldMessage } from "../../sandbox/world/mod.ts";

/** A bound as the test drew it: unix seconds (a fraction is allowed) or a message id. */
export type Bound = { readonly at: number } | { readonly id: number };

/** A query in the model's own terms. */
export interface Query {
  readonly chat: string;
  readonly oldestFirst: boolean;
  readonly from?: Bound;
  readonly to?: Bound;
  /** Marked id. */
  readonly sender?: string;
  readonly type?: string;
  readonly minViews?: number;
  readonly unread?: boolean;
  /** A forum's topic by its id. */
  readonly topic?: number;
  /** Only this message and the thread that it begins. */
  readonly thread?: number;
  /** Of the thread only this reply and what answers it itself. */
  readonly answered?: number;
  /** Words, each of which begins a word of the message. */
  readonly words?: readonly string[];
}

const FILES: readonly string[] = ["video", "document", "audio", "voice", "video_note", "gif", "sticker"];

/** Whether there is more than a text and the preview of its link, which may still be on its way. */
function isShown(media: WorldMessage["media"]): boolean {
  if (media === undefined || media.kind === "webpage") return false;
  return media.kind !== "other" || !["messageMediaEmpty", "messageMediaWebPage"].includes(media.tl._);
}

const TYPES: Readonly<Record<string, (message: WorldMessage) => boolean>> = {
  text: ({ service, media }) => service === undefined && !isShown(media),
  media: ({ media }) => isShown(media),
  link: ({ media, entities = [] }) =>
    media?.kind === "webpage" || entities.some(({ type }) => type === "url" || type === "text_link"),
  location: ({ media }) => ["geo", "venue", "geo_live"].includes(media?.kind ?? ""),
  pinned: ({ pinned }) => pinned === true,
  mention: ({ mentioned }) => mentioned === true,
  service: ({ service }) => service !== undefined,
  ...Object.fromEntries(
    [...FILES, "photo", "poll", "contact"].map((kind) => [kind, ({ media }: WorldMessage) => media?.kind === kind]),
  ),
};

/** The words of `type`. */
export const TYPE_WORDS: readonly string[] = Object.keys(TYPES);

/** The words that a message falls under. */
export function typesOf(message: WorldMessage): readonly string[] {
  return TYPE_WORDS.filter((word) => TYPES[word]?.(message));
}

/** The messages of a query, in its order. */
export function expected(world: World, query: Query): WorldMessage[] {
  const { chat, from, to, sender, type, minViews, unread, topic, thread, answered, words = [] } = query;
  const readInbox = topic === undefined
    ? world.dialogs.get(chat)?.readInbox ?? 0
    : world.chats.get(chat)?.topics?.find(({ id }) => id === topic)?.readInbox ?? 0;
  const found: WorldMessage[] = [];
  const history = world.messages(chat);
  const [first, end] = [place(world, chat, from) ?? 0, place(world, chat, to) ?? history.length];
  for (let index = first; index < end; index++) {
    const message = history.at(index);
    if (sender !== undefined && message.from !== sender) continue;
    if (type !== undefined && TYPES[type]?.(message) !== true) continue;
    if (minViews !== undefined && !(message.views !== undefined && message.views >= minViews)) continue;
    if (topic !== undefined && !isInTopic(message, topic)) continue;
    if (thread !== undefined && message.id !== thread && threadOf(message) !== thread) continue;
    if (answered !== undefined && message.id !== answered && message.replyTo?.id !== answered) continue;
    if (!words.every((word) => hasWord(message, word))) continue;
    if (unread && (message.id <= readInbox || message.out)) continue;
    found.push(message);
  }
  return query.oldestFirst ? found : found.reverse();
}

/** A place in the history of a supergroup and of the basic group that it was. */
export interface Placed {
  readonly chat: string;
  readonly message: WorldMessage;
}

/** The messages of a query, those from before the chat's migration among them: they lie below all of its own ids. */
export function expectedOfAll(world: World, query: Query): Placed[] {
  const placed = (chat: string, messages: readonly WorldMessage[]): Placed[] =>
    messages.map((message) => ({ chat, message }));
  const own = placed(query.chat, expected(world, query));
  const former = world.chats.get(query.chat)?.migratedFrom?.id;
  const { from, to, ...rest } = query;
  const isOnlyOwn = query.unread || query.topic !== undefined || (from !== undefined && "id" in from);
  if (former === undefined || isOnlyOwn) return own;
  const bounds = { ...(from && { from }), ...(to && "at" in to && { to }) };
  const earlier = placed(former, expected(world, { ...rest, ...bounds, chat: former }));
  return query.oldestFirst ? [...earlier, ...own] : [...own, ...earlier];
}

/** By the reply header (https://core.telegram.org/api/forum): what names no topic is General's, but for what begins one. */
function isInTopic({ id, replyTo, service }: WorldMessage, topic: number): boolean {
  if (topic !== 1) return replyTo?.forumTopic === true && (replyTo.topId ?? replyTo.id) === topic;
  return id !== 1 && service?.action !== "topic_create" && !replyTo?.forumTopic;
}

/** The thread that a reply is in: what it answers, unless that is itself in one (https://core.telegram.org/api/threads). */
export function threadOf({ replyTo }: WorldMessage): number | undefined {
  return replyTo?.topId ?? (replyTo?.chat === undefined ? replyTo?.id : undefined);
}

/** Telegram finds words by their beginnings, in texts and file names, never in service messages. */
export function hasWord({ text, media, service }: WorldMessage, word: string): boolean {
  const name = media !== undefined && "name" in media ? media.name ?? "" : "";
  return service === undefined &&
    new RegExp(`(?<![\\p{L}\\p{N}\\p{M}_])${RegExp.escape(word)}`, "iu").test(`${text}\n${name}`);
}

/** How many messages lie before a bound. */
function place(world: World, chat: string, bound: Bound | undefined): number | undefined {
  if (bound === undefined) return undefined;
  const history = world.messages(chat);
  return "id" in bound ? history.countBelowId(bound.id) : history.countBefore(Math.ceil(bound.at));
}
