/**
 * A page of messages within its budget.
 * @module
 */
import { z } from "zod";
import { chatHeadSchema } from "../model/chat.ts";
import { type Message, messageSchema, type Sender } from "../model/message.ts";
import { chatLink } from "../telegram/map/message.ts";
import type { Peer } from "../telegram/map/peer.ts";
import { compactRow, type Day, groupByDay } from "./compact.ts";
import { createRevealer, type Revealer } from "./visible.ts";

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
  neutralized: z.int().optional(),
  senders: z.record(z.string(), z.string()).optional(),
  columns: z.array(z.string()).optional(),
  messages: z.union([
    z.array(z.object({ day: z.string(), rows: z.array(rowSchema) })),
    z.array(messageSchema),
  ]),
});

/** The part of a page that is advertised with a tool. */
export const pageEnvelope = z.looseObject({
  count: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).optional(),
  messages: z.array(z.unknown()),
});

/** See {@link pageSchema}. */
export type Page = z.input<typeof pageSchema>;

/** What a page is made of. */
export interface PageParts {
  readonly chat: Peer;
  readonly range?: { readonly from?: string; readonly to?: string };
  readonly messages: readonly Message[];
  readonly total?: number;
  /** More matched, or may, behind the last of the messages. */
  readonly hasMore: boolean;
  readonly notes: readonly string[];
  /** What is said of where the messages end; left out when the page ends earlier. */
  readonly endNotes?: readonly string[];
  /** The account's own marked id. */
  readonly self: string;
  readonly fields: "compact" | "full";
  /** UTF-16 units of the whole page as JSON. */
  readonly maxChars: number;
  /** The cursor that goes on behind a message; undefined: behind everything looked at. */
  readonly cursorAfter: (last: Message | undefined) => string;
}

/** Texts are shortened to this before a page is. */
const SHORTENED = 1000;

/**
 * Puts a page together. If it does not fit, texts over 1,000 characters are shortened first, then messages are left to the
 * next page; one message always stays, whatever its size.
 */
export function buildPage(parts: PageParts): Page {
  const all = parts.messages.length;
  const fits = (page: Page): boolean => JSON.stringify(page).length <= parts.maxChars;
  const whole = render(parts, all, Infinity);
  if (fits(whole) || all === 0) return whole;
  const shortened = render(parts, all, SHORTENED);
  if (fits(shortened)) return shortened;
  let [most, least] = [all - 1, 1];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(render(parts, middle, SHORTENED))) least = middle;
    else most = middle - 1;
  }
  return render(parts, least, SHORTENED);
}

function render(parts: PageParts, count: number, longestText: number): Page {
  const messages = parts.messages.slice(0, count);
  const isCut = count < parts.messages.length;
  const hasMore = parts.hasMore || isCut;
  const endNotes = isCut ? ["The page ends early to stay within max_chars."] : parts.endNotes ?? [];
  const notes = [...parts.notes, ...endNotes];
  const reveal = createRevealer();
  const body = parts.fields === "full" ? { messages } : compactBody(parts, messages, longestText, reveal);
  const chat = chatHead(parts.chat, reveal);
  return {
    chat,
    ...(parts.range === undefined ? {} : { range: parts.range }),
    count,
    ...(parts.total === undefined ? {} : { total: parts.total }),
    has_more: hasMore,
    ...(hasMore ? { next_cursor: parts.cursorAfter(isCut ? messages.at(-1) : undefined) } : {}),
    ...(notes.length === 0 ? {} : { notes }),
    ...(reveal.count() === 0 ? {} : { neutralized: reveal.count() }),
    ...body,
  };
}

function compactBody(
  parts: PageParts,
  messages: readonly Message[],
  longestText: number,
  reveal: Revealer,
): { senders?: Record<string, string>; columns: string[]; messages: Day[] } {
  const senders = messages.flatMap((message) => message.sender ?? []);
  const labels = labelSenders(
    senders.filter((sender) => sender.id !== parts.chat.id || isPerson(sender)),
    parts.self,
    reveal,
  );
  const hasFrom = labels.size > 0;
  const rows = messages.map((message) => {
    const label = hasFrom ? labels.get(message.sender?.id ?? "")?.label ?? "" : undefined;
    return { message, row: compactRow(message, { label, longestText, reveal }) };
  });
  return {
    ...(hasFrom ? { senders: Object.fromEntries([...labels.values()].map(({ label, who }) => [label, who])) } : {}),
    columns: ["id", "utc", ...(hasFrom ? ["from"] : []), "text", "more"],
    messages: groupByDay(rows),
  };
}

/** A chat that posts as itself needs no label; a person whose private chat this is does. */
function isPerson(sender: Sender): boolean {
  return sender.kind === "user" || sender.kind === "bot";
}

/**
 * One label a sender: the name, `me` for the account. Where two would be equal, or a name looks like such a label, `#` and
 * the last four digits of the id follow, more of them if need be.
 */
export function labelSenders(
  senders: readonly Sender[],
  self: string,
  reveal: (text: string) => string,
): Map<string, { readonly label: string; readonly who: string }> {
  const unique = new Map(senders.map((sender) => [sender.id, sender]));
  const plain = new Map([...unique].map(([id, sender]) => [id, id === self ? "me" : reveal(sender.name)]));
  const uses = Map.groupBy(plain, ([, label]) => label);
  return new Map([...unique].map(([id, sender]) => {
    const name = plain.get(id) ?? id;
    const namesakes = (uses.get(name) ?? []).map(([each]) => each);
    const isAlone = namesakes.length === 1 && !RESERVED.test(name);
    const label = id === self || isAlone ? name : `${name}#${id.slice(-distinctDigits(id, namesakes))}`;
    return [id, { label, who: sender.username === undefined ? id : `${id} @${sender.username}` }];
  }));
}

/** Names that only the account, the chat itself and told-apart senders are shown by. */
const RESERVED = /^(me)?$|#-?\d+$/;

/** How many digits at the end of an id tell it from the others: four if that is enough. */
function distinctDigits(id: string, ids: readonly string[]): number {
  const isDistinct = (digits: number): boolean =>
    ids.every((other) => other === id || other.slice(-digits) !== id.slice(-digits));
  let digits = 4;
  while (digits < id.length && !isDistinct(digits)) digits++;
  return digits;
}

/** A chat as a page names it. */
export function chatHead(chat: Peer, reveal: (text: string) => string): NonNullable<Page["chat"]> {
  const link = chat.username === undefined ? chatLink(chat) : `https://t.me/${chat.username}`;
  return {
    id: chat.id,
    kind: chat.kind,
    title: reveal(chat.title),
    ...(chat.username === undefined ? {} : { username: chat.username }),
    ...(link === undefined ? {} : { link }),
    ...(chat.protected ? { protected: true } : {}),
  };
}
