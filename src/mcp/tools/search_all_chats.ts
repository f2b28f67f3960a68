/**
 * A search over all chats, page by page, with what it cannot promise said.
 * @module
 */
import * as z from "zod";
import { AppError } from "../../errors.ts";
import { formatPoint, type Point, pointSchema, readRange } from "../../telegram/dates.ts";
import { mapMessage } from "../../telegram/map/message.ts";
import { type Directory, findSelf } from "../../telegram/resolve.ts";
import {
  type Finds,
  isTypedHere,
  searchAll,
  type SearchAllQuery,
  type SearchOffset,
} from "../../telegram/search_all.ts";
import { disagrees } from "../cursor.ts";
import { buildPage, type Entry, type Page } from "../page.ts";
import { openDirectory, type Sources } from "../reading.ts";
import type { ToolContext } from "../registry.ts";
import { MOST_SCANNED, pauseOf } from "../walk.ts";
import { assertAgreement, type Filters, filtersSchema, givenIn } from "./position.ts";

const placeSchema = z.object({ chat: z.string(), id: z.int() });

/** What a cursor holds: the slice that the next page begins in, and the message in it that it goes on behind. */
export const allPositionSchema = z.object({
  given: filtersSchema,
  from: pointSchema.optional(),
  to: pointSchema.optional(),
  offset: placeSchema.extend({ rate: z.int() }).nullable(),
  behind: placeSchema.optional(),
  /** How many messages that slice is asked for with. */
  size: z.int(),
});
type AllPosition = z.infer<typeof allPositionSchema>;

const PROMISE =
  "Telegram chooses the order and the chats of a search over all of them: a page may repeat a message or " +
  "leave one out. Within one chat (chat) the answer is complete.";

interface Arguments extends Filters {
  readonly chat?: string | undefined;
  readonly limit: number;
  readonly fields: "compact" | "full";
  readonly max_chars: number;
}

/** What was found, with the slice that each of it came in. */
interface Found extends Entry {
  readonly offset: SearchOffset | null;
  readonly size: number;
}

/**
 * Reads a page.
 * @param tool the tool's name, to which its cursors belong
 */
export async function searchAllChats(
  sources: Sources,
  context: ToolContext,
  tool: string,
  args: Arguments,
  position?: AllPosition,
): Promise<Page> {
  if (position !== undefined && args.chat !== undefined) throw disagrees("chat");
  const now = Math.floor(sources.now() / 1000);
  const range = position ?? readRange(args, now);
  if (position !== undefined) assertAgreement(args, position, now);
  const given = position?.given ?? givenIn(args);
  const query = toQuery(given, range);
  const directory = openDirectory(sources, context);
  const self = await findSelf(directory);
  const observedAt = new Date(sources.now()).toISOString();
  const toEntry = ({ message, chat }: Finds["messages"][number], peers: Finds["peers"]): Entry => ({
    message: mapMessage(message, { chat, self: self.id, peers, observedAt }),
    chat,
  });
  const walk = await collect(directory, query, { limit: args.limit, position, toEntry });
  const { found, hasMore, total } = walk;
  const entries = found.slice(0, args.limit);
  const isFull = found.length > args.limit;
  const shown = { from: range.from && formatPoint(range.from), to: range.to && formatPoint(range.to) };
  return buildPage({
    ...(shown.from === undefined && shown.to === undefined ? {} : { range: shown }),
    entries,
    ...(total === undefined || isTypedHere(query) || shown.from !== undefined || shown.to !== undefined
      ? {}
      : { total }),
    hasMore: hasMore || isFull,
    notes: [PROMISE, ...(entries.length === 0 && !hasMore ? ["Nothing was found; try another word."] : [])],
    endNotes: walk.stopped === undefined ? [] : [walk.stopped],
    self: self.id,
    fields: args.fields,
    maxChars: args.max_chars,
    cursorAfter: (last) => {
      const end = last === undefined ? (isFull ? entries.at(-1) : undefined) : entries.find((each) => each === last);
      const { offset, size } = end ?? walk;
      const behind = end === undefined ? undefined : { chat: end.chat.id, id: end.message.id };
      const next: AllPosition = { given, from: range.from, to: range.to, offset, behind, size };
      return sources.cursors.seal(tool, context.principal, next);
    },
  });
}

