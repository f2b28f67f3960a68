/**
 * What of an answer refers to chats that may not be seen, taken out. Whatever names a user or chat in the ways of the schema is
 * found wherever it stands; the tables say what goes with it.
 * @module
 */
import { hideSender } from "../model/hidden_sender.ts";
import { Api } from "../mtproto/gram.ts";
import { type IdSpace, markedId, peerId } from "./ids.ts";
import { readReference } from "./reference.ts";
import type { Sight } from "./restrict_sight.ts";
import { isTl, type Tl } from "./tl.ts";

/** Constructors that stand for a chat, a dialog or a message, which goes as a whole. */
const IDENTITIES: ReadonlySet<string> = new Set(["Chat", "ChatEmpty", "ChatForbidden", "Channel", "ChannelForbidden"]);

/** Fields that hold the bare id of a chat, whatever holds them. */
const ID_FIELDS: ReadonlyMap<string, IdSpace> = new Map([
  ["channelId", "channel"],
  ["channels", "channel"],
  ["chatId", "group"],
  ["chats", "group"],
  ["linkedChatId", "channel"],
  ["migratedFromChatId", "group"],
  ["personalChannelId", "channel"],
]);

/** What goes with a field that names a chat: it would tell of that chat, too. */
const DEPENDENT: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ChannelFull: { migratedFromChatId: ["migratedFromMaxId"] },
  Message: { fromId: ["postAuthor"] },
  MessageActionChannelMigrateFrom: { chatId: ["title"] },
  MessageActionPrizeStars: { boostPeer: ["giveawayMsgId", "transactionId"] },
  MessageActionStarGift: { peer: ["savedId"] },
  MessageActionStarGiftUnique: { peer: ["savedId"] },
  MessageFwdHeader: {
    savedFromPeer: ["savedFromMsgId"],
    savedFromId: ["savedDate", "savedFromName", "savedOut"],
  },
  MessageMediaGiveawayResults: { channelId: ["additionalPeersCount", "launchMsgId", "winners"] },
  MessageMediaStory: { peer: ["id", "story"] },
  MessageReplies: { channelId: ["comments", "maxId", "readMaxId", "recentRepliers"] },
  StarGiftUnique: { ownerId: ["ownerName", "ownerAddress"] },
  UserFull: { personalChannelId: ["personalChannelMessage"] },
};

/** Constructors that are nothing without the chat that they name: with the fields that do. */
const NOTHING_WITHOUT: Readonly<Record<string, readonly string[]>> = {
  ChannelParticipantBanned: ["peer"],
  ChannelParticipantLeft: ["peer"],
  Dialog: ["peer"],
  DialogFolder: ["peer"],
  DialogPeer: ["peer"],
  InputDialogPeer: ["peer"],
  InputMediaAreaChannelPost: ["channel"],
  InputReplyToMessage: ["replyToPeerId"],
  InputReplyToStory: ["peer"],
  MediaAreaChannelPost: ["channelId"],
  Message: ["peerId"],
  MessagePeerReaction: ["peerId"],
  MessageReplyStoryHeader: ["peer"],
  MessageService: ["peerId"],
  PageBlockChannel: ["channel"],
  PeerStories: ["peer"],
  RequestedPeerChannel: ["channelId"],
  RequestedPeerChat: ["chatId"],
  RequestedPeerUser: ["userId"],
  StoryFwdHeader: ["from"],
  WebPageAttributeStory: ["peer"],
};

/**
 * Fields of which also a user is a chat that must be allowed: elsewhere users are those who write, act or are mentioned. Whether
 * they have been seen elsewhere must not matter, since an export is compared with the one before.
 */
const STRANGERS: Readonly<Record<string, string>> = {
  Dialog: "peer",
  DialogFolder: "peer",
  DialogPeer: "peer",
  Message: "peerId savedPeerId",
  MessageActionPaymentRefunded: "peer",
  MessageActionRequestedPeer: "peers",
  MessageEmpty: "peerId",
  MessageFwdHeader: "savedFromPeer savedFromId",
  MessageMediaStory: "peer",
  MessageReplyStoryHeader: "peer",
  MessageService: "peerId",
  RequestedPeerUser: "userId",
  StarGiftAttributeOriginalDetails: "recipientId senderId",
  StarGiftUnique: "ownerId",
  StoryFwdHeader: "from",
  StoryItem: "fromId",
  WebPageAttributeStory: "peer",
};

/** A value without what must not be seen, itself if there is nothing of that; undefined if nothing is left. What is changed is copied. */
export function withoutReferences<T>(value: T, sight: Sight): T | undefined {
  // Parts are left out and nothing is put in their place, which no type says of a TL object.
  return clean(value, "", "", sight) as T | undefined;
}

function clean(value: unknown, holder: string, field: string, sight: Sight): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const cleaned = value.map((each: unknown) => clean(each, holder, field, sight)).filter((each) =>
      each !== undefined
    );
    return cleaned.length === value.length && cleaned.every((each, at) => each === value[at]) ? value : cleaned;
  }
  const isStrange = STRANGERS[holder]?.split(" ").includes(field) ?? false;
  if (!isTl(value)) {
    const space = isStrange ? "user" : ID_FIELDS.get(field);
    return space === undefined || sight.allows(markedId(space, BigInt(String(value)))) ? value : undefined;
  }
  const named = identityOf(value, isStrange);
  if (named !== undefined) return sight.allows(named) ? value : undefined;
  const special = SPECIAL[value.className]?.(value, sight) ?? value;
  return special === GONE ? undefined : cleanFields(special, sight);
}

