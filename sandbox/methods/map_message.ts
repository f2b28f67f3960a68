/**
 * Messages as TL objects.
 * @module
 */
import { bareId, isChannelId } from "../world/chat.ts";
import type { WorldAction, WorldChat, WorldEntity, WorldMessage } from "../world/mod.ts";
import { savedFrom } from "../world/search.ts";
import type { TlPlain } from "./encode.ts";
import { media, photo } from "./map_media.ts";
import { flag, peer } from "./map_peer.ts";

const ENTITIES: Readonly<Record<WorldEntity["type"], string>> = {
  bold: "messageEntityBold",
  italic: "messageEntityItalic",
  underline: "messageEntityUnderline",
  strike: "messageEntityStrike",
  spoiler: "messageEntitySpoiler",
  code: "messageEntityCode",
  pre: "messageEntityPre",
  blockquote: "messageEntityBlockquote",
  url: "messageEntityUrl",
  email: "messageEntityEmail",
  hashtag: "messageEntityHashtag",
  mention: "messageEntityMention",
  text_link: "messageEntityTextUrl",
  mention_name: "messageEntityMentionName",
  custom_emoji: "messageEntityCustomEmoji",
  bot_command: "messageEntityBotCommand",
  phone: "messageEntityPhone",
  cashtag: "messageEntityCashtag",
  bank_card: "messageEntityBankCard",
  unknown: "messageEntityUnknown",
};

function entity({ type, offset, length, url, language, userId, documentId, collapsed }: WorldEntity): TlPlain {
  const place = { _: ENTITIES[type], offset, length };
  switch (type) {
    case "text_link":
      return { ...place, url };
    case "pre":
      return { ...place, language: language ?? "" };
    case "mention_name":
      return { ...place, user_id: userId };
    case "custom_emoji":
      return { ...place, document_id: documentId };
    case "blockquote":
      return { ...place, collapsed: flag(collapsed) };
    default:
      return place;
  }
}

function action(value: WorldAction, date: number): TlPlain {
  switch (value.action) {
    case "channel_create":
      return { _: "messageActionChannelCreate", title: value.title };
    case "edit_title":
      return { _: "messageActionChatEditTitle", title: value.title };
    case "chat_create":
      return { _: "messageActionChatCreate", title: value.title, users: value.users };
    case "edit_photo":
      return { _: "messageActionChatEditPhoto", photo: photo(value.photoId, date) };
    case "pin":
      return { _: "messageActionPinMessage" };
    case "add_user":
      return { _: "messageActionChatAddUser", users: value.users };
    case "joined_by_link":
      return { _: "messageActionChatJoinedByLink", inviter_id: value.inviter };
    case "remove_user":
      return { _: "messageActionChatDeleteUser", user_id: value.user };
    case "phone_call":
      return {
        _: "messageActionPhoneCall",
        call_id: value.id,
        reason: { _: value.missed ? "phoneCallDiscardReasonMissed" : "phoneCallDiscardReasonHangup" },
        duration: value.duration,
      };
    case "contact_sign_up":
      return { _: "messageActionContactSignUp" };
    case "other":
      return value.tl;
    case "topic_create":
      return { _: "messageActionTopicCreate", title: value.title, icon_color: value.color };
    case "topic_edit":
      return { _: "messageActionTopicEdit", title: value.title, closed: value.closed, hidden: value.hidden };
    case "migrate_to":
      return { _: "messageActionChatMigrateTo", channel_id: bareId(value.chat) };
    case "migrate_from":
      return { _: "messageActionChannelMigrateFrom", title: value.title, chat_id: bareId(value.chat) };
  }
}

function forward({ forward: source }: WorldMessage, saved: boolean): TlPlain | undefined {
  if (!source) return undefined;
  const { from, name, date, postId, author, automatic } = source;
  const origin = (saved || automatic) && from && postId !== undefined
    ? { saved_from_peer: peer(from), saved_from_msg_id: postId }
    : {};
  return {
    _: "messageFwdHeader",
    from_id: from ? peer(from) : undefined,
    from_name: name,
    date,
    channel_post: postId,
    post_author: author,
    ...origin,
  };
}

function replyTo({ replyTo: to, replyToStory: story }: WorldMessage): TlPlain | undefined {
  if (story) return { _: "messageReplyStoryHeader", peer: peer(story.peer), story_id: story.id };
  if (!to) return undefined;
  return {
    _: "messageReplyHeader",
    forum_topic: flag(to.forumTopic),
    quote: flag(to.quote),
    reply_to_msg_id: to.id,
    reply_to_peer_id: to.chat === undefined ? undefined : peer(to.chat),
    reply_to_top_id: to.topId,
    quote_text: to.quote,
    quote_offset: to.quoteAt,
  };
}

function reactions({ reactions: list }: WorldMessage, chat: WorldChat): TlPlain | undefined {
  if (!list || list.length === 0) return undefined;
  return {
    _: "messageReactions",
    can_see_list: flag(chat.kind !== "channel"),
    results: list.map(({ emoji, custom, paid, count, chosen }) => ({
      _: "reactionCount",
      chosen_order: chosen ? 0 : undefined,
      reaction: paid
        ? { _: "reactionPaid" }
        : custom === undefined
        ? { _: "reactionEmoji", emoticon: emoji }
        : { _: "reactionCustomEmoji", document_id: custom },
      count,
    })),
  };
}

/** Received messages of private chats name no sender since layer 119: the peer is the sender. */
function sender(message: WorldMessage, chat: WorldChat): TlPlain | undefined {
  const implied = (chat.kind === "user" || chat.kind === "bot") && !message.out;
  return message.from && !implied ? peer(message.from) : undefined;
}

/** What an answer must know of a message beside itself. */
export interface Surroundings {
  /** We have not read it. */
  readonly unread?: boolean;
  /** The thread it begins, or the comments on it. */
  readonly replies?: TlPlain;
}

/** A message of a chat. */
export function message(chat: WorldChat, value: WorldMessage, around: Surroundings): TlPlain {
  const base = {
    out: flag(value.out),
    mentioned: flag(value.mentioned),
    media_unread: flag(around.unread && value.mentioned),
    silent: flag(value.silent),
    post: flag(value.post && isChannelId(chat.id)),
    id: value.id,
    from_id: sender(value, chat),
    peer_id: peer(chat.id),
    reply_to: replyTo(value),
    date: value.date,
  };
  if (value.service) return { _: "messageService", ...base, action: action(value.service, value.date) };
  return {
    _: "message",
    ...base,
    edit_hide: flag(value.editHidden),
    pinned: flag(value.pinned),
    noforwards: flag(chat.protected || value.protected),
    from_scheduled: flag(value.scheduled),
    saved_peer_id: chat.kind === "saved" ? peer(savedFrom(value) ?? chat.id) : undefined,
    fwd_from: forward(value, chat.kind === "saved"),
    via_bot_id: value.viaBot,
    message: value.text,
    media: value.media && media(value.media, value),
    reply_markup: value.buttons,
    entities: value.entities?.map(entity),
    views: value.views,
    forwards: value.views === undefined ? undefined : value.forwards ?? 0,
    replies: around.replies,
    edit_date: value.edited,
    post_author: value.author,
    grouped_id: value.albumId,
    reactions: reactions(value, chat),
    ttl_period: value.ttl,
  };
}
