/**
 * The topics of a forum (https://core.telegram.org/api/forum).
 * @module
 */
import { AppError, type Candidate } from "../errors.ts";
import { asSent } from "../model/visible.ts";
import { Api } from "../mtproto/gram.ts";
import { inputChannel } from "./input.ts";
import type { Peer } from "./map/peer.ts";
import { nearest } from "./candidates.ts";
import { topicOf } from "./map/headers.ts";
import type { TlMessage } from "./map/message.ts";
import type { Target } from "./reference.ts";
import type { Directory, Resolved } from "./resolve.ts";

/** A topic of a forum. */
export interface Topic {
  /** The id of the message that began it; 1 is General. */
  readonly id: number;
  readonly title: string;
  readonly closed: boolean;
  readonly pinned: boolean;
  readonly hidden: boolean;
  readonly unread: number;
  /** The highest incoming message id that is read. */
  readonly readUpTo: number;
  /** Unix seconds of the last message; that of its beginning where Telegram sent no message. */
  readonly lastDate: number;
}

/** The topic that every forum has. */
export const GENERAL = 1;
/** A forum with more topics than this is read in part, and said to be. */
const MOST_TOPICS = 5000;

/**
 * All topics of a forum, latest activity first: TL method channels.getForumTopics, page by page
 * (https://core.telegram.org/method/channels.getForumTopics).
 * @param pageSize topics a request, 1 to 100
 * @throws AppError UNSUPPORTED for a chat that is no forum
 */
export async function listTopics(
  { call, options }: Directory,
  chat: Peer,
  pageSize = 100,
): Promise<{ readonly topics: readonly Topic[]; readonly complete: boolean }> {
  assertForum(chat);
  const channel = inputChannel(chat);
  const found = new Map<number, Topic>();
  let offset = { offsetDate: 0, offsetId: 0, offsetTopic: 0 };
  let [seen, complete] = [0, false];
  while (found.size < MOST_TOPICS) {
    const answer = await call(new Api.channels.GetForumTopics({ channel, ...offset, limit: pageSize }), options);
    const page = readTopics(answer);
    seen += answer.topics.length;
    complete = seen >= answer.count || answer.topics.length === 0;
    for (const { topic } of page) found.set(topic.id, topic);
    // Pinned topics may stand before their time.
    const last = page.findLast(({ topic }) => !topic.pinned) ?? page.at(-1);
    const isStill = last === undefined || last.topic.id === offset.offsetTopic;
    if (complete || isStill) break;
    const offsetDate = answer.orderByCreateDate ? last.begun : last.topic.lastDate;
    offset = { offsetDate, offsetId: last.topMessage, offsetTopic: last.topic.id };
  }
  const topics = [...found.values()].sort((a, b) => b.lastDate - a.lastDate || b.id - a.id);
  return { topics, complete };
}

/**
 * The topic that a `topic` argument means: an id, `general`, or an exact title.
 * @throws AppError UNSUPPORTED for a chat that is no forum, INPUT_VALIDATION and CHAT_AMBIGUOUS with candidates
 */
export async function resolveTopic(directory: Directory, chat: Peer, name: string): Promise<Topic> {
  assertForum(chat);
  const wanted = asSent(name.trim());
  const id = wanted.toLowerCase() === "general" ? GENERAL : /^#?\d{1,10}$/.test(wanted) ? numberOf(wanted) : undefined;
  const byId = id === undefined ? undefined : await topicById(directory, chat, id);
  if (byId !== undefined) return byId;
  const { topics } = await listTopics(directory, chat);
  const exact = topics.filter(({ title }) => title === wanted);
  const folded = wanted.toLowerCase();
  const matches = exact.length > 0 ? exact : topics.filter(({ title }) => title.toLowerCase() === folded);
  const [only] = matches;
  const shown = JSON.stringify(wanted.slice(0, 80));
  if (matches.length > 1) {
    throw new AppError("CHAT_AMBIGUOUS", `${matches.length} topics are called ${shown}.`, {
      field: "topic",
      candidates: matches.slice(0, 5).map(toCandidate),
    });
  }
  if (only !== undefined) return only;
  const candidates = nearest(wanted, topics, ({ title }) => [title]).map(toCandidate);
  throw new AppError("INPUT_VALIDATION", `topic: the forum has no topic ${shown}.`, {
    field: "topic",
    hint: "Send a topic's id, its exact title or general; list_topics lists them.",
    ...(candidates.length === 0 ? {} : { candidates }),
    suggest: { tool: "list_topics", arguments: { chat: chat.id } },
  });
}