interface Walk {
  readonly found: readonly Found[];
  readonly hasMore: boolean;
  readonly total?: number;
  /** The slice to go on with. */
  readonly offset: SearchOffset | null;
  readonly size: number;
  /** Why it stopped before the page was full, if not at the end. */
  readonly stopped?: string;
}

/** Reads slices until the page is full, nothing more is found, Telegram asks to wait, or enough was looked at. */
async function collect(
  directory: Directory,
  query: SearchAllQuery,
  { limit, position, toEntry }: {
    readonly limit: number;
    readonly position: AllPosition | undefined;
    readonly toEntry: (one: Finds["messages"][number], peers: Finds["peers"]) => Entry;
  },
): Promise<Walk> {
  const found: Found[] = [];
  let offset: SearchOffset | null = position?.offset ?? null;
  let [behind, total] = [position?.behind, undefined as number | undefined];
  let size = behind !== undefined && position !== undefined ? position.size : isTypedHere(query) ? 100 : limit;
  for (let scanned = 0; found.length < limit; scanned += size) {
    if (scanned >= MOST_SCANNED) {
      return {
        found,
        hasMore: true,
        offset,
        size,
        stopped: `Looked at ${scanned} messages; next_cursor looks further.`,
      };
    }
    let finds: Finds;
    try {
      finds = await searchAll(directory, query, offset ?? undefined, size);
    } catch (error) {
      const isBegun = found.length > 0 && error instanceof AppError && error.retryAfter !== undefined;
      if (!isBegun) throw error;
      const stopped = `${pauseOf(error)}, so the page is short; next_cursor goes on after ${error.retryAfter} s.`;
      return { found, hasMore: true, offset, size, stopped };
    }
    const place = behind;
    const begin = place === undefined
      ? 0
      : finds.messages.findIndex(({ message, chat }) => chat.id === place.chat && message.id === place.id) + 1;
    for (const one of finds.messages.slice(begin)) found.push({ ...toEntry(one, finds.peers), offset, size });
    total ??= finds.total;
    if (finds.next === undefined) return { found, hasMore: false, total, offset, size };
    [offset, behind] = [finds.next, undefined];
    if (!isTypedHere(query)) size = limit;
  }
  return { found, hasMore: true, total, offset, size };
}

function toQuery(
  given: Filters,
  range: { readonly from?: Point | undefined; readonly to?: Point | undefined },
): SearchAllQuery {
  const { query, topic, sender, type, chat_kind } = given;
  if (topic !== undefined || sender !== undefined) {
    const field = topic !== undefined ? "topic" : "sender";
    throw new AppError("INPUT_VALIDATION", `${field}: Telegram cannot apply it to a search over all chats.`, {
      field,
      hint: `Name the chat, or leave ${field} out.`,
    });
  }
  if (type === "pinned" || type === "mention") {
    throw new AppError("INPUT_VALIDATION", `type: Telegram does not look for ${type} messages in all chats at once.`, {
      field: "type",
      hint: "Name the chat; list_chats with mentions shows where the account is mentioned.",
    });
  }
  if (!query?.trim()) {
    throw new AppError("INPUT_VALIDATION", "query: a search over all chats needs words.", {
      field: "query",
      hint: "Send words; to list messages by type or sender name the chat.",
    });
  }
  return {
    words: query,
    ...(chat_kind === undefined ? {} : { chatKind: chat_kind }),
    ...secondsOf(range.from, "from"),
    ...secondsOf(range.to, "to"),
    ...(type === undefined ? {} : { type }),
  };
}

function secondsOf(point: Point | undefined, field: "from" | "to"): { readonly [field]?: number } {
  if (point === undefined) return {};
  if ("seconds" in point) return { [field]: point.seconds };
  throw new AppError("INPUT_VALIDATION", `${field}: a message id belongs to one chat, and none is given.`, {
    field,
    hint: "Send a date, or name the chat.",
  });
}
