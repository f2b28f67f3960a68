/**
 * One page of one chat's messages: what fetch_history and search_messages have in common.
 * @module
 */
import type { Suggestion } from "../../errors.ts";
import { formerChat } from "../../telegram/chats.ts";
import { formatPoint, readRange } from "../../telegram/dates.ts";
import type { Place } from "../../telegram/history.ts";
import { type HistoryQuery, isCountedByTelegram } from "../../telegram/query.ts";
import { type Directory, findSelf, isStillNamed, resolveChat, type Resolved } from "../../telegram/resolve.ts";
import { senderById } from "../../telegram/senders.ts";
import { disagrees } from "../cursor.ts";
import { buildPage, type Page } from "../page.ts";
import { openDirectory, type Sources } from "../reading.ts";
import type { ToolContext } from "../registry.ts";
import { collect, endNotesOf, type Walk } from "../walk.ts";
import { chatNotes, emptiness, plain, toQuery } from "./chat_query.ts";
import { assertAgreement, type Filters, givenIn, type Position } from "./position.ts";
import { orExport, suggestExport } from "./suggest_export.ts";

/** From here on a page says that there is a better way than paging. */
const MANY = 500;

/** Arguments of a tool that reads one chat. */
export interface ChatPageArguments extends Filters {
  readonly chat: string;
  readonly limit: number;
  readonly fields: "compact" | "full";
  readonly max_chars: number;
}

/**
 * Reads a page.
 * @param tool the tool's name, to which its cursors belong
 * @param position what the cursor holds, if there is one
 * @throws AppError for what is wrong with the arguments, and what Telegram refuses
 */
export async function readChatPage(
  sources: Sources,
  context: ToolContext,
  tool: string,
  args: ChatPageArguments,
  position: Position | undefined,
  isAgain = false,
): Promise<Page> {
  const directory = openDirectory(sources, context);
  // Cheap checks come before Telegram is asked anything.
  const now = Math.floor(sources.now() / 1000);
  const range = position ?? readRange(args, now);
  if (position !== undefined) assertAgreement(args, position, now);
  const self = await findSelf(directory);
  const resolved = await resolveChat(directory, args.chat);
  if (position !== undefined && resolved.peer.id !== position.chat) throw disagrees("chat");
  const query = position === undefined
    ? await toQuery(directory, resolved, args, range)
    : await queryOf(directory, resolved, position);
  const whole = suggestExport(query.chat.id, position?.given ?? givenIn(args));
  const observedAt = new Date(sources.now()).toISOString();
  const walk = await collect(directory, query, {
    limit: args.limit,
    after: position?.after,
    self: self.id,
    observedAt,
  }).catch((error) => {
    throw orExport(error, whole);
  });
  // The name has moved to another chat since it was learnt: what it means now is asked anew.
  if (position === undefined && !isAgain && !isStillNamed(directory, resolved)) {
    return await readChatPage(sources, context, tool, args, position, true);
  }
  const entries = walk.found.slice(0, args.limit);
  const shown = { from: range.from && formatPoint(range.from), to: range.to && formatPoint(range.to) };
  const hasMore = walk.hasMore || walk.found.length > args.limit;
  const total = isCountedByTelegram(query) ? walk.total : undefined;
  return buildPage({
    chat: directory.peers.get(query.chat.id) ?? query.chat,
    ...(shown.from === undefined && shown.to === undefined ? {} : { range: shown }),
    entries,
    ...(total === undefined ? {} : { total }),
    hasMore,
    notes: [...await chatNotes(directory, resolved), ...notesOf(query, { total, hasMore, entries, whole })],
    endNotes: endNotesOf(walk),
    self: self.id,
    fields: args.fields,
    maxChars: args.max_chars,
    cursorAfter: (last) => {
      const isPageFull = walk.found.length > args.limit;
      const behind = last ?? (isPageFull ? entries.at(-1) : undefined);
      const after = behind === undefined ? walk.reached : { chat: behind.chat.id, id: behind.message.id };
      const next = toPosition(query, position?.given ?? givenIn(args), after ?? { chat: query.chat.id, id: 0 });
      return sources.cursors.seal(tool, context.principal, next);
    },
  });
}

function toPosition(query: HistoryQuery, given: Filters, after: Place): Position {
  return {
    chat: query.chat.id,
    given,
    from: query.range?.from,
    to: query.range?.to,
    topic: query.topic,
    sender: query.sender?.id,
    unreadAfter: query.unreadAfter,
    after: { chat: after.chat, id: after.id },
  };
}

/** The query that a cursor goes on with: names were looked up when it was made. */
async function queryOf(directory: Directory, { peer }: Resolved, position: Position): Promise<HistoryQuery> {
  const { topic, sender, unreadAfter } = position;
  return {
    ...plain(peer, position.given, position),
    former: await formerChat(directory, peer),
    topic,
    sender: sender === undefined ? undefined : senderById(directory, sender),
    unreadAfter,
  };
}

function notesOf(
  query: HistoryQuery,
  { total, hasMore, entries, whole }: {
    readonly total: number | undefined;
    readonly hasMore: boolean;
    readonly entries: Walk["found"];
    readonly whole: Suggestion | undefined;
  },
): string[] {
  const notes: string[] = [];
  if (entries.some(({ chat }) => chat.id !== query.chat.id)) {
    notes.push(`Messages with chat in their last element are from before this supergroup was ${query.former?.id}.`);
  }
  if (entries.length === 0 && !hasMore) notes.push(emptiness(query));
  if (total !== undefined && total > MANY && hasMore && whole !== undefined) {
    notes.push(`${total} messages match; for all of them start_export is better than paging.`);
  }
  return notes;
}
