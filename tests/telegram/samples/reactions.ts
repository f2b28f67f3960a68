/** Golden samples of reactions. */
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { LONG, type Sample } from "../golden.ts";

const count = (reaction: Api.TypeReaction, number: number): Api.ReactionCount =>
  new Api.ReactionCount({ reaction, count: number });

export const reactions: readonly Sample[] = [
  {
    title: "reactions of every kind",
    sent: {
      reactions: new Api.MessageReactions({
        min: true,
        canSeeList: true,
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
      replyTo: new Api.MessageReplyHeader({ replyToMsgId: 4200 }),
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
];
