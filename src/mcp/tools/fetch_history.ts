/**
 * The tool fetch_history.
 * @module
 */
import { z } from "zod";
import type { Message } from "../../model/message.ts";
import type { Principal } from "../../model/principal.ts";
import { readUpTo } from "../../telegram/chats.ts";
import { formatPoint, type Point, readRange } from "../../telegram/dates.ts";
import { type HistoryQuery, isCountedByTelegram } from "../../telegram/history.ts";
import { mapMessage } from "../../telegram/map/message.ts";
import { type Directory, findSelf, resolveChat, type Resolved } from "../../telegram/resolve.ts";
import { resolveSender, senderById } from "../../telegram/senders.ts";
import { disagrees } from "../cursor.ts";
import { buildPage, type Page, pageEnvelope, pageSchema } from "../page.ts";
import { openDirectory, type Sources } from "../reading.ts";
import { defineTool, READS_TELEGRAM, type Tool, type ToolContext } from "../registry.ts";
import { collect, endNotesOf } from "../walk.ts";
import { chatArgument, explainLimit, limitArgument, pagingArguments } from "./input.ts";
import { assertAgreement, filterArguments, type Filters, givenIn, type Position, positionSchema } from "./position.ts";

const NAME = "fetch_history";
/** From here on a page says that there is a better way than paging. */
const MANY = 500;

/** Builds the tool. */
export function fetchHistory(sources: Sources): Tool {
  const input = z.strictObject({
    chat: chatArgument,
    ...filterArguments,
    limit: limitArgument(sources.maxPageSize, 50),
    ...pagingArguments,
  });
  return defineTool({
    name: NAME,
    title: "Read a chat's history",
    description:
      'Read one chat page by page, by date, sender or type; nothing gets marked as read. Use to catch up or go through a period. Example, all March: {"chat":"@sandbox_news","from":"2025-03-01T00:00:00Z","to":"2025-04-01T00:00:00Z"}',
    scope: "read",
    hints: READS_TELEGRAM,
    input,
    output: pageSchema,
    envelope: pageEnvelope,
    explain: explainLimit(NAME, sources.maxPageSize, "; a whole history is for the export command"),
    run: (args, context) => run(sources, args, context),
  });
}

interface Arguments extends Filters {
  readonly chat: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly fields: "compact" | "full";
  readonly max_chars: number;
}

async function run(sources: Sources, args: Arguments, context: ToolContext): Promise<Page> {
  const directory = openDirectory(sources, context);
  const position = args.cursor === undefined
    ? undefined
    : sources.cursors.open(args.cursor, NAME, context.principal, positionSchema);
  // Cheap checks come before Telegram is asked anything.
  const now = Math.floor(sources.now() / 1000);
  const range = position ?? readRange(args, now);
  if (position !== undefined) assertAgreement(args, position, now);
  const self = await findSelf(directory);
  const resolved = await resolveChat(directory, args.chat);
  if (position !== undefined && resolved.peer.id !== position.chat) throw disagrees("chat");
  const query = await toQuery(directory, resolved, args, range, position);
  const walk = await collect(directory, query, args.limit, position?.after);
  const observedAt = new Date(sources.now()).toISOString();
  const messages = walk.found.slice(0, args.limit).map(({ message, peers }) =>
    mapMessage(message, { chat: query.chat, self: self.id, peers, observedAt })
  );
  const shown = { from: range.from && formatPoint(range.from), to: range.to && formatPoint(range.to) };
  const hasMore = walk.hasMore || walk.found.length > args.limit;
  const total = isCountedByTelegram(query) ? walk.total : undefined;
  return buildPage({
    chat: query.chat,
    ...(shown.from === undefined && shown.to === undefined ? {} : { range: shown }),
    messages,
    ...(total === undefined ? {} : { total }),
    hasMore,
    notes: notesOf(resolved, query, {
      total,
      isEmpty: messages.length === 0,
      hasMore,
      migratedFrom: migrationIn(messages),
    }),
    endNotes: endNotesOf(walk),
    self: self.id,
    fields: args.fields,
    maxChars: args.max_chars,
    cursorAfter: (last) => {
      const after = last?.id ?? (walk.found.length > args.limit ? messages.at(-1)?.id : walk.reached) ?? 0;
      return seal(sources, context.principal, { query, given: position?.given ?? givenIn(args), after });
    },
  });
}

