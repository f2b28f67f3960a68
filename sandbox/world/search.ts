/**
 * Which messages a search finds.
 * @module
 */
import { linkOf } from "./media.ts";
import type { WorldMessage } from "./message.ts";
import { isInThread } from "./threads.ts";

/** The filters of messages.search, https://core.telegram.org/type/MessagesFilter, by the name after `InputMessagesFilter`. */
export type Filter =
  | "Empty"
  | "Photos"
  | "Video"
  | "PhotoVideo"
  | "Document"
  | "Url"
  | "Gif"
  | "Voice"
  | "Music"
  | "RoundVideo"
  | "RoundVoice"
  | "Geo"
  | "Contacts"
  | "Pinned"
  | "MyMentions"
  | "ChatPhotos"
  | "PhoneCalls";

/** What is looked for; what is absent does not matter. */
export interface Search {
  readonly query?: string;
  readonly filter?: Filter;
  /** The sender's marked id. */
  readonly from?: string;
  /** The first message of a thread, or the topic of a forum. */
  readonly topId?: number;
  /** Whether the chat is a forum: 1 is a topic there. */
  readonly forum?: boolean;
  /** In Saved Messages: the marked id of the chat a message was saved from, our own for notes. */
  readonly saved?: string;
}

const kind = (...kinds: readonly string[]) => ({ media }: WorldMessage): boolean =>
  media !== undefined && kinds.includes(media.kind);

const filters: Readonly<Record<Filter, (message: WorldMessage) => boolean>> = {
  Empty: () => true,
  Photos: kind("photo"),
  Video: kind("video"),
  PhotoVideo: kind("photo", "video"),
  Document: kind("document"),
  Url: (message) => message.media?.kind === "webpage" || linkOf(message) !== undefined,
  Gif: kind("gif"),
  Voice: kind("voice"),
  Music: kind("audio"),
  RoundVideo: kind("video_note"),
  RoundVoice: kind("voice", "video_note"),
  Geo: kind("geo", "venue", "geo_live"),
  Contacts: kind("contact"),
  Pinned: ({ pinned }) => pinned === true,
  MyMentions: ({ mentioned }) => mentioned === true,
  ChatPhotos: ({ service }) => service?.action === "edit_photo",
  PhoneCalls: ({ service }) => service?.action === "phone_call",
};

/** Stands for the authors who hide themselves, https://core.telegram.org/api/saved-messages. */
const HIDDEN_AUTHOR = "2666000";

/** Scripts without spaces between words: there a word may begin anywhere. */
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().split(/[^\p{L}\p{N}\p{M}_]+/u).filter(Boolean);
}

function finds(message: WorldMessage, wanted: readonly string[]): boolean {
  const name = message.media && "name" in message.media ? message.media.name ?? "" : "";
  const text = `${message.text} ${name}`.toLowerCase();
  // Most texts lack most words altogether, and that is cheaper to see than where words begin.
  if (message.service || !wanted.every((word) => text.includes(word))) return false;
  const words = wordsOf(text);
  return wanted.every((word) => SPACELESS.test(word) || words.some((each) => each.startsWith(word)));
}

/** Whose dialog in Saved Messages a message is in, https://core.telegram.org/api/saved-messages: its source, a hidden one, or ourselves. */
export function savedFrom({ forward, from }: WorldMessage): string | undefined {
  return forward ? forward.from ?? HIDDEN_AUTHOR : from;
}

/** A test for messages: every word of the query begins a word of the text or of the file's name, whatever the case. */
export function matcher(search: Search): (message: WorldMessage) => boolean {
  const { query = "", filter = "Empty", from, topId, forum = false, saved } = search;
  const wanted = wordsOf(query);
  const hopeless = query.trim() !== "" && wanted.length === 0;
  return (message) =>
    !hopeless &&
    filters[filter](message) &&
    (from === undefined || message.from === from) &&
    (topId === undefined || isInThread(message, topId, forum)) &&
    (saved === undefined || savedFrom(message) === saved) &&
    (wanted.length === 0 || finds(message, wanted));
}

/** The names of the filters, in a fixed order. */
export const FILTERS: readonly Filter[] = Object.keys(filters).filter(isFilter);

/** Whether a word names a filter. */
export function isFilter(name: string): name is Filter {
  return Object.hasOwn(filters, name);
}
