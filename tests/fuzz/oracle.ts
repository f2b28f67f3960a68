/**
 * What must not be in an answer, whatever was asked.
 * @module
 */
import type { World } from "../../sandbox/world/mod.ts";
import { type Exchange, statusesOf } from "./wire.ts";

/** Whose answer it is. */
export interface Reader {
  readonly name: string;
  /** Sent as `Authorization: Bearer`. */
  readonly key?: string;
  /** Texts that this one never may be shown; see {@link createFinder}. */
  readonly hidden?: Finder;
}

/** Looks for texts in other texts. */
export type Finder = (text: string) => string | undefined;

/** Characters of a text that tell it apart. */
const WINDOW = 20;

/**
 * Finds texts, or parts of them, however they are escaped: letters and digits count alone.
 * @param texts what is looked for; of short ones nothing is, since anybody may have written them
 * @param known texts that may be shown
 */
export function createFinder(texts: Iterable<string>, known: Iterable<string> = []): Finder {
  const windows = new Set<string>();
  for (const text of texts) {
    const plain = lettersOf(text);
    for (let at = 0; at + WINDOW <= plain.length; at += WINDOW) windows.add(plain.slice(at, at + WINDOW));
  }
  for (const text of known) {
    const plain = lettersOf(text);
    for (let at = 0; at + WINDOW <= plain.length; at++) windows.delete(plain.slice(at, at + WINDOW));
  }
  return (text) => {
    const plain = lettersOf(text);
    for (let at = 0; at + WINDOW <= plain.length; at++) {
      const window = plain.slice(at, at + WINDOW);
      if (windows.has(window)) return window;
    }
    return undefined;
  };
}

function lettersOf(text: string): string {
  return text.replaceAll(/\\+[nrt]/g, " ").replaceAll(/[^\p{L}\p{N}]+/gu, " ");
}

/**
 * The texts of the world's messages.
 * @param most of each chat, its first ones
 */
export function* textsOf(world: World, most: number, chats: Iterable<string> = world.chats.keys()): Generator<string> {
  for (const id of chats) {
    const history = world.messages(id);
    for (let at = 0; at < Math.min(history.length, most); at++) yield history.at(at).text;
  }
}

/** What an answer must not hold, with what that would be. */
const TRACES: readonly (readonly [RegExp, string])[] = [
  [/\bat (async )?[\w.<>[\] ]{1,80} \(?[\w:/.@-]+:\d+:\d+\)?/, "a stack trace"],
  [/file:\/\/\/[a-z][\w/.-]*\.ts/i, "the path of a source file"],
  [/\b(TypeError|RangeError|SyntaxError|ReferenceError|ZodError|BadResource|SQLITE_\w+)\b/, "an error of the runtime"],
];
const INTERNAL = /\\*"code\\*":\s*(\\*"INTERNAL|-32603)/;

/** What is judged. */
export interface Judged {
  /** The bytes that were sent. */
  readonly sent: string;
  readonly isRequest: boolean;
  readonly exchange: Exchange;
  readonly reader: Reader;
}

/** What a server keeps to itself. */
export interface Hidden {
  /** Whether it is of the texts of messages; see {@link createFinder}. */
  readonly messages: Finder;
  /** What nobody must be shown: secrets, paths. */
  readonly secrets: readonly string[];
  /** Keys that the server accepts; empty for one that asks for none. */
  readonly keys: readonly string[];
}

/** What is answered without a key: the routes that are open, and links, which are keys of their own. */
const OPEN =
  /^(OPTIONS |\S+ (\/([?#]\S*)?|\/health(\/live|\/ready)?([?#]\S*)?|\/metrics([?#]\S*)?|\/media\/\S*|\/exports\/\S*) )/;

/** Whether bytes hold a key where one belongs (https://www.rfc-editor.org/rfc/rfc6750#section-2.1). */
function hasKey(sent: string, keys: readonly string[]): boolean {
  const lines = sent.split("\r\n");
  return keys.some((key) =>
    lines.some((line) => /^authorization:\s*bearer +/i.test(line) && line.trim().endsWith(` ${key}`))
  );
}

/** What is wrong with an answer; undefined when nothing is. */
export function verdict({ sent, isRequest, exchange, reader }: Judged, hidden: Hidden): string | undefined {
  const { ending, status, text, seconds } = exchange;
  if (ending === "hung") return `neither an answer nor an end in ${seconds.toFixed(1)} s`;
  if (isRequest && ending === "closed") return "a request was not answered";
  const statuses = isRequest ? [status] : statusesOf(text);
  const failed = statuses.find((each) => each === 500 || each === 502);
  if (failed !== undefined) return `status ${failed}`;
  if (INTERNAL.test(text)) return "an internal error";
  const trace = TRACES.find(([pattern]) => pattern.test(text) && !pattern.test(sent));
  if (trace !== undefined) return trace[1];
  const secret = hidden.secrets.find((each) => text.includes(each));
  if (secret !== undefined) return `a secret: ${secret.slice(0, 8)}…`;
  const isStranger = hidden.keys.length > 0 && !hasKey(sent, hidden.keys);
  if (isStranger && isRequest && status >= 200 && status < 300 && !OPEN.test(sent)) return "a stranger was answered";
  const isRefusal = statuses.every((each) => each >= 400) || /\\*"isError\\*":\s*true|"error":\{"code":/.test(text);
  const isOpened = !isRefusal && isLink(sent);
  const leaked = (isRefusal || (isStranger && !isOpened) ? shown(hidden.messages, text, sent) : undefined) ??
    (reader.hidden && !isOpened ? shown(reader.hidden, text, sent) : undefined);
  return leaked === undefined ? undefined : `text that ${reader.name} must not be shown: ${leaked}`;
}

/** Whether what is asked for is a link, which shows what it was made for to everybody. */
function isLink(sent: string): boolean {
  return /^\S+ \/(media\/|exports\/\S*\?)/m.test(sent);
}

/** What is found in an answer and was not in what was sent. */
function shown(find: Finder, text: string, sent: string): string | undefined {
  const found = find(text);
  return found === undefined || sent.includes(found) || lettersOf(sent).includes(found) ? undefined : found;
}
