/**
 * channels.getForumTopics and channels.getForumTopicsByID.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import type { WorldChat, WorldMessage, WorldTopic } from "../world/mod.ts";
import { channelFrom } from "./access.ts";
import type { Answers } from "./answers.ts";
import { encode } from "./encode.ts";
import { topic as mapTopic, topMessage } from "./map_topic.ts";
import { limited, method } from "./method.ts";

/** "For optimal performance, the number of returned topics is chosen by the server and can be smaller than the specified limit." */
const PAGE = 4;

interface Entry {
  readonly topic: WorldTopic;
  /** Its newest message. */
  readonly top?: WorldMessage;
}

interface Deleted {
  /** A topic id. */
  readonly deleted: number;
}

function forumFrom(answers: Answers, input: unknown): WorldChat {
  const chat = channelFrom(answers.world, input);
  if (chat.kind !== "forum") throw new RpcError(400, "CHANNEL_FORUM_MISSING");
  return chat;
}

function answer(answers: Answers, chat: WorldChat, entries: readonly (Entry | Deleted)[], count: number): Uint8Array {
  const { world } = answers;
  const known = entries.flatMap((each) => "topic" in each ? [each] : []);
  const tops = known.flatMap(({ top }) => top ?? []);
  const creators = known.map(({ topic }) => topic.creator);
  return encode({
    _: "messages.forumTopics",
    count,
    topics: entries.map((each) =>
      "topic" in each ? mapTopic(world, chat, each.topic, false) : { _: "forumTopicDeleted", id: each.deleted }
    ),
    messages: tops.map((each) => answers.message(chat, each)),
    ...answers.people([chat.id, ...creators], tops.flatMap((each) => answers.named(chat, each))),
    pts: answers.pts(chat.id),
  });
}

function entryOf(answers: Answers, chat: WorldChat, topic: WorldTopic): Entry {
  const top = answers.world.messages(chat.id).byId(topMessage(answers.world, chat, topic));
  return { topic, ...top && { top } };
}

/** Negative if `a` comes first: by the newest message of each, the latest first. */
function compare(a: readonly number[], b: readonly number[]): number {
  return (b[0] ?? 0) - (a[0] ?? 0) || (b[1] ?? 0) - (a[1] ?? 0) || (b[2] ?? 0) - (a[2] ?? 0);
}

const placeOf = ({ topic, top }: Entry): readonly number[] => [top?.date ?? topic.created, top?.id ?? 0, topic.id];

/**
 * https://core.telegram.org/method/channels.getForumTopics: by the date of their newest message, pinned ones not apart, after the
 * offset (date and id of the last topic's newest message, and its id); `q` is looked for in titles.
 * Errors: CHANNEL_FORUM_MISSING, CHANNEL_INVALID, CHANNEL_PRIVATE.
 */
export function getForumTopics(answers: Answers): readonly [string, Method] {
  return method(Api.channels.GetForumTopics, (request) => {
    const chat = forumFrom(answers, request.channel);
    const wanted = (request.q ?? "").toLowerCase();
    const all = (chat.topics ?? [])
      .filter(({ title }) => ` ${title.toLowerCase()}`.includes(` ${wanted}`))
      .map((topic) => entryOf(answers, chat, topic))
      .sort((a, b) => compare(placeOf(a), placeOf(b)));
    const { offsetDate, offsetId, offsetTopic } = request;
    const offset = [offsetDate, offsetId, offsetTopic];
    const rest = offsetDate <= 0 ? all : all.filter((entry) => compare(offset, placeOf(entry)) < 0);
    return answer(answers, chat, rest.slice(0, Math.min(PAGE, limited(request.limit))), all.length);
  });
}

/**
 * https://core.telegram.org/method/channels.getForumTopicsByID: `forumTopicDeleted` in place of those there are not.
 * Errors: CHANNEL_FORUM_MISSING, CHANNEL_INVALID, CHANNEL_PRIVATE, TOPICS_EMPTY.
 */
export function getForumTopicsById(answers: Answers): readonly [string, Method] {
  return method(Api.channels.GetForumTopicsByID, (request) => {
    const chat = forumFrom(answers, request.channel);
    if (request.topics.length === 0) throw new RpcError(400, "TOPICS_EMPTY");
    const entries = request.topics.map((id) => {
      const topic = chat.topics?.find((each) => each.id === id);
      return topic ? entryOf(answers, chat, topic) : { deleted: id };
    });
    return answer(answers, chat, entries, entries.length);
  });
}
