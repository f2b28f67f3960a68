/**
 * TL polls to `message/1` media (https://core.telegram.org/api/poll).
 * @module
 */
import type { Media } from "../../model/media.ts";
import type { Api } from "../../mtproto/gram.ts";
import { formatPoint } from "../dates.ts";

/** A poll with what the account may see of its result. */
export function mapPoll({ poll, results }: Api.MessageMediaPoll): Media {
  const votes = new Map(results.results?.map((each) => [each.option.toString("hex"), each]));
  return {
    kind: "poll",
    poll: {
      id: poll.id.toString(),
      question: poll.question.text,
      options: poll.answers.map(({ text, option }) => {
        const vote = votes.get(option.toString("hex"));
        return { text: text.text, voters: vote?.voters, correct: vote?.correct || undefined };
      }),
      voters: results.totalVoters ?? undefined,
      closed: poll.closed || undefined,
      quiz: poll.quiz || undefined,
      multiple: poll.multipleChoice || undefined,
      anonymous: poll.publicVoters ? undefined : true,
      closes: poll.closeDate ? formatPoint({ seconds: poll.closeDate }) : undefined,
      solution: results.solution || undefined,
    },
  };
}
