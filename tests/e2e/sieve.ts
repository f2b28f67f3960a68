/**
 * Finds in whatever a server gives out what belongs only to chats that its caller may not see.
 * @module
 */
import { Buffer } from "node:buffer";
import { bareId, type WorldUser } from "../../sandbox/world/chat.ts";
import type { World, WorldChat, WorldMessage } from "../../sandbox/world/mod.ts";
import { createTold, foldersOf, signaturesOf } from "./told.ts";

/** What is looked for. */
export interface Sieve {
  /**
   * What of it is in a text that it should not hold.
   * @param said what the caller has said itself, and may find repeated
   */
  find(text: string, said?: readonly string[]): string[];
  /** Titles, names and ids that are looked for. */
  readonly names: ReadonlySet<string>;
  /** How many stretches of words are. */
  readonly stretches: number;
}

/** Words in a row that are enough to tell a text by. */
const STRETCH = 5;
/** Of a long history every so many messages are looked for. */
const MOST_MESSAGES = 6000;

/**
 * @param allowed marked ids of the chats that may be seen
 * @param told what else may be told
 */
export function createSieve(world: World, allowed: ReadonlySet<string>, told: readonly string[] = []): Sieve {
  const seen = [...world.chats.values()].filter(({ id }) => allowed.has(id));
  const hidden = [...world.chats.values()].filter(({ id }) => !allowed.has(id));
  const people = peopleOf(world, seen);
  const innocent = [...told, ...innocentTexts(world, seen, people)];
  const strangers = [...world.users.values()].filter(({ id }) => !people.has(id) && !allowed.has(id));
  const ids = new Set([
    ...hidden.map(({ id }) => id).filter((id) => !people.has(id)),
    ...strangers.map(({ id }) => id),
  ]);
  const long = new Set([...ids].map((id) => String(bareId(id))).filter((bare) => bare.length >= 9));
  const corpus = innocent.join("\n").toLowerCase();
  const names = new Set(
    [
      ...hidden.filter(({ id }) => ids.has(id)).flatMap(namesOf),
      ...strangers.flatMap(namesOfUser),
      ...signaturesOf(world, [...seen, ...hidden.filter(({ signatures }) => signatures)], (id) => !allowed.has(id)),
      ...world.folders.map(({ title }) => title).filter((title) => /\s/.test(title)),
    ]
      .filter((name) => name.length >= 4 && !corpus.includes(name.toLowerCase())),
  );
  const known = new Set(innocent.flatMap((text) => stretchesOf(wordsOf(text))));
  const stretches = new Set<string>();
  const whole = new Set<string>();
  const innocentWhole = new Set(innocent);
  for (const chat of hidden) {
    for (const text of textsOf(world, chat)) {
      for (const stretch of stretchesOf(wordsOf(text))) if (!known.has(stretch)) stretches.add(stretch);
      if (text.length >= 12 && /\p{L}/u.test(text) && !innocentWhole.has(text)) whole.add(text);
    }
  }
  const byWord = Map.groupBy(names, (name) => wordsOf(name)[0] ?? "");
  const toldIn = createTold(world, allowed);
  const search = (text: string): string[] => {
    const [lower, words] = [text.toLowerCase(), wordsOf(text)];
    const named = [...new Set(words)].flatMap((word) => byWord.get(word) ?? []);
    return [
      ...idsIn(text),
      ...named.filter((name) => lower.includes(name.toLowerCase())),
      ...stretchesOf(words).filter((stretch) => stretches.has(stretch)),
    ];
  };
  const idsIn = (text: string): string[] => [
    ...[...text.matchAll(/\d{9,}/g)].map(([digits]) => digits.replace(/^100(?=\d{10}$)/, "")).filter((id) =>
      long.has(id)
    ),
    ...[...text.matchAll(/(?<![\w-])-\d+(?![\w-])/g)].map(([id]) => id).filter((id) => ids.has(id)),
  ];
  return {
    names: new Set([...ids, ...names]),
    stretches: stretches.size,
    find: (text, said = []) => {
      const without = withoutWords(text, said, " ");
      // Cursors and tokens can be read by whoever holds them.
      const sealed = [...without.matchAll(/[\w-]{24,}/g)].map(([token]) => Buffer.from(token, "base64url").toString());
      const strings = stringsIn(without);
      return [
        ...new Set([
          ...idsIn(without),
          ...search([...sealed, ...(strings.length > 0 ? strings : [without])].join("\n")),
          ...strings.filter((each) => whole.has(each)),
          ...toldIn(text),
        ]),
      ];
    },
  };
}

