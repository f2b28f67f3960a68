/**
 * A page of messages within its budget.
 * @module
 */
import * as z from "zod";
import { chatHeadSchema } from "../model/chat.ts";
import { type Message, messageSchema } from "../model/message.ts";
import { chatLink } from "../telegram/map/message.ts";
import { type Peer, titleOf } from "../telegram/map/peer.ts";
import { compactRow, type Day, groupByDay } from "./compact.ts";
import { labelChats, labelOf, type Labels, labelSenders } from "./labels.ts";
import { neutralized, sizeOf } from "../model/neutralize.ts";

const rowSchema = z.array(z.union([z.number(), z.string(), z.record(z.string(), z.unknown())]));

/** A page, whole; its keys are in the order in which clients should be able to cut it. */
export const pageSchema = z.object({
  chat: chatHeadSchema.optional(),
  range: z.object({ from: z.string().optional(), to: z.string().optional() }).optional(),
  count: z.int(),
  total: z.int().optional(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).optional(),
  neutralized,
  senders: z.record(z.string(), z.string()).optional(),
  chats: z.record(z.string(), z.string()).optional(),
  columns: z.array(z.string()).optional(),
  messages: z.union([
    z.array(z.object({ day: z.string(), rows: z.array(rowSchema) })),
    z.array(messageSchema),
  ]),
});

/** A page of messages that were asked for one by one. */
export const namedPageSchema = pageSchema.extend({
  missing: z.array(z.union([z.int(), z.string()])).optional()
    .describe("what was asked for and is not there, or not for this account: the id, or the link as sent"),
});

/** The part of a page that is advertised with a tool. */
export const pageEnvelope = z.looseObject({
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).optional(),
  messages: z.array(z.unknown()),
});

/** See {@link pageSchema} and {@link namedPageSchema}. */
export type Page = z.input<typeof namedPageSchema>;

/** A message of a page. */
export interface Entry {
  readonly message: Message;
  readonly chat: Peer;
  /** It was asked for itself, among others that give it context. */
  readonly hit?: boolean;
}

/** What a page is made of. */
export interface PageParts {
  /** The chat of the whole page; without it every row names its own. */
  readonly chat?: Peer;
  readonly range?: { readonly from?: string; readonly to?: string };
  readonly entries: readonly Entry[];
  readonly total?: number;
  /** More matched, or may, behind the last of the messages. */
  readonly hasMore: boolean;
  readonly notes: readonly string[];
  /** What was asked for by name and is not there. */
  readonly missing?: readonly (number | string)[];
  /** What is said of where the messages end; left out when the page ends earlier. */
  readonly endNotes?: readonly string[];
  /** The account's own marked id. */
  readonly self: string;
  readonly fields: "compact" | "full";
  /** UTF-16 units of the whole page as JSON, hidden characters shown. */
  readonly maxChars: number;
  /** Texts are never shortened: only fewer messages make the page smaller. */
  readonly wholeTexts?: boolean;
  /** The cursor that goes on behind an entry; undefined: behind everything looked at. */
  readonly cursorAfter: (last: Entry | undefined) => string;
}

/** Texts are shortened to this before a page is. */
const SHORTENED = 1000;

/**
 * Puts a page together. If it does not fit, texts over 1,000 characters are shortened first, then messages are left to the
 * next page; one message always stays, whatever its size.
 */
export function buildPage(parts: PageParts): Page {
  const all = parts.entries.length;
  const fits = (page: Page): boolean => sizeOf(page) <= parts.maxChars;
  const whole = render(parts, all, Infinity);
  if (fits(whole) || all === 0) return whole;
  const longestText = parts.wholeTexts ? Infinity : SHORTENED;
  const shortened = parts.wholeTexts ? undefined : render(parts, all, SHORTENED);
  if (shortened !== undefined && fits(shortened)) return shortened;
  let [most, least] = [all - 1, 1];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(render(parts, middle, longestText))) least = middle;
    else most = middle - 1;
  }
  return render(parts, least, longestText);
}

function render(parts: PageParts, count: number, longestText: number): Page {
  const entries = parts.entries.slice(0, count);
  const isCut = count < parts.entries.length;
  const hasMore = parts.hasMore || isCut;
  const endNotes = isCut ? ["The page ends early to stay within max_chars."] : parts.endNotes ?? [];
  const notes = [...parts.notes, ...endNotes];
  const body = parts.fields === "full"
    ? { messages: entries.map(({ message }) => message) }
    : compactBody(parts, entries, longestText);
  const chat = parts.chat === undefined ? undefined : chatHead(parts.chat);
  return {
    ...(chat === undefined ? {} : { chat }),
    ...(parts.range === undefined ? {} : { range: parts.range }),
    count,
    ...(parts.total === undefined ? {} : { total: parts.total }),
    has_more: hasMore,
    ...(hasMore ? { next_cursor: parts.cursorAfter(isCut ? entries.at(-1) : undefined) } : {}),
    ...(notes.length === 0 ? {} : { notes }),
    ...(parts.missing?.length ? { missing: [...parts.missing] } : {}),
    ...body,
  };
}

function compactBody(
  { chat, self }: PageParts,
  entries: readonly Entry[],
  longestText: number,
): Pick<Page, "senders" | "chats" | "columns"> & { messages: Day[] } {
  const senders = labelSenders(entries, self);
  const chats: Labels | undefined = chat === undefined ? labelChats(entries) : undefined;
  const hasFrom = senders.size > 0;
  const rows = entries.map((entry) => {
    const labels = [
      ...(chats === undefined ? [] : [chats.get(entry.chat.id)?.label ?? ""]),
      ...(hasFrom ? [labelOf(entry.message, senders)] : []),
    ];
    const elsewhere = chat !== undefined && chat.id !== entry.chat.id ? entry.chat.id : undefined;
    const row = compactRow(entry.message, { labels, elsewhere, hit: entry.hit, longestText });
    return { message: entry.message, row };
  });
  const named = (labels: Labels): Record<string, string> =>
    Object.fromEntries([...labels.values()].map(({ label, who }) => [label, who]));
  return {
    ...(hasFrom ? { senders: named(senders) } : {}),
    ...(chats === undefined ? {} : { chats: named(chats) }),
    columns: [
      "id",
      "utc",
      ...(chats === undefined ? [] : ["chat"]),
      ...(hasFrom ? ["from"] : []),
      "text",
      "more",
    ],
    messages: groupByDay(rows),
  };
}

/** A chat as a page names it. */
export function chatHead(chat: Peer): NonNullable<Page["chat"]> {
  const link = chatLink(chat);
  return {
    id: chat.id,
    kind: chat.kind,
    title: titleOf(chat),
    ...(chat.username === undefined ? {} : { username: chat.username }),
    ...(link === undefined ? {} : { link }),
    ...(chat.protected ? { protected: true } : {}),
  };
}