/** One topic, if there is such: TL method channels.getForumTopicsByID. */
export async function topicById({ call, options }: Directory, chat: Peer, id: number): Promise<Topic | undefined> {
  const request = new Api.channels.GetForumTopicsByID({ channel: inputChannel(chat), topics: [id] });
  return readTopics(await call(request, options)).find(({ topic }) => topic.id === id)?.topic;
}

/** How many topics a forum has, General among them. */
export async function countTopics({ call, options }: Directory, forum: Peer): Promise<number> {
  const first = { offsetDate: 0, offsetId: 0, offsetTopic: 0, limit: 1 };
  return (await call(new Api.channels.GetForumTopics({ channel: inputChannel(forum), ...first }), options)).count;
}

/** The topic of a forum that a message is in; undefined in any other chat. */
export function topicOfMessage(chat: Peer, message: TlMessage): number | undefined {
  return chat.kind === "forum" ? topicOf(message) ?? GENERAL : undefined;
}

/**
 * What a link into a forum means: one to the message that began a topic means the topic, and 1 is General. Any other target
 * is as it was, its topic that of the message.
 * @param pointed the message that the link points to, if it is known
 */
export async function withTopic(
  directory: Directory,
  { peer, target }: Resolved,
  pointed?: TlMessage,
): Promise<Target | undefined> {
  if (peer.kind !== "forum" || target?.message === undefined) return target;
  const { message, ...rest } = target;
  if (rest.topic !== undefined && rest.topic !== message) {
    return pointed === undefined ? target : { ...target, topic: topicOfMessage(peer, pointed) };
  }
  const isTopic = message === GENERAL || await topicById(directory, peer, message) !== undefined;
  return isTopic ? { ...rest, topic: message } : target;
}

/** @throws AppError UNSUPPORTED for a chat that is no forum */
export function assertForum(chat: Peer, field = "topic"): void {
  if (chat.kind === "forum") return;
  throw new AppError("UNSUPPORTED", "The chat is no forum, so it has no topics.", {
    field,
    hint: field === "chat"
      ? "list_chats with kind forum lists the forums."
      : `Leave ${field} out; the replies under one message are read by get_messages with thread.`,
  });
}

function readTopics(
  { topics, messages }: Api.messages.ForumTopics,
): { readonly topic: Topic; readonly topMessage: number; readonly begun: number }[] {
  const dates = new Map(
    messages.flatMap((message) => message.className === "MessageEmpty" ? [] : [[message.id, message.date] as const]),
  );
  return topics.flatMap((topic) => {
    if (topic.className !== "ForumTopic") return [];
    return [{
      topic: {
        id: topic.id,
        title: topic.title,
        closed: Boolean(topic.closed),
        pinned: Boolean(topic.pinned),
        hidden: Boolean(topic.hidden),
        unread: topic.unreadCount,
        readUpTo: topic.readInboxMaxId,
        lastDate: dates.get(topic.topMessage) ?? topic.date,
      },
      topMessage: topic.topMessage,
      begun: topic.date,
    }];
  });
}

function numberOf(text: string): number | undefined {
  const id = Number(text.replace("#", ""));
  return id >= 1 && id <= 0x7fffffff ? id : undefined;
}

function toCandidate({ id, title }: Topic): Candidate {
  return { id: String(id), kind: "topic", title };
}