/** A text with something in place of names, wherever they stand as words of their own; as JSON writes them, too. */
export function withoutWords(text: string, words: readonly string[], instead: string): string {
  return words.filter((word) => word !== "").sort((a, b) => b.length - a.length).reduce((rest, word) => {
    const forms = [...new Set([word, JSON.stringify(word).slice(1, -1)])].map((form) => RegExp.escape(form)).join("|");
    return rest.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_])(?:${forms})(?![\\p{L}\\p{N}_])`, "gu"), instead);
  }, text);
}

/** The strings of a text that is JSON, or has lines that are, those of server-sent events among them. */
function stringsIn(text: string): string[] {
  return jsonIn(text).flatMap(leaves);
}

function jsonIn(text: string): unknown[] {
  return [...new Set([text, ...text.split("\n").map((line) => line.replace(/^data: /, ""))])].flatMap((part) => {
    if (!/^\s*[[{]/.test(part)) return [];
    try {
      return [JSON.parse(part)];
    } catch {
      return [];
    }
  });
}

function leaves(value: unknown): string[] {
  if (typeof value === "string") return /^\s*[[{]/.test(value) ? [value, ...stringsIn(value)] : [value];
  return typeof value === "object" && value !== null ? Object.entries(value).flat().flatMap(leaves) : [];
}

/** Addresses and times left out: renderers put them where they like. */
function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter((word) => !/\w[.@:]\/*\w/.test(word))
    .flatMap((word) => word.split(/[^\p{L}\p{N}]+/u)).filter(Boolean);
}

/** Stretches that are more than signs and numbers, which are alike everywhere. */
function stretchesOf(words: readonly string[]): string[] {
  const all = Array.from({ length: Math.max(0, words.length - STRETCH + 1) }, (_, at) => words.slice(at, at + STRETCH));
  return all.filter((stretch) => new Set(stretch.filter((word) => /\p{L}{2}/u.test(word))).size > STRETCH / 2)
    .map((stretch) => stretch.join(" "));
}

/** Decimal ids of those who are part of chats: members, writers, those who are mentioned, added or shown. */
function peopleOf(world: World, chats: readonly WorldChat[]): Set<string> {
  const people = new Set([String(world.ownerId)]);
  const add = (id: string | undefined): void => {
    if (id !== undefined && !id.startsWith("-")) people.add(id);
  };
  for (const chat of chats) {
    for (const id of chat.members) add(id);
    for (const { from, viaBot, entities = [], media, service } of world.messages(chat.id)) {
      for (const id of [from, viaBot, ...entities.map(({ userId }) => userId)]) add(id);
      if (media?.kind === "contact") add(media.userId);
      if (service === undefined) continue;
      if ("users" in service) { for (const id of service.users) add(id); }
      if ("user" in service) add(service.user);
      if ("inviter" in service) add(service.inviter);
      if (service.action === "other") { for (const id of JSON.stringify(service.tl).match(/\d{9,}/g) ?? []) add(id); }
    }
  }
  return people;
}

/** Whatever may be told: of the chats all but where their messages come from, and the names of their people. */
function innocentTexts(world: World, chats: readonly WorldChat[], people: ReadonlySet<string>): string[] {
  return [
    ...chats.flatMap((chat) => [...namesOf(chat), chat.about, ...chat.topics?.map(({ title }) => title) ?? []]),
    ...chats.flatMap((chat) => textsOf(world, chat, Infinity)),
    ...[...people].flatMap((id) => {
      const user = world.users.get(id);
      return user === undefined ? [] : namesOfUser(user);
    }),
    ...foldersOf(world, chats),
    ...signaturesOf(world, chats, (id) => chats.some((chat) => chat.id === id)),
  ];
}

function textsOf(world: World, { id }: WorldChat, most = MOST_MESSAGES): string[] {
  const history = world.messages(id);
  const step = Math.max(1, Math.ceil(history.length / most));
  return Array.from({ length: Math.ceil(history.length / step) }, (_, at) => history.at(at * step)).flatMap(ownTexts);
}

/** What a message says itself, a card with a name among it. */
function ownTexts(message: WorldMessage | undefined): string[] {
  if (message === undefined) return [];
  const { text, media, service, buttons } = message;
  const card = media?.kind === "contact" ? [`${media.firstName} ${media.lastName}`] : [];
  return [text, ...card, ...[media, service, buttons].flatMap((part) => part === undefined ? [] : texts(plain(part)))];
}

/** Strings, without the names of fields. */
function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value, (_, each: unknown) => typeof each === "bigint" ? String(each) : each));
}

function namesOf({ title, username, usernames = [] }: WorldChat): string[] {
  return [title, ...[username ?? [], usernames].flat()];
}

function namesOfUser({ firstName, lastName, username, usernames = [] }: WorldUser): string[] {
  return [[firstName, lastName].filter(Boolean).join(" "), ...[username ?? [], usernames].flat()];
}
