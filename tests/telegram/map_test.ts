import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { ANN, assertCanonical, assertGolden, channel, DATE, LONG, mapSample, PEERS, received, user } from "./golden.ts";
import type { Sample } from "./golden.ts";

/** Everything optional left out, and every number that may be absent given as zero. */
const plain: readonly Sample[] = [
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
  { title: "an edit", sent: { editDate: DATE + 60 }, expected: { edited: "2025-03-01T08:13:33Z" } },
  { title: "a hidden edit is none", sent: { editDate: DATE + 60, editHide: true }, expected: {} },
];

const senders: readonly Sample[] = [
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
];

const reply = (fields: ConstructorParameters<typeof Api.MessageReplyHeader>[0]): Api.MessageReplyHeader =>
  new Api.MessageReplyHeader(fields);

const replies: readonly Sample[] = [
  { title: "a reply", sent: { replyTo: reply({ replyToMsgId: 4200 }) }, expected: { reply_to: { id: 4200 } } },
  {
    title: "a reply with a quote",
    sent: { replyTo: reply({ quote: true, replyToMsgId: 4200, quoteText: "red", quoteOffset: 10 }) },
    expected: { reply_to: { id: 4200, quote: "red" } },
  },
  {
    title: "a reply under a discussion's root",
    sent: { replyTo: reply({ replyToMsgId: 4200, replyToTopId: 4100 }) },
    expected: { reply_to: { id: 4200, top_id: 4100 } },
  },
  {
    title: "a reply to a message of another chat",
    sent: { replyTo: reply({ replyToMsgId: 12, replyToPeerId: channel(2000000001) }) },
    expected: { reply_to: { id: 12, chat_id: "-1002000000001" } },
  },
  {
    title: "a reply to a story",
    sent: { replyTo: new Api.MessageReplyStoryHeader({ peer: ANN, storyId: 7 }) },
    expected: { reply_to: { chat_id: "734201334", story_id: 7 } },
  },
  {
    title: "a message of a topic answers nothing",
    chat: PEERS.forum,
    sent: { replyTo: reply({ forumTopic: true, replyToMsgId: 12 }) },
    expected: { topic_id: 12 },
  },
  {
    title: "a reply in a topic",
    chat: PEERS.forum,
    sent: { replyTo: reply({ forumTopic: true, replyToMsgId: 4200, replyToTopId: 12 }) },
    expected: { topic_id: 12, reply_to: { id: 4200, top_id: 12 } },
  },
  {
    title: "a quote of the message that opened a topic is an answer to it",
    chat: PEERS.forum,
    sent: { replyTo: reply({ forumTopic: true, replyToMsgId: 12, quote: true, quoteText: "rules" }) },
    expected: { topic_id: 12, reply_to: { id: 12, quote: "rules" } },
  },
  {
    title: "a reply in a topic to another chat names no topic of this one",
    chat: PEERS.forum,
    sent: { replyTo: reply({ forumTopic: true, replyToMsgId: 9, replyToPeerId: channel(2000000001) }) },
    expected: { reply_to: { id: 9, chat_id: "-1002000000001" } },
  },
  { title: "an empty reply header is none", sent: { replyTo: reply({}) }, expected: {} },
];

const forward = (fields: Partial<ConstructorParameters<typeof Api.MessageFwdHeader>[0]>): Json => ({
  fwdFrom: new Api.MessageFwdHeader({ date: DATE - 3600, ...fields }),
});
type Json = Sample["expected"];
const FORWARDED = "2025-03-01T07:12:33Z";

const forwards: readonly Sample[] = [
  {
    title: "a forward of a user",
    sent: forward({ fromId: ANN }),
    expected: { forward: { from_id: "734201334", from_name: "Ann Lee", date: FORWARDED } },
  },
  {
    title: "a forward of somebody who hides behind a name",
    sent: forward({ fromName: "Hidden" }),
    expected: { forward: { from_name: "Hidden", date: FORWARDED } },
  },
  {
    title: "a forward of a channel's post",
    sent: forward({ fromId: channel(2000000001), channelPost: 812, postAuthor: "Editor" }),
    expected: {
      forward: { from_id: "-1002000000001", from_name: "News", date: FORWARDED, message_id: 812 },
    },
  },
  {
    title: "a forward kept in Saved Messages",
    chat: PEERS.self,
    sent: { ...forward({ fromId: ANN, savedFromPeer: ANN, savedFromMsgId: 3 }), fromId: undefined },
    expected: {
      forward: { from_id: "734201334", from_name: "Ann Lee", date: FORWARDED },
      sender: { id: "1000", kind: "user", name: "Sam Self", username: "sam" },
    },
  },
  { title: "an imported message", sent: forward({ imported: true }), expected: { forward: { date: FORWARDED } } },
];

