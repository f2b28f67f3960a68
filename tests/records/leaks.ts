/**
 * Looks through logs for what must not be in them: the sandbox's texts, names and secrets.
 *
 * What a person has typed may be repeated to that person: an error on the command line names the chat that was not found. A server's
 * log may repeat nothing; it is read by others than who asked.
 * @module
 */
import { fileURLToPath } from "node:url";
import { APPLICATION } from "../../sandbox/application.ts";
import { createWorld, type World } from "../../sandbox/world/mod.ts";
import type { Written } from "./folder.ts";

/** Something found. */
export interface Leak {
  readonly what: string;
  readonly found: string;
  /** The line it is in, shortened. */
  readonly line: string;
}

/** With less, chance would find texts in everything. */
const SHORTEST_TEXT = 12;
/** Texts may be cut where they are logged, so that only their beginning is looked for. */
const LONGEST_TEXT = 40;

/** Answers of commands, which tell who asked: the candidates for a name, the chats of a key, who has signed in, what is to be scanned. */
const ANSWERS = [
  /^(?:chats)? {2,}-?\d+ \w* ?".*$/,
  /\bSigned in (?:already )?as .*$/,
  /^tg:\/\/login\?token=[\w-]+$/,
];

/** What secrets look like, whoever they belong to. */
const SECRETS: readonly (readonly [string, RegExp])[] = [
  ["a string session", /[1AB][A-Za-z0-9+/=_-]{300,}/g],
  ["an api_hash", new RegExp(APPLICATION.hash, "g")],
  ["a key", /tgk_[A-Za-z0-9_-]{8,}/gi],
  ["a bearer token", /bearer\s+(?!\[redacted\])[\w.~+/-]{8,}/gi],
  ["a signature", /\b(?:signature|sig)=(?!\[redacted\])[\w-]+/g],
  ["a media token", /\/media\/[\w-]{40,}/g],
  ["a phone number", /(?<![\w+])\+\d{7,15}(?!\d)/g],
  ["a login token", /tg:\/\/login\?token=(?!\[redacted\])[\w-]+/g],
  // The code of a test account is its data centre five times; ports and processes have numbers as well.
  ["a login code", /(?<![\w.:-]|process |port )([1-5])\1{4}(?![\w.:-])/g],
];

/** Finds what must not be in what a process has written. */
export type Search = (written: Written) => Leak[];

/**
 * Builds the search.
 * @param texts what tests have written into the world, besides what is in it
 */
export async function createSearch(texts: Iterable<string>): Promise<Search> {
  const world = createWorld();
  const ours = await sourceText();
  const finder = createFinder([...textsOf(world), ...texts].flatMap(formsOf));
  for (const line of ours.split("\n")) for (const text of finder.in(line)) finder.forget(text);
  const names = new Set(namesOf(world).filter((name) => !ours.includes(name)));
  const phones = [...world.users.values()].flatMap(({ phone }) => phone ?? []);
  const patterns: readonly (readonly [string, RegExp])[] = [
    ...SECRETS,
    ["a phone number", alternatives(phones)],
  ];
  const named = alternatives([...names]);
  return ({ kind, typed, text }) => {
    const isTyped = (found: string): boolean => kind === "command" && typed.some((each) => each.includes(found));
    const leaks: Leak[] = [];
    for (const line of text.split("\n")) {
      if (kind === "command" && ANSWERS.some((answer) => answer.test(line))) continue;
      const add = (what: string, found: string): void => {
        if (!isTyped(found)) leaks.push({ what, found, line: line.slice(0, 300) });
      };
      for (const [what, pattern] of patterns) for (const [found] of line.matchAll(pattern)) add(what, found);
      for (const [found] of line.matchAll(named)) add("a name", found);
      for (const found of finder.in(line)) add("a message's text", found);
    }
    return leaks;
  };
}

/** Finds any of very many texts, each of {@link SHORTEST_TEXT} characters at least. */
function createFinder(
  texts: readonly string[],
): { readonly in: (line: string) => string[]; readonly forget: (text: string) => void } {
  const byBeginning = new Map<string, Set<string>>();
  const beginningOf = (text: string): string => text.slice(0, SHORTEST_TEXT);
  for (const text of texts) {
    const others = byBeginning.get(beginningOf(text));
    if (others === undefined) byBeginning.set(beginningOf(text), new Set([text]));
    else others.add(text);
  }
  return {
    in: (line) => {
      const found: string[] = [];
      for (let at = 0; at + SHORTEST_TEXT <= line.length; at++) {
        for (const text of byBeginning.get(line.slice(at, at + SHORTEST_TEXT)) ?? []) {
          if (line.startsWith(text, at)) found.push(text);
        }
      }
      return found;
    },
    forget: (text) => void byBeginning.get(beginningOf(text))?.delete(text),
  };
}

/** Every text of the world. */
function textsOf(world: World): Set<string> {
  const texts = new Set<string>();
  for (const id of world.chats.keys()) {
    const history = world.messages(id);
    for (let index = 0; index < history.length; index++) {
      const text = history.at(index)?.text;
      if (text) texts.add(text);
    }
  }
  return texts;
}

/** As a text may stand in one line of a log: its first line as it is, and as JSON has it. */
function formsOf(text: string): string[] {
  const forms = [text.split("\n", 1)[0] ?? "", JSON.stringify(text).slice(1, -1)];
  return [...new Set(forms.filter((form) => form.length >= SHORTEST_TEXT).map((form) => form.slice(0, LONGEST_TEXT)))];
}

/** Titles of chats and topics, people's names, and usernames of both. A word that many use says nothing by itself. */
function namesOf(world: World): string[] {
  const titles = [...world.chats.values()].flatMap((
    { title, topics = [] },
  ) => [title, ...topics.map(({ title }) => title)]);
  const people = [...world.users.values()].map(({ firstName, lastName = "" }) => `${firstName} ${lastName}`.trim());
  const usernames = [...world.chats.values(), ...world.users.values()].flatMap(({ username }) => username ?? []);
  const folders = world.folders.map(({ title }) => title);
  return [...titles, ...people, ...usernames, ...folders].filter((name) => name.length >= 4);
}

/** Any of these, as words of their own. */
function alternatives(words: readonly string[]): RegExp {
  const escaped = words.toSorted((a, b) => b.length - a.length).map((word) => RegExp.escape(word));
  return new RegExp(`(?<![\\p{L}\\d])(?:${escaped.join("|")})(?![\\p{L}\\d])`, "gu");
}

/** The product's own source: what is in there is its own word. */
async function sourceText(): Promise<string> {
  const parts: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await walk(`${folder}/${name}`);
      else parts.push(await Deno.readTextFile(`${folder}/${name}`));
    }
  };
  await walk(fileURLToPath(new URL("../../src", import.meta.url)));
  return parts.join("\n");
}