function cleanFields(value: Tl, sight: Sight): Tl | undefined {
  const { className } = value;
  let changed: Record<string, unknown> | undefined;
  for (const [field, inner] of Object.entries(value)) {
    if (typeof inner !== "object" || inner === null || field === "originalArgs") continue;
    const cleaned = clean(inner, className, field, sight);
    if (cleaned === inner) continue;
    if (cleaned === undefined && NOTHING_WITHOUT[className]?.includes(field)) return undefined;
    changed ??= {};
    changed[field] = cleaned;
    if (cleaned !== undefined) continue;
    for (const dependent of DEPENDENT[className]?.[field] ?? []) changed[dependent] = undefined;
  }
  if (changed === undefined) return value;
  const copy = copyWith(value, changed);
  const losesSender = /^Message(Service)?$/.test(className) && "fromId" in changed && changed["fromId"] === undefined;
  return losesSender ? hideSender(copy) : copy;
}

/** The marked id of the one that a TL object stands for; undefined for an object of another kind, and for users, who may be seen. */
function identityOf(value: Tl, isStrange: boolean): string | undefined {
  if (IDENTITIES.has(value.className) && "id" in value) {
    return markedId(value.className.startsWith("Channel") ? "channel" : "group", BigInt(String(value.id)));
  }
  const kind = /^(?:Input)?(?:Peer|User|Chat|Channel)+(?:FromMessage)?$/.test(value.className);
  if (!kind) return undefined;
  if ("channelId" in value) return markedId("channel", BigInt(String(value.channelId)));
  if ("chatId" in value) return markedId("group", BigInt(String(value.chatId)));
  const isStranger = isStrange || value.className.startsWith("Input");
  return isStranger && "userId" in value ? markedId("user", BigInt(String(value.userId))) : undefined;
}

/** Told by a special rule of something that goes as a whole. */
const GONE: Tl = { className: "" };

/** What needs more than a table. */
const SPECIAL: Readonly<Record<string, (value: Tl, sight: Sight) => Tl>> = {
  MessageFwdHeader: (value, sight) => value instanceof Api.MessageFwdHeader ? cleanForward(value, sight) : GONE,
  MessageReplyHeader: (value, sight) => value instanceof Api.MessageReplyHeader ? cleanReply(value, sight) : GONE,
  WebPage: (value, sight) => value instanceof Api.WebPage ? cleanPreview(value, sight) : GONE,
  KeyboardButtonUserProfile: (value, sight) => {
    if (!(value instanceof Api.KeyboardButtonUserProfile)) return GONE;
    const isShown = sight.allows(markedId("user", value.userId));
    return isShown ? value : new Api.KeyboardButton({ text: value.text });
  },
};

/** Of a forward from a chat that may not be seen, and from one that is not told, nothing is left but when it was sent there. */
function cleanForward(forward: Api.MessageFwdHeader, sight: Sight): Api.MessageFwdHeader {
  const { fromId, date } = forward;
  return fromId && sight.allows(peerId(fromId)) ? forward : new Api.MessageFwdHeader({ date });
}

/** Of an answer to a message of a chat that may not be seen only the thread is left that the answer itself is in. */
function cleanReply(reply: Api.MessageReplyHeader, sight: Sight): Tl {
  const { replyToPeerId, replyFrom, replyMedia, forumTopic, replyToTopId } = reply;
  // Telegram does not name private chats, but tells whom of them and what was answered.
  const isElsewhere = replyToPeerId ? !sight.allows(peerId(replyToPeerId)) : Boolean(replyFrom || replyMedia);
  if (!isElsewhere) return reply;
  return replyToTopId ? new Api.MessageReplyHeader({ forumTopic, replyToTopId }) : GONE;
}

/** Of the preview of a link to another chat the address is left, which the text has as well. */
function cleanPreview(page: Api.WebPage, sight: Sight): Tl {
  const { id, url, type } = page;
  if (!type?.startsWith("telegram_") && !isOfTelegram(url)) return page;
  return isLinkShown(url, sight) ? page : new Api.WebPageEmpty({ id, url });
}

function isOfTelegram(text: string): boolean {
  const url = URL.parse(text) ?? URL.parse(`https://${text}`);
  return url?.protocol === "tg:" || /^(?:[\w-]+\.)*(?:t\.me|telegram\.(?:me|dog))\.?$/.test(url?.hostname ?? "");
}

function isLinkShown(url: string, { allows, peers }: Sight): boolean {
  try {
    const { chat, target } = readReference(url);
    // A comment stands in another chat than the one that the link names.
    if (target?.comment !== undefined) return false;
    const id = chat.kind === "username"
      ? peers.byUsername(chat.username)?.id
      : chat.kind === "id"
      ? chat.id
      : undefined;
    return id !== undefined && allows(id);
  } catch {
    return false;
  }
}

/** A TL object that is the same but for some fields; what it was made of is left behind. */
export function copyWith<T extends object>(value: T, fields: Readonly<Record<string, unknown>>): T {
  const copy: T = Object.assign(Object.create(Object.getPrototypeOf(value)), value, fields);
  Reflect.deleteProperty(copy, "originalArgs");
  return copy;
}
