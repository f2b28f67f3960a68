/**
 * The naive model of chat_stats: keys and counts, said over the world's plain data.
 * @module
 */
import type { WorldMessage } from "../../sandbox/world/mod.ts";
import { typesOf } from "./naive.ts";

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
export const RANKINGS = ["views", "reactions", "forwards"] as const;

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
      return reactions.flatMap(({ emoji, count }) => Array<string>(count).fill(emoji));
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

/** How much of it a message has. */
export function measure(message: WorldMessage, ranking: string): number {
  const { views = 0, forwards = 0, reactions = [] } = message;
  return ranking === "views"
    ? views
    : ranking === "forwards"
    ? forwards
    : reactions.reduce((sum, { count }) => sum + count, 0);
}

/** The ids of the best, best first, of equal ones the newest. */
export function bestOf(messages: readonly WorldMessage[], ranking: string, limit: number): number[] {
  return messages.filter((message) => measure(message, ranking) > 0)
    .sort((a, b) => measure(b, ranking) - measure(a, ranking) || b.id - a.id)
    .slice(0, limit)
    .map(({ id }) => id);
}
