/**
 * The naive model of chat_stats: keys and counts, said over the world's plain data.
 * @module
 */
import type { World, WorldMessage } from "../../sandbox/world/mod.ts";
import { threadOf, typesOf } from "./naive.ts";

/** What messages are counted by. */
export const GROUPINGS = [
  "sender",
  "day",
  "week",
  "month",
  "weekday",
  "hour",
  "type",
  "topic",
  "reaction",
  "hashtag",
  "domain",
] as const;
/** What messages are ranked by. */
export const RANKINGS = ["views", "reactions", "forwards", "replies"] as const;

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** The clock on the wall as `2025-03-01 08:12:33`: the Swedish way of writing it. */
function local({ date }: WorldMessage, tz: string): string {
  return new Date(date * 1000).toLocaleString("sv-SE", { timeZone: tz });
}

/** The day before; days are counted at noon, where no clock changes. */
function dayBefore(day: string): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

function weekdayOf(day: string): string {
  return new Date(`${day}T12:00:00Z`).toLocaleString("en-GB", { timeZone: "UTC", weekday: "long" });
}

/** The forum topic of a message: the one it creates, the one it is marked with, else General. */
export function topicOf({ id, service, replyTo }: WorldMessage): number {
  if (service?.action === "topic_create") return id;
  return replyTo?.forumTopic ? replyTo.topId ?? replyTo.id : 1;
}

/** What a message of a chat counts for. */
function keysOf(message: WorldMessage, grouping: string, tz: string, chat: string): readonly string[] {
  const at = local(message, tz);
  const { text, entities = [], reactions = [] } = message;
  const texts = (wanted: string): string[] =>
    entities.filter(({ type }) => type === wanted).map(({ offset, length }) => text.slice(offset, offset + length));
  switch (grouping) {
    case "sender":
      return [message.from === chat && chat.startsWith("-") ? "" : message.from ?? ""];
    case "day":
      return [at.slice(0, 10)];
    case "week": {
      let day = at.slice(0, 10);
      while (weekdayOf(day) !== "Monday") day = dayBefore(day);
      return [day];
    }
    case "month":
      return [at.slice(0, 7)];
    case "weekday":
      return [weekdayOf(at.slice(0, 10))];
    case "hour":
      return [at.slice(11, 13)];
    case "type":
      return typesOf(message);
    case "topic":
      return [String(topicOf(message))];
    case "reaction":
      return reactions.flatMap(({ emoji, custom, paid, count }) =>
        Array<string>(count).fill(paid ? "paid" : custom === undefined ? emoji : `custom:${custom}`)
      );
    case "hashtag":
      return [...new Set(texts("hashtag").map((tag) => tag.toLowerCase()))];
    case "domain": {
      const links = [...texts("url"), ...entities.flatMap(({ url }) => url ?? [])];
      return [...new Set(links.map((link) => link.replace(/^https?:\/\/(www\.)?/, "").split("/")[0] ?? ""))];
    }
    default:
      throw new RangeError(grouping);
  }
}

/** All groups of a chat's messages: times in their order, others by count, equal ones by key. */
export function groupsOf(
  messages: readonly WorldMessage[],
  grouping: string,
  tz: string,
  chat = "",
): [string, number][] {
  const counts = new Map<string, number>();
  for (const message of messages) {
    for (const key of keysOf(message, grouping, tz, chat)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a], [b]) => a < b ? -1 : 1);
  if (grouping === "weekday") return sorted.sort(([a], [b]) => WEEKDAYS.indexOf(a) - WEEKDAYS.indexOf(b));
  return ["day", "week", "month", "hour"].includes(grouping) ? sorted : sorted.sort(([, a], [, b]) => b - a);
}

/** The title of a forum's topic, with its id where another one has the same. */
export function topicName(world: World, chat: string, id: number): string {
  const { topics = [] } = world.chats.get(chat) ?? {};
  const { title } = topics.find((topic) => topic.id === id) ?? {};
  if (title === undefined) return `#${id}`;
  return topics.filter((topic) => topic.title === title).length > 1 ? `${title}#${id}` : title;
}

/**
 * How many messages are in the thread that each message of a group begins, or that comments on each post are
 * (https://core.telegram.org/constructor/messageReplies). Elsewhere nothing of the kind is kept.
 */
export function repliesIn(world: World, chat: string): ReadonlyMap<number, number> {
  const { kind, linked } = world.chats.get(chat) ?? {};
  const holder = kind === "channel" ? linked : kind === "supergroup" || kind === "forum" ? chat : undefined;
  if (holder === undefined) return new Map();
  const history = [...world.messages(holder)];
  const threads = Map.groupBy(history, threadOf);
  const begun = kind === "channel"
    ? history.flatMap(({ id, forward }) => forward?.automatic ? [{ message: forward.postId ?? 0, root: id }] : [])
    : history.filter(({ service }) => service === undefined).map(({ id }) => ({ message: id, root: id }));
  return new Map(begun.map(({ message, root }) => [message, threads.get(root)?.length ?? 0]));
}

/** What is ranked by views and the like: `replies` counts the answers to a message. */
function measure(message: WorldMessage, ranking: string, replies: (message: WorldMessage) => number): number {
  const { views = 0, forwards = 0, reactions = [] } = message;
  switch (ranking) {
    case "views":
      return views;
    case "forwards":
      return forwards;
    case "replies":
      return replies(message);
    default:
      return reactions.reduce((sum, { count }) => sum + count, 0);
  }
}

/**
 * The ids of the best, best first, of equal ones the newest.
 * @param messages newest first
 */
export function bestOf(
  messages: readonly WorldMessage[],
  ranking: string,
  limit: number,
  replies: (message: WorldMessage) => number = () => 0,
): number[] {
  const measured = messages.map((message) => ({ id: message.id, value: measure(message, ranking, replies) }));
  return measured.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value).slice(0, limit).map(({ id }) =>
    id
  );
}
