/**
 * TL messages to the canonical message, `message/1`. Pure.
 * @module
 */
import { hideSender, isSenderHidden } from "../../model/hidden_sender.ts";
import type { Message, Sender } from "../../model/message.ts";
import type { Api, BigInteger } from "../../mtproto/gram.ts";
import { bareId, peerId } from "../ids.ts";
import { mapButtons } from "./buttons.ts";
import { mapEntity } from "./entities.ts";
import { mapForward, mapReply, topicOf } from "./headers.ts";
import { mapMedia, mapMediaItems, mapPreview } from "./media.ts";
import { isPrivate, type Peer } from "./peer.ts";
import { mapService } from "./service.ts";

/** A message that exists: `messageEmpty` has nothing to map. */
export type TlMessage = Api.Message | Api.MessageService;

/** Fields that GramJS reads off the wire without declaring them. */
type Content = Api.Message & { readonly viaBusinessBotId?: BigInteger; readonly factcheck?: Api.TypeFactCheck };

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
  const content: Content | undefined = message.className === "Message" ? message : undefined;
  const edited = content?.editDate && !content.editHide ? rfc3339(content.editDate) : undefined;
  const mapped: Message = {
    schema: "message/1",
    id: message.id,
    chat_id: chat.id,
    topic_id: topicOf(message),
    date: rfc3339(message.date),
    edited,
    observed_at: context.observedAt,
    outgoing: flag(message.out),
    sender: senderOf(message, context),
    text: content?.message ?? "",
    entities: content?.entities?.length ? content.entities.map(mapEntity) : undefined,
    reply_to: mapReply(message.replyTo, context.peers),
    forward: content?.fwdFrom ? mapForward(content.fwdFrom, context.peers) : undefined,
    media: mapMedia(content?.media),
    media_items: mapMediaItems(content?.media),
    preview: mapPreview(content?.media),
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
    via_business_bot: content?.viaBusinessBotId?.toString(),
    noforwards: flag(content?.noforwards),
    ttl_seconds: message.ttlPeriod ?? undefined,
    restricted: mapRestriction(content?.restrictionReason),
    fact_check: content?.factcheck?.text?.text || undefined,
    service: message.className === "MessageService" ? mapService(message.action) : undefined,
    buttons: mapButtons(content?.replyMarkup),
    link: link === undefined ? undefined : `${link}/${message.id}`,
  };
  return isSenderHidden(message) ? hideSender(mapped) : mapped;
}

function flag(value: boolean | undefined): true | undefined {
  return value ? true : undefined;
}

/** In a private chat Telegram leaves the sender out: it is the account for outgoing messages, else the other side. */
function senderOf(message: TlMessage, { chat, self, peers }: MessageContext): Sender | undefined {
  if (isSenderHidden(message)) return undefined;
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

function mapReactions({ results }: Api.TypeMessageReactions): Message["reactions"] {
  const counts = results.flatMap(({ reaction, count }): NonNullable<Message["reactions"]> => {
    if (reaction.className === "ReactionEmoji") return [{ kind: "emoji", value: reaction.emoticon, count }];
    if (reaction.className === "ReactionPaid") return [{ kind: "paid", count }];
    if (reaction.className !== "ReactionCustomEmoji") return [];
    return [{ kind: "custom", value: reaction.documentId.toString(), count }];
  });
  return counts.length > 0 ? counts : undefined;
}

/** The words for every platform, else the first (https://core.telegram.org/constructor/restrictionReason). */
function mapRestriction(reasons: readonly Api.TypeRestrictionReason[] | undefined): string | undefined {
  const reason = reasons?.find(({ platform }) => platform === "all") ?? reasons?.[0];
  return reason && (reason.text || reason.reason);
}
