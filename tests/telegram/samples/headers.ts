/** Golden samples of what a message answers and where it came from. */
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { ANN, channel, DATE, type Json, PEERS, type Sample } from "../golden.ts";

type ForwardFields = Partial<ConstructorParameters<typeof Api.MessageFwdHeader>[0]>;

const header = (fields: ForwardFields): Api.MessageFwdHeader =>
  new Api.MessageFwdHeader({ date: DATE - 3600, ...fields });
const forward = (fields: ForwardFields): Json => ({ fwdFrom: header(fields) });
const reply = (fields: ConstructorParameters<typeof Api.MessageReplyHeader>[0]): Api.MessageReplyHeader =>
  new Api.MessageReplyHeader(fields);

export const replies: readonly Sample[] = [
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
  {
    title: "a reply to somebody's words in a chat that is not named",
    sent: { replyTo: reply({ replyFrom: header({ fromId: ANN }), quoteText: "red", quote: true }) },
    expected: { reply_to: { quote: "red", from_id: "734201334", from_name: "Ann Lee" } },
  },
  {
    title: "a reply to a photo of somebody who hides behind a name",
    sent: {
      replyTo: reply({ replyFrom: header({ fromName: "Hidden" }), replyMedia: new Api.MessageMediaPhoto({}) }),
    },
    expected: { reply_to: { from_name: "Hidden", media_kind: "photo" } },
  },
  {
    title: "a reply to a link's preview elsewhere",
    sent: {
      replyTo: reply({
        replyToPeerId: channel(2000000001),
        replyMedia: new Api.MessageMediaWebPage({ webpage: new Api.WebPageEmpty({ id: bigInt(1) }) }),
      }),
    },
    expected: { reply_to: { chat_id: "-1002000000001" } },
  },
  {
    title: "a message that opens a topic is in it",
    chat: PEERS.forum,
    sent: { action: new Api.MessageActionTopicCreate({ title: "T", iconColor: 1 }) },
    expected: { topic_id: 4201, service: { action: "topic_create", title: "T" } },
  },
  {
    title: "a change of a topic is in it",
    chat: PEERS.forum,
    sent: {
      action: new Api.MessageActionTopicEdit({ closed: true }),
      replyTo: reply({ forumTopic: true, replyToMsgId: 12 }),
    },
    expected: { topic_id: 12, service: { action: "topic_edit", closed: true } },
  },
  { title: "an empty reply header is none", sent: { replyTo: reply({}) }, expected: {} },
];

const FORWARDED = "2025-03-01T07:12:33Z";

export const forwards: readonly Sample[] = [
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
      forward: { from_id: "-1002000000001", from_name: "News", date: FORWARDED, message_id: 812, author: "Editor" },
    },
  },
  {
    title: "a forward of a group's anonymous admin",
    sent: forward({ fromId: new Api.PeerChat({ chatId: bigInt(42) }) }),
    expected: { forward: { from_id: "-42", from_name: "Small group", date: FORWARDED } },
  },
  {
    title: "a forward kept in Saved Messages",
    chat: PEERS.self,
    sent: { ...forward({ fromId: ANN, savedFromPeer: ANN, savedFromMsgId: 3 }), fromId: undefined },
    expected: {
      forward: {
        from_id: "734201334",
        from_name: "Ann Lee",
        date: FORWARDED,
        saved_from: { chat_id: "734201334", message_id: 3 },
      },
      sender: { id: "1000", kind: "user", name: "Sam Self", username: "sam" },
    },
  },
  {
    title: "an imported message",
    sent: forward({ imported: true, fromName: "Cy" }),
    expected: { forward: { from_name: "Cy", date: FORWARDED, imported: true } },
  },
];
