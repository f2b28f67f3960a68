/** Golden samples of polls. */
import { Buffer } from "node:buffer";
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { DATE, type Json, LONG, type Sample } from "../golden.ts";
import { words } from "./tl.ts";

const option = (number: number): Buffer => Buffer.from([number]);

function poll(more: Partial<ConstructorParameters<typeof Api.Poll>[0]>): Api.Poll {
  return new Api.Poll({
    id: bigInt(LONG),
    question: words("Tea?"),
    answers: [
      new Api.PollAnswer({ text: words("yes"), option: option(0) }),
      new Api.PollAnswer({ text: words("no"), option: option(1) }),
    ],
    ...more,
  });
}

const results = new Api.PollResults({
  totalVoters: 4,
  results: [
    new Api.PollAnswerVoters({ option: option(1), voters: 4, correct: true }),
    new Api.PollAnswerVoters({ option: option(0), voters: 0, chosen: true }),
  ],
  solution: "Coffee is better",
  solutionEntities: [],
});

const POLLS: readonly (readonly [string, Api.MessageMediaPoll, Json])[] = [
  [
    "a poll without results",
    new Api.MessageMediaPoll({ poll: poll({ publicVoters: true }), results: new Api.PollResults({}) }),
    { kind: "poll", poll: { id: LONG, question: "Tea?", options: [{ text: "yes" }, { text: "no" }] } },
  ],
  [
    "a poll that nobody has voted in, and that ends by itself",
    new Api.MessageMediaPoll({
      poll: poll({ closePeriod: 60, closeDate: DATE }),
      results: new Api.PollResults({ totalVoters: 0 }),
    }),
    {
      kind: "poll",
      poll: {
        id: LONG,
        question: "Tea?",
        options: [{ text: "yes" }, { text: "no" }],
        voters: 0,
        anonymous: true,
        closes: "2025-03-01T08:12:33Z",
      },
    },
  ],
  [
    "a quiz with results, which come in an order of their own",
    new Api.MessageMediaPoll({ poll: poll({ closed: true, quiz: true, multipleChoice: true }), results }),
    {
      kind: "poll",
      poll: {
        id: LONG,
        question: "Tea?",
        options: [{ text: "yes", voters: 0 }, { text: "no", voters: 4, correct: true }],
        voters: 4,
        closed: true,
        quiz: true,
        multiple: true,
        anonymous: true,
        solution: "Coffee is better",
      },
    },
  ],
];

export const polls: readonly Sample[] = POLLS.map(([title, media, expected]) => ({
  title,
  sent: { media },
  expected: { media: expected },
}));
