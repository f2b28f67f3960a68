/** Golden samples of messages: their own fields and their senders. */
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { ANN, channel, DATE, LONG, PEERS, type Sample, user } from "../golden.ts";
import { words } from "./tl.ts";

const restriction = (platform: string, text: string): Api.RestrictionReason =>
  new Api.RestrictionReason({ platform, reason: "terms", text });

/** Everything optional left out, and every number that may be absent given as zero. */
export const messages: readonly Sample[] = [
  {
    title: "a bare message has nothing but what was sent",
    sent: { message: "Parser is red" },
    expected: { text: "Parser is red" },
  },
  {
    title: "text keeps line ends, tabs and astral characters",
    sent: { message: "a\tb\r\n😀 ​" },
    expected: { text: "a\tb\r\n😀 ​" },
  },
  {
    title: "counters that are zero are sent and stay",
    sent: { views: 0, forwards: 0, replies: new Api.MessageReplies({ replies: 0, repliesPts: 0 }) },
    expected: { views: 0, forwards: 0, replies: 0 },
  },
  {
    title: "empty lists and strings are absent",
    sent: {
      entities: [],
      postAuthor: "",
      reactions: new Api.MessageReactions({ results: [] }),
      replyMarkup: new Api.ReplyInlineMarkup({ rows: [] }),
    },
    expected: {},
  },
  {
    title: "flags and counters",
    sent: {
      out: true,
      silent: true,
      pinned: true,
      noforwards: true,
      ttlPeriod: 86_400,
      views: 1200,
      forwards: 3,
      replies: new Api.MessageReplies({ comments: true, replies: 5, repliesPts: 1, channelId: bigInt(2000000004) }),
      viaBotId: bigInt(5001),
      groupedId: bigInt(LONG),
      postAuthor: "Editor",
    },
    expected: {
      outgoing: true,
      silent: true,
      pinned: true,
      noforwards: true,
      ttl_seconds: 86_400,
      views: 1200,
      forwards: 3,
      replies: 5,
      via_bot: "5001",
      album_id: LONG,
      author: "Editor",
    },
  },
  {
    title: "what the reading account and its apps need to know is left out",
    sent: {
      mentioned: true,
      mediaUnread: true,
      fromScheduled: true,
      invertMedia: true,
      offline: true,
      fromBoostsApplied: 2,
      effect: bigInt(LONG),
      savedPeerId: ANN,
    },
    expected: {},
  },
  {
    title: "a bot that writes for a business",
    sent: { viaBusinessBotId: bigInt(5001) },
    expected: { via_business_bot: "5001" },
  },
  {
    title: "a message that is restricted on one platform",
    sent: { restrictionReason: [restriction("ios", "Not on this phone")] },
    expected: { restricted: "Not on this phone" },
  },
  {
    title: "a message that is restricted everywhere",
    sent: { restrictionReason: [restriction("ios", "Not on this phone"), restriction("all", "")] },
    expected: { restricted: "terms" },
  },
  {
    title: "a fact check",
    sent: { factcheck: new Api.FactCheck({ country: "DE", text: words("Not so"), hash: bigInt(1) }) },
    expected: { fact_check: "Not so" },
  },
  {
    title: "a fact check that has to be asked for",
    sent: { factcheck: new Api.FactCheck({ needCheck: true, hash: bigInt(1) }) },
    expected: {},
  },
  { title: "the first second there is", sent: { date: 0 }, expected: { date: "1970-01-01T00:00:00Z" } },
  { title: "the last second there is", sent: { date: 0x7fffffff }, expected: { date: "2038-01-19T03:14:07Z" } },
  { title: "an edit", sent: { editDate: DATE + 60 }, expected: { edited: "2025-03-01T08:13:33Z" } },
  { title: "a hidden edit is none", sent: { editDate: DATE + 60, editHide: true }, expected: {} },
];

export const senders: readonly Sample[] = [
  {
    title: "a channel's post has no sender",
    chat: PEERS.channel,
    sent: { fromId: undefined, post: true, views: 7, forwards: 1 },
    expected: { sender: undefined, post: true, views: 7, forwards: 1 },
  },
  {
    title: "an incoming message of a private chat is by the other side",
    chat: PEERS.ann,
    sent: { fromId: undefined },
    expected: {},
  },
  {
    title: "an outgoing message of a private chat is by the account",
    chat: PEERS.ann,
    sent: { fromId: undefined, out: true },
    expected: { outgoing: true, sender: { id: "1000", kind: "user", name: "Sam Self", username: "sam" } },
  },
  {
    title: "a bot's message in its private chat is by a bot",
    chat: PEERS.bot,
    sent: { fromId: undefined },
    expected: { sender: { id: "5001", kind: "bot", name: "Weather", username: "weather_bot" } },
  },
  {
    title: "Saved Messages are by the account",
    chat: PEERS.self,
    sent: { fromId: undefined },
    expected: { sender: { id: "1000", kind: "user", name: "Sam Self", username: "sam" } },
  },
  {
    title: "an anonymous admin is the group",
    sent: { fromId: channel(2000000003), postAuthor: "admin" },
    expected: {
      sender: { id: "-1002000000003", kind: "chat", name: "Group", username: "sandbox_group" },
      author: "admin",
    },
  },
  {
    title: "a channel that writes in a group is a channel",
    sent: { fromId: channel(2000000001) },
    expected: { sender: { id: "-1002000000001", kind: "channel", name: "News", username: "sandbox_news" } },
  },
  {
    title: "a sender that the answer does not name is shown by its id",
    chat: PEERS.group,
    sent: { fromId: user(99) },
    expected: { sender: { id: "99", kind: "user", name: "99" } },
  },
  {
    title: "a service message of a basic group without sender",
    chat: PEERS.group,
    sent: { fromId: undefined, action: new Api.MessageActionChatDeletePhoto() },
    expected: { sender: undefined, service: { action: "chat_delete_photo" } },
  },
  {
    title: "a service message of a channel by the account",
    chat: PEERS.channel,
    sent: { fromId: undefined, post: true, out: true, action: new Api.MessageActionPinMessage() },
    expected: { sender: undefined, post: true, outgoing: true, service: { action: "pin_message" } },
  },
  {
    title: "a person who signs a channel's post is its sender",
    chat: PEERS.channel,
    sent: { post: true, postAuthor: "Ann" },
    expected: { post: true, author: "Ann" },
  },
];
