/**
 * What a message has besides its text, in words.
 * @module
 */
import type { Media } from "../../model/media.ts";
import type { Message } from "../../model/message.ts";
import type { Service } from "../../model/service.ts";

/** A detail: what it is about, and what there is to say. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

const UNITS: Readonly<Record<string, string>> = { size: " bytes", duration: " s", seconds: " s", metres: " m" };

/** A medium: first its kind, then all that is known of it. */
export function mediaFacts({ kind, ...rest }: Media): Fact[] {
  return [{ label: "media", value: words(kind) }, ...factsOf(rest)];
}

/** What a service message tells: first what happened. */
export function serviceFacts({ action, ...rest }: Service): Fact[] {
  return [{ label: "service", value: words(action) }, ...factsOf(rest)];
}

/** Reactions, each with how often it was given. */
export function reactionWords({ reactions = [] }: Message): string[] {
  return reactions.map(({ kind, value, count }) => {
    const what = kind === "emoji" ? value ?? kind : value === undefined ? kind : `${kind}:${value}`;
    return `${what} ${count}`;
  });
}

/** All that an object holds, inner objects under the names of both. */
function factsOf(object: object, path = ""): Fact[] {
  return Object.entries(object).flatMap(([key, value]: [string, unknown]): Fact[] => {
    const label = `${path}${words(key)}`;
    if (value === undefined) return [];
    if (Array.isArray(value)) return listFacts(label, value);
    if (typeof value === "object" && value !== null) return factsOf(value, `${label} `);
    return [{ label, value: value === true ? "yes" : value === false ? "no" : `${value}${UNITS[key] ?? ""}` }];
  });
}

function listFacts(label: string, list: readonly unknown[]): Fact[] {
  const objects = list.filter((each) => typeof each === "object" && each !== null);
  if (objects.length === 0) return list.length === 0 ? [] : [{ label, value: list.join(", ") }];
  return objects.map((each, index) => ({
    label: `${label} ${index + 1}`,
    value: factsOf(each).map(({ label, value }) => label === "text" ? value : `${label} ${value}`).join(", "),
  }));
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** Where a message was before, who is answered, and the like: everything else, a line of facts each. */
export function factLines(message: Message, nameOf: (id: string) => string): Fact[][] {
  const { forward, reply_to: reply, media, media_items: items = [], service, preview, buttons = [] } = message;
  const reactions = reactionWords(message).join(", ");
  const lines = [
    forward === undefined ? [] : forwardFacts(forward, nameOf),
    reply === undefined ? [] : replyFacts(reply, nameOf),
    service === undefined ? [] : serviceFacts(service),
    media === undefined ? [] : mediaFacts(media),
    ...items.map((item) => mediaFacts(item)),
    preview === undefined ? [] : factsOf({ preview }),
    ...buttons.map((row) => factsOf({ button: row })),
    reactions === "" ? [] : [{ label: "reactions", value: reactions }],
    factsOf(restOf(message)),
  ];
  return lines.filter((line) => line.length > 0);
}

function forwardFacts(forward: NonNullable<Message["forward"]>, nameOf: (id: string) => string): Fact[] {
  const { from_name: name, from_id: id, ...rest } = forward;
  const from = name ?? (id === undefined ? "unknown" : nameOf(id));
  return [{ label: "forwarded from", value: from }, ...factsOf({ ...rest, ...(id === from ? {} : { from_id: id }) })];
}

function replyFacts(reply: NonNullable<Message["reply_to"]>, nameOf: (id: string) => string): Fact[] {
  const { id, story_id: story, chat_id: chat, ...rest } = reply;
  const what = id === undefined ? (story === undefined ? "a message" : `story ${story}`) : `message ${id}`;
  const name = chat === undefined ? undefined : nameOf(chat);
  const where = chat === undefined ? "" : ` in ${name === chat ? chat : `${name} (${chat})`}`;
  return [{ label: "reply to", value: `${what}${where}` }, ...factsOf(rest)];
}

/** Short things, told after all others. What stands above the text, and what only programs need, is left out. */
function restOf(message: Message): Partial<Message> {
  const names = [
    "author",
    "via_bot",
    "via_business_bot",
    "views",
    "forwards",
    "replies",
    "pinned",
    "silent",
    "noforwards",
    "ttl_seconds",
    "restricted",
    "fact_check",
    "topic_id",
    "album_id",
  ] as const;
  return Object.fromEntries(names.map((name) => [name, message[name]]));
}
