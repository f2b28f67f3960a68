/**
 * A page of messages that were asked for by name, with what stands around them.
 * @module
 */
import { AppError, ERROR_CODES } from "../../errors.ts";
import type { Place } from "../../telegram/history.ts";
import type { Peer } from "../../telegram/map/peer.ts";
import { type Located, placeKey } from "../../telegram/messages.ts";
import type { Directory } from "../../telegram/resolve.ts";
import { type Answered, readAnswered, readNeighbours } from "../../telegram/surroundings.ts";
import { buildPage, type Entry, type Page, type PageParts } from "../page.ts";
import { pauseOf, toEntry } from "../walk.ts";
import { findNamed, type Hits, type Named, noneFound } from "./named_messages.ts";

/** Messages, and how much around them. */
export interface NamedQuery {
  readonly names: readonly Named[];
  /** Names where messages are that are named by id alone. */
  readonly chat?: string;
  /** Neighbours on either side. */
  readonly context: number;
  /** With what they answer. */
  readonly chain: boolean;
  /** Goes on behind this message. */
  readonly after?: Place;
}

/** What a page is put into. */
export interface Frame extends Pick<PageParts, "self" | "fields" | "maxChars" | "notes"> {
  /** RFC 3339. */
  readonly observedAt: string;
  readonly limit: number;
  readonly cursorAfter: (place: Place) => string;
}

/**
 * Reads a page. Chats come in the order in which they were first asked for, then those that a chain leads to; within each
 * the messages by id, those of a supergroup from before its migration first. So the whole is read anew for every page, and a
 * page begins behind the last message of the one before.
 * @throws AppError MESSAGE_NOT_FOUND if none of the messages exists; if that is because no chat can be read, why not
 */
export async function readNamedPage(directory: Directory, query: NamedQuery, frame: Frame): Promise<Page> {
  const hits = await findNamed(directory, query.names, query.chat);
  if (hits.found.length === 0) throw noneFound(hits);
  const around = await readSurroundings(directory, hits.found, query);
  const asked = new Set(hits.found.map(placeKey));
  const all = [...new Map([...hits.found, ...around.found].map((each) => [placeKey(each), each])).values()];
  const isMixed = all.length > hits.found.length;
  const ahead = inOrder(all, query.after);
  const entries = ahead.slice(0, frame.limit).map((each): Entry => ({
    ...toEntry(each, frame),
    ...(isMixed && asked.has(placeKey(each)) ? { hit: true } : {}),
  }));
  const chat = chatOfAll(all.map((each) => each.chat));
  const isFirst = query.after === undefined;
  return buildPage({
    ...frame,
    ...(chat === undefined ? {} : { chat }),
    entries,
    hasMore: ahead.length > entries.length,
    notes: [
      ...frame.notes,
      ...(isFirst ? [...problemNotes(hits), ...around.notes] : []),
      ...migrationNotes(entries, chat),
    ],
    missing: isFirst ? hits.missing : [],
    wholeTexts: true,
    cursorAfter: (last = entries.at(-1)) => frame.cursorAfter({ chat: last?.chat.id ?? "", id: last?.message.id ?? 0 }),
  });
}

/** Neighbours and what is answered; if Telegram asks to wait meanwhile, the messages asked for come without them. */
async function readSurroundings(
  directory: Directory,
  hits: readonly Located[],
  { context, chain, after }: NamedQuery,
): Promise<{ readonly found: readonly Located[]; readonly notes: readonly string[] }> {
  try {
    const answered = chain ? await readAnswered(directory, hits) : undefined;
    const neighbours = context === 0 ? [] : await readNeighbours(directory, hits, context);
    return {
      found: [...neighbours, ...answered?.found ?? []],
      notes: answered === undefined ? [] : chainNotes(answered),
    };
  } catch (error) {
    const isFlood = error instanceof AppError && error.retryAfter !== undefined;
    if (!isFlood || after !== undefined) throw error;
    const left = [...(context === 0 ? [] : ["context"]), ...(chain ? ["chain"] : [])].join(" and ");
    return {
      found: [],
      notes: [`${pauseOf(error)}, so ${left} is left out; call again after ${error.retryAfter} s.`],
    };
  }
}

/** The messages in the order of a page, those behind a place. */
function inOrder(messages: readonly Located[], after: Place | undefined): Located[] {
  const homes = [...new Set(messages.map(({ chat }) => homeOf(chat)))];
  const ranks = new Map(
    messages.map(({ chat }) => [chat.id, 2 * homes.indexOf(homeOf(chat)) + (chat.migratedTo ? 0 : 1)]),
  );
  if (after !== undefined && !ranks.has(after.chat)) {
    throw new AppError("INVALID_CURSOR", "The chat that the cursor stands in can no longer be read.", {
      field: "cursor",
    });
  }
  const compare = (a: Place, b: Place): number => (ranks.get(a.chat) ?? -1) - (ranks.get(b.chat) ?? -1) || a.id - b.id;
  return messages
    .map((each) => ({ each, place: { chat: each.chat.id, id: each.message.id } }))
    .filter(({ place }) => after === undefined || compare(place, after) > 0)
    .sort((a, b) => compare(a.place, b.place))
    .map(({ each }) => each);
}

/** What a chat is now: the supergroup that a basic group became. */
function homeOf(chat: Peer): string {
  return chat.migratedTo ?? chat.id;
}

/** The chat of the whole page, undefined where there are several; a supergroup and what it was are one. */
function chatOfAll(chats: readonly Peer[]): Peer | undefined {
  const [first] = chats;
  if (first === undefined || chats.some((chat) => homeOf(chat) !== homeOf(first))) return undefined;
  return chats.find((chat) => chat.migratedTo === undefined) ?? first;
}

function migrationNotes(entries: readonly Entry[], chat: Peer | undefined): string[] {
  const former = chat && entries.find((entry) => entry.chat.id !== chat.id)?.chat.id;
  if (former === undefined) return [];
  return [`Messages with chat in their last element are from before this supergroup was ${former}.`];
}

/** One note a reason, in the words of the catalogue: an error's own may hold what the caller sent. */
function problemNotes({ problems }: Hits): string[] {
  return [...Map.groupBy(problems, ({ code }) => code)].map(([code, { length }]) =>
    `${length} of missing: ${code}. ${ERROR_CODES[code].hint}`
  );
}

function chainNotes({ gone, unreadable, deeper }: Answered): string[] {
  return [
    ...(gone > 0 ? [`chain: ${gone} answered message(s) no longer exist.`] : []),
    ...(unreadable > 0 ? [`chain: ${unreadable} answered message(s) are in chats that the account cannot read.`] : []),
    ...(deeper ? ["chain: it goes on; for more of it ask for its first message with chain."] : []),
  ];
}
