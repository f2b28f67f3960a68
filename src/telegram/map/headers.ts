/**
 * TL reply and forward headers: what a message answers, and where it came from.
 * @module
 */
import type { Message } from "../../model/message.ts";
import type { Api } from "../../mtproto/gram.ts";
import { formatPoint } from "../dates.ts";
import { peerId } from "../ids.ts";
import { mapMedia } from "./media.ts";
import type { Peer } from "./peer.ts";

type Peers = ReadonlyMap<string, Peer>;

/**
 * The forum topic that a message is in (https://core.telegram.org/api/forum): the one that its reply header names, or the
 * one that it opens. General has none.
 */
export function topicOf(message: Api.Message | Api.MessageService): number | undefined {
  if (message.className === "MessageService" && message.action.className === "MessageActionTopicCreate") {
    return message.id;
  }
  const reply = message.replyTo;
  if (reply?.className !== "MessageReplyHeader" || !reply.forumTopic) return undefined;
  if (reply.replyToTopId) return reply.replyToTopId;
  // What is answered lies in another chat, so its id is no topic of this one.
  return reply.replyToPeerId ? undefined : reply.replyToMsgId || undefined;
}

/** What a message answers (https://core.telegram.org/constructor/messageReplyHeader); undefined when nothing. */
export function mapReply(reply: Api.TypeMessageReplyHeader | undefined, peers: Peers): Message["reply_to"] {
  if (!reply) return undefined;
  if (reply.className === "MessageReplyStoryHeader") return { chat_id: peerId(reply.peer), story_id: reply.storyId };
  const { replyToMsgId, replyToPeerId, replyToTopId, quoteText, replyFrom, replyMedia } = reply;
  // In a topic, a header with nothing but an id only says which topic it is; it answers nothing.
  const answered = reply.forumTopic && !replyToTopId ? undefined : replyToMsgId;
  if (!answered && !replyToPeerId && !quoteText && !replyFrom && !replyMedia) return undefined;
  return {
    id: replyToMsgId || undefined,
    chat_id: replyToPeerId ? peerId(replyToPeerId) : undefined,
    top_id: replyToTopId || undefined,
    quote: quoteText || undefined,
    ...(replyFrom ? origin(replyFrom, peers) : {}),
    media_kind: mapMedia(replyMedia)?.kind,
  };
}

/** The message that one answers, with its chat if that is another one. */
export function answeredBy(
  { replyTo }: Api.Message | Api.MessageService,
): { readonly id: number; readonly chat?: string } | undefined {
  const reply = mapReply(replyTo, new Map());
  return reply?.id === undefined ? undefined : { id: reply.id, chat: reply.chat_id };
}

/** Where a message came from (https://core.telegram.org/constructor/messageFwdHeader). */
export function mapForward(forward: Api.TypeMessageFwdHeader, peers: Peers): NonNullable<Message["forward"]> {
  const { savedFromPeer, savedFromMsgId } = forward;
  return {
    ...origin(forward, peers),
    date: formatPoint({ seconds: forward.date }),
    message_id: forward.channelPost || undefined,
    author: forward.postAuthor || undefined,
    imported: forward.imported || undefined,
    saved_from: savedFromPeer ? { chat_id: peerId(savedFromPeer), message_id: savedFromMsgId || undefined } : undefined,
  };
}

/** The name is the hidden sender's, or that of the chat or user as the same answer has it. */
function origin(
  { fromId, fromName }: Api.TypeMessageFwdHeader,
  peers: Peers,
): { readonly from_id?: string; readonly from_name?: string } {
  const id = fromId ? peerId(fromId) : undefined;
  return { from_id: id, from_name: fromName || (id && peers.get(id)?.title) || undefined };
}
