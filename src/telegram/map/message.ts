/**
 * TL messages to the canonical message, `message/1`. Pure.
 * @module
 */
import type { Message, Sender } from "../../model/message.ts";
import type { Api } from "../../mtproto/gram.ts";
import { bareId, peerId } from "../ids.ts";
import { mapEntity } from "./entities.ts";
import { mapMedia } from "./media.ts";
import { snakeCase } from "./names.ts";
import { isPrivate, type Peer } from "./peer.ts";
import { mapService } from "./service.ts";

/** A message that exists: `messageEmpty` has nothing to map. */
export type TlMessage = Api.Message | Api.MessageService;

/** What a message does not say itself. */
export interface MessageContext {
  readonly chat: Peer;
  /** The account's own marked id. */
  readonly self: string;
  /** Users and chats by marked id: those of the answer that the message came in. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** When the message was read, RFC 3339. */
  readonly observedAt: string;
}

/** Unix seconds as RFC 3339 in UTC, without fractions. */
export function rfc3339(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** The public or member's link to a chat's messages, without the id; undefined where Telegram has none. */
export function chatLink(chat: Pick<Peer, "id" | "kind" | "username">): string | undefined {
  if (chat.kind !== "channel" && chat.kind !== "supergroup" && chat.kind !== "forum") return undefined;
  return chat.username === undefined ? `https://t.me/c/${bareId(chat.id)}` : `https://t.me/${chat.username}`;
}

/** One message, its keys in the order of the schema; what Telegram did not send is undefined and so absent in JSON. */
export function mapMessage(message: TlMessage, context: MessageContext): Message {
  const { chat } = context;
  const link = chatLink(chat);
  const content = message.className === "Message" ? message : undefined;
  const edited = content?.editDate && !content.editHide ? rfc3339(content.editDate) : undefined;
  return {
    schema: "message/1",
    id: message.id,
    chat_id: chat.id,
    topic_id: topicOf(message.replyTo),
    date: rfc3339(message.date),
    edited,
    observed_at: context.observedAt,
    outgoing: flag(message.out),
    sender: senderOf(message, context),
    text: content?.message ?? "",
    entities: content?.entities?.length ? content.entities.map(mapEntity) : undefined,
    reply_to: mapReply(message.replyTo),
    forward: content?.fwdFrom ? mapForward(content.fwdFrom, context.peers) : undefined,
    media: mapMedia(content?.media),
    preview: content?.media?.className === "MessageMediaWebPage" ? mapPreview(content.media.webpage) : undefined,
    album_id: content?.groupedId?.toString(),
    views: content?.views ?? undefined,
    forwards: content?.forwards ?? undefined,
    replies: content?.replies?.replies,
    reactions: message.reactions ? mapReactions(message.reactions) : undefined,
    pinned: flag(content?.pinned),
    silent: flag(message.silent),
    post: flag(message.post),
    author: content?.postAuthor || undefined,
    via_bot: content?.viaBotId?.toString(),
    noforwards: flag(content?.noforwards),
    ttl_seconds: message.ttlPeriod ?? undefined,
    service: message.className === "MessageService" ? mapService(message.action) : undefined,
    buttons: mapButtons(content?.replyMarkup),
    link: link === undefined ? undefined : `${link}/${message.id}`,
  };
}

function flag(value: boolean | undefined): true | undefined {
  return value ? true : undefined;
}

/** In a private chat Telegram leaves the sender out: it is the account for outgoing messages, else the other side. */
function senderOf(message: TlMessage, { chat, self, peers }: MessageContext): Sender | undefined {
  const id = message.fromId ? peerId(message.fromId) : isPrivate(chat) ? (message.out ? self : chat.id) : undefined;
  if (id === undefined) return undefined;
  const peer = id === chat.id ? chat : peers.get(id);
  const kind = peer?.kind === "bot" ? "bot" : BigInt(id) > 0n ? "user" : peer?.kind === "channel" ? "channel" : "chat";
  return {
    id,
    kind,
    name: peer?.title ?? id,
    username: peer?.username,
  };
}

/** The forum topic that the reply header names (https://core.telegram.org/constructor/messageReplyHeader). */
function topicOf(reply: Api.TypeMessageReplyHeader | undefined): number | undefined {
  if (reply?.className !== "MessageReplyHeader" || !reply.forumTopic) return undefined;
  if (reply.replyToTopId) return reply.replyToTopId;
  // What is answered lies in another chat, so its id is no topic of this one.
  return reply.replyToPeerId ? undefined : reply.replyToMsgId || undefined;
}

function mapReply(reply: Api.TypeMessageReplyHeader | undefined): Message["reply_to"] {
  if (!reply) return undefined;
  if (reply.className === "MessageReplyStoryHeader") return { chat_id: peerId(reply.peer), story_id: reply.storyId };
  const { replyToMsgId, replyToPeerId, replyToTopId, quoteText } = reply;
  // In a topic, a header with nothing but an id only says which topic it is; it answers nothing.
  if (reply.forumTopic && !replyToTopId && !replyToPeerId && !quoteText) return undefined;
  if (!replyToMsgId && !replyToPeerId && !quoteText) return undefined;
  return {
    id: replyToMsgId || undefined,
    chat_id: replyToPeerId ? peerId(replyToPeerId) : undefined,
    top_id: replyToTopId || undefined,
    quote: quoteText || undefined,
  };
}

/** Where a message came from; the name is the hidden sender's, or that of the chat or user as the same answer has it. */
function mapForward(
  forward: Api.TypeMessageFwdHeader,
  peers: MessageContext["peers"],
): NonNullable<Message["forward"]> {
  const from = forward.fromId ? peerId(forward.fromId) : undefined;
  return {
    from_id: from,
    from_name: forward.fromName || (from && peers.get(from)?.title) || undefined,
    date: rfc3339(forward.date),
    message_id: forward.channelPost || undefined,
  };
}

function mapReactions({ results }: Api.TypeMessageReactions): Message["reactions"] {
  const counts = results.flatMap(({ reaction, count }): NonNullable<Message["reactions"]> => {
    if (reaction.className === "ReactionEmoji") return [{ kind: "emoji", value: reaction.emoticon, count }];
    if (reaction.className === "ReactionPaid") return [{ kind: "paid", count }];
    if (reaction.className !== "ReactionCustomEmoji") return [];
    return [{ kind: "custom", value: reaction.documentId.toString(), count }];
  });
  return counts.length > 0 ? counts : undefined;
}

function mapPreview(page: Api.TypeWebPage): Message["preview"] {
  if (page.className === "WebPage") {
    return { url: page.url, title: page.title || undefined, description: page.description || undefined };
  }
  return page.className !== "WebPageNotModified" && page.url ? { url: page.url } : undefined;
}

function mapButtons(markup: Api.TypeReplyMarkup | undefined): Message["buttons"] {
  if (markup?.className !== "ReplyInlineMarkup" && markup?.className !== "ReplyKeyboardMarkup") return undefined;
  if (markup.rows.length === 0) return undefined;
  return markup.rows.map((row) =>
    row.buttons.map((button) => ({
      text: button.text,
      kind: snakeCase(button.className.replace(/^(Input)?KeyboardButton/, "")) || "text",
      url: "url" in button ? button.url : undefined,
    }))
  );
}