const count = (reaction: Api.TypeReaction, number: number): Api.ReactionCount =>
  new Api.ReactionCount({ reaction, count: number });

const extras: readonly Sample[] = [
  {
    title: "reactions of every kind",
    sent: {
      reactions: new Api.MessageReactions({
        results: [
          count(new Api.ReactionPaid(), 40),
          count(new Api.ReactionEmoji({ emoticon: "👍" }), 2),
          count(new Api.ReactionCustomEmoji({ documentId: bigInt(LONG) }), 1),
          count(new Api.ReactionEmpty(), 1),
        ],
      }),
    },
    expected: {
      reactions: [
        { kind: "paid", count: 40 },
        { kind: "emoji", value: "👍", count: 2 },
        { kind: "custom", value: LONG, count: 1 },
      ],
    },
  },
  {
    title: "reactions to a service message",
    sent: {
      action: new Api.MessageActionPinMessage(),
      replyTo: reply({ replyToMsgId: 4200 }),
      reactions: new Api.MessageReactions({ results: [count(new Api.ReactionEmoji({ emoticon: "🎉" }), 1)] }),
      silent: true,
      ttlPeriod: 60,
    },
    expected: {
      reply_to: { id: 4200 },
      reactions: [{ kind: "emoji", value: "🎉", count: 1 }],
      silent: true,
      ttl_seconds: 60,
      service: { action: "pin_message" },
    },
  },
  {
    title: "inline buttons",
    sent: {
      replyMarkup: new Api.ReplyInlineMarkup({
        rows: [
          row(
            new Api.KeyboardButtonUrl({ text: "Site", url: "https://example.org/" }),
            new Api.KeyboardButtonCallback({ text: "Yes", data: Buffer.from("y") }),
          ),
          row(new Api.KeyboardButtonSwitchInline({ text: "Share", query: "" })),
        ],
      }),
    },
    expected: {
      buttons: [
        [{ text: "Site", kind: "url", url: "https://example.org/" }, { text: "Yes", kind: "callback" }],
        [{ text: "Share", kind: "switch_inline" }],
      ],
    },
  },
  {
    title: "a keyboard",
    sent: {
      replyMarkup: new Api.ReplyKeyboardMarkup({
        rows: [
          row(new Api.KeyboardButton({ text: "Menu" }), new Api.KeyboardButtonRequestGeoLocation({ text: "Here" })),
          row(new Api.KeyboardButtonWebView({ text: "App", url: "https://app.example.org/" })),
        ],
      }),
    },
    expected: {
      buttons: [
        [{ text: "Menu", kind: "text" }, { text: "Here", kind: "request_geo_location" }],
        [{ text: "App", kind: "web_view", url: "https://app.example.org/" }],
      ],
    },
  },
  {
    title: "a keyboard taken away is no button",
    sent: { replyMarkup: new Api.ReplyKeyboardHide({}) },
    expected: {},
  },
];

function row(...buttons: Api.TypeKeyboardButton[]): Api.KeyboardButtonRow {
  return new Api.KeyboardButtonRow({ buttons });
}

for (
  const [subject, samples] of Object.entries({
    message: plain,
    sender: senders,
    reply: replies,
    forward: forwards,
    extra: extras,
  })
) {
  for (const sample of samples) Deno.test(`map ${subject}: ${sample.title}`, () => assertGolden(sample));
}

Deno.test("map link: a forum's messages and a private supergroup's have a members' link, basic groups none", () => {
  assert.equal(mapSample({}, PEERS.forum).link, "https://t.me/c/2000000005/4201");
  assert.equal(mapSample({}, PEERS.supergroup).link, "https://t.me/sandbox_group/4201");
  for (const chat of [PEERS.group, PEERS.ann, PEERS.self]) assert.equal("link" in mapSample({}, chat), false);
});

Deno.test("map: absent flags do come off the wire as null and false, which the goldens are there for", () => {
  const message = received(new Api.Message({ id: 1, peerId: ANN, date: DATE, message: "" }));
  assert.equal(message.views, null);
  assert.equal(message.out, false);
});

Deno.test("golden: the checks refuse null, an unknown key and keys out of order", () => {
  const good = mapSample({ silent: true }, PEERS.supergroup);
  const { id, ...rest } = good;
  assert.throws(() => assertCanonical({ ...good, silent: null }, "null"));
  assert.throws(() => assertCanonical({ ...good, shares: 1 }, "unknown"));
  assert.throws(() => assertCanonical({ ...rest, id }, "order"), /order/);
  assert.throws(() => assertCanonical({ ...good, entities: [] }, "empty"), /empty/);
});
