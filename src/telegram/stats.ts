/**
 * What messages are counted by, and how the counts are ordered. Pure.
 * @module
 */
import * as z from "zod";
import { HIDDEN, isSenderHidden } from "../model/hidden_sender.ts";
import type { Message } from "../model/message.ts";
import { wallClock } from "./dates.ts";
import { typesOf } from "./filters.ts";
import type { TlMessage } from "./map/message.ts";
import { GENERAL } from "./topics.ts";

/** What messages can be counted by. */
export const groupingSchema = z.enum([
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
]);
/** See {@link groupingSchema}. */
export type Grouping = z.infer<typeof groupingSchema>;

/** What messages can be ranked by. */
export const rankingSchema = z.enum(["views", "reactions", "forwards", "replies"]);
/** See {@link rankingSchema}. */
export type Ranking = z.infer<typeof rankingSchema>;

/** A message as Telegram sent it and as it is shown. */
export interface Counted {
  readonly raw: TlMessage;
  readonly message: Message;
}

/** Keys that one message adds to, each with how much. */
type Keys = readonly (readonly [key: string, count: number])[];

/** How often each key was counted. */
export type Counts = ReadonlyMap<string, number>;

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const IN_TIME: readonly Grouping[] = ["day", "week", "month", "weekday", "hour"];
const DAY_SECONDS = 86_400;

/**
 * The keys of a message. Times are those of clocks in `tz`: `2025-03-01`, a week by its Monday, `2025-03`, `Monday`, `08`. A
 * sender is a marked id, empty for the chat itself, {@link HIDDEN} for one who may not be told; a topic its id. A message counts once for each of its types (a
 * photo under `media` and `photo`), hashtags (in lower case) and domains (of links in the text or behind it, less `www.`),
 * and for a reaction as often as it got it.
 * @param tz IANA time zone
 */
export function keysOf(grouping: Grouping, tz: string): (counted: Counted) => Keys {
  const clock = wallClock(tz);
  const wall = ({ raw }: Counted): number => clock(raw.date);
  const shown = (seconds: number, from: number, to: number): Keys => [
    [new Date(seconds * 1000).toISOString().slice(from, to), 1],
  ];
  switch (grouping) {
    case "day":
      return (counted) => shown(wall(counted), 0, 10);
    case "week":
      return (counted) => shown(wall(counted) - weekday(wall(counted)) * DAY_SECONDS, 0, 10);
    case "month":
      return (counted) => shown(wall(counted), 0, 7);
    case "weekday":
      return (counted) => [[WEEKDAYS[weekday(wall(counted))] ?? "", 1]];
    case "hour":
      return (counted) => shown(wall(counted), 11, 13);
    case "sender":
      return ({ message }) => [[senderOf(message), 1]];
    case "type":
      return ({ raw }) => once(typesOf(raw));
    case "topic":
      return ({ message }) => [[String(topicOf(message)), 1]];
    case "reaction":
      return ({ message: { reactions = [] } }) =>
        reactions.map(({ kind, value, count }) => [kind === "custom" ? `custom:${value}` : value ?? kind, count]);
    case "hashtag":
      return ({ message }) => once(entityTexts(message, "hashtag").map((tag) => tag.normalize("NFC").toLowerCase()));
    case "domain":
      return ({ message }) => once(linksOf(message).flatMap(domainOf));
  }
}

/** The counts with a message added. */
export function addTo(counts: Map<string, number>, keys: Keys): void {
  for (const [key, count] of keys) counts.set(key, (counts.get(key) ?? 0) + count);
}

/**
 * The `limit` largest groups: times in their order, Monday first; others by count. Of equal ones those stay that come first by
 * key.
 */
export function largest(counts: Counts, grouping: Grouping, limit: number): [key: string, count: number][] {
  const order = (key: string): string => grouping === "weekday" ? String(WEEKDAYS.indexOf(key)) : key;
  const byKey = [...counts].sort(([a], [b]) => order(a) < order(b) ? -1 : 1);
  const chosen = byKey.toSorted(([, a], [, b]) => b - a).slice(0, limit);
  if (!IN_TIME.includes(grouping)) return chosen;
  const keys = new Set(chosen.map(([key]) => key));
  return byKey.filter(([key]) => keys.has(key));
}

/** The `limit` messages that have most, as far as they have any; of equal ones those that come first. */
export function ranked<T extends Pick<Counted, "message">>(all: readonly T[], by: Ranking, limit: number): T[] {
  return all.filter(({ message }) => measure(message, by) > 0)
    .sort((a, b) => measure(b.message, by) - measure(a.message, by))
    .slice(0, limit);
}

function measure(message: Message, by: Ranking): number {
  return by === "reactions" ? (message.reactions ?? []).reduce((sum, { count }) => sum + count, 0) : message[by] ?? 0;
}

/** 0 is Monday. */
function weekday(wall: number): number {
  return (new Date(wall * 1000).getUTCDay() + 6) % 7;
}

function once(keys: readonly string[]): Keys {
  return [...new Set(keys)].map((key) => [key, 1]);
}

function senderOf(message: Message): string {
  if (isSenderHidden(message)) return HIDDEN;
  const { sender, chat_id } = message;
  const isPerson = sender?.kind === "user" || sender?.kind === "bot";
  return sender === undefined || (sender.id === chat_id && !isPerson) ? "" : sender.id;
}

/** What is in no other topic is in General. */
function topicOf({ topic_id }: Message): number {
  return topic_id ?? GENERAL;
}

function entityTexts({ text, entities = [] }: Message, wanted: string): string[] {
  return entities.filter(({ type }) => type === wanted).map(({ offset, length }) =>
    text.slice(offset, offset + length)
  );
}

function linksOf(message: Message): string[] {
  return [...entityTexts(message, "url"), ...message.entities?.flatMap(({ url }) => url ?? []) ?? []];
}

/** The domain of a web address, with or without its scheme; none for other addresses. */
function domainOf(link: string): string[] {
  const url = URL.parse(/^[a-z][a-z\d+-]*:/i.test(link) ? link : `https://${link}`);
  if (url === null || !/^https?:$/.test(url.protocol)) return [];
  const host = url.hostname.replace(/\.$/, "").replace(/^www\./, "");
  return host === "" ? [] : [host];
}