function seal(
  sources: Sources,
  principal: Principal,
  { query, given, after }: { readonly query: HistoryQuery; readonly given: Filters; readonly after: number },
): string {
  const position: Position = {
    chat: query.chat.id,
    given,
    from: query.range?.from,
    to: query.range?.to,
    sender: query.sender?.id,
    unreadAfter: query.unreadAfter,
    after,
  };
  return sources.cursors.seal(NAME, principal, position);
}

async function toQuery(
  directory: Directory,
  { peer }: Resolved,
  args: Arguments,
  range: { readonly from?: Point | undefined; readonly to?: Point | undefined },
  position: Position | undefined,
): Promise<HistoryQuery> {
  const filters = position?.given ?? args;
  const sender = position?.sender !== undefined
    ? senderById(directory, position.sender)
    : filters.sender === undefined
    ? undefined
    : await resolveSender(directory, peer, filters.sender);
  const unreadAfter = position?.unreadAfter ??
    (filters.unread ? await readUpTo(directory.call, peer, directory.options) : undefined);
  return {
    chat: peer,
    direction: filters.direction ?? "newest_first",
    ...(range.from === undefined && range.to === undefined ? {} : {
      range: {
        ...(range.from === undefined ? {} : { from: range.from }),
        ...(range.to === undefined ? {} : { to: range.to }),
      },
    }),
    ...(sender === undefined ? {} : { sender }),
    ...(filters.type === undefined ? {} : { type: filters.type }),
    ...(filters.min_views === undefined ? {} : { minViews: filters.min_views }),
    ...(unreadAfter === undefined ? {} : { unreadAfter }),
  };
}

function notesOf(
  { peer, target, matchedBy }: Resolved,
  query: HistoryQuery,
  page: {
    readonly total: number | undefined;
    readonly isEmpty: boolean;
    readonly hasMore: boolean;
    readonly migratedFrom: string | undefined;
  },
): string[] {
  const notes: string[] = [];
  if (target?.message !== undefined && matchedBy === "link") {
    notes.push(
      `The link's message is not applied; to read from it on send from:"#${target.message}" and oldest_first.`,
    );
    if (target.comment !== undefined) {
      notes.push("Nor is its comment: resolve_chat with the link names its chat and id.");
    }
  }
  if (peer.migratedTo !== undefined) {
    notes.push(`This group became the supergroup ${peer.migratedTo}; its newer messages are there.`);
  }
  if (page.migratedFrom !== undefined) {
    notes.push(`This supergroup was the basic group ${page.migratedFrom}; its older messages are there.`);
  }
  if (page.isEmpty && !page.hasMore) notes.push(emptiness(query));
  if (page.total !== undefined && page.total > MANY && page.hasMore) {
    notes.push(`${page.total} messages match; for all of them the export command is better than paging.`);
  }
  return notes;
}

/** The basic group that the messages say this supergroup was; its history ends with the move and is one of its own. */
function migrationIn(messages: readonly Message[]): string | undefined {
  const service = messages.find(({ service }) => service?.action === "channel_migrate_from")?.service;
  return typeof service?.chat_id === "string" ? service.chat_id : undefined;
}

function emptiness(query: HistoryQuery): string {
  const { range, sender, type, minViews, unreadAfter } = query;
  const conditions = [
    range && "from and to",
    sender && "sender",
    type && "type",
    minViews && "min_views",
    unreadAfter !== undefined && "unread",
  ].filter(Boolean);
  if (conditions.length === 0) return "There are no (further) messages in this chat.";
  return `No (further) message of this chat matches ${conditions.join(", ")}.`;
}
