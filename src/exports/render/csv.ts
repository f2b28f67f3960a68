/**
 * CSV by RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180): one row a message.
 *
 * It begins with a byte order mark: spreadsheets are what it is for, and Excel takes UTF-8 without one for the system's own
 * character set. Programs read it as `utf-8-sig`, or take NDJSON.
 *
 * A spreadsheet would compute a field that begins like a formula
 * (https://owasp.org/www-community/attacks/CSV_Injection), so it gets an apostrophe in front, and so does a field that has
 * one already; whole numbers stay. To undo it, take one apostrophe away from the beginning of every field that has one.
 * A spreadsheet that divides at semicolons has to be told that the separator is the comma.
 * @module
 */
import type { MediaRecord } from "../../model/media_record.ts";
import type { Message } from "../../model/message.ts";
import { createNames } from "./chats.ts";
import { createClock } from "./clock.ts";
import { reactionWords } from "./facts.ts";
import type { Chunk, RenderChat, RenderContext } from "./render.ts";

type Cell = string | number | boolean | undefined;

/** What the columns take from a message itself; the column `more` has everything else of it as JSON. */
const OWN = ["chat_id", "id", "date", "edited", "text", "topic_id", "views", "forwards", "replies", "link"] as const;
const COLUMNS: Readonly<Record<string, (row: Row) => Cell>> = {
  chat_id: ({ chat }) => chat.id,
  chat_title: ({ chat }) => chat.title,
  id: ({ message }) => message.id,
  date: ({ date }) => date,
  edited: ({ edited }) => edited,
  sender_id: ({ message }) => message.sender?.id,
  sender_name: ({ message }) => message.sender?.name,
  text: ({ message }) => message.text,
  media: ({ message }) => message.media?.kind,
  file_name: ({ message }) => message.media?.file_name,
  file: ({ media }) => media?.map((each) => "file" in each ? each.file : `(${each.skipped})`).join(" "),
  service: ({ message }) => message.service?.action,
  reply_to: ({ message }) => message.reply_to?.id,
  topic_id: ({ message }) => message.topic_id,
  reactions: ({ message }) => reactionWords(message).join(" "),
  views: ({ message }) => message.views,
  forwards: ({ message }) => message.forwards,
  replies: ({ message }) => message.replies,
  link: ({ message }) => message.link,
  more: ({ message }) => moreOf(message),
};

interface Row {
  readonly message: Message;
  readonly chat: RenderChat;
  readonly date: string;
  readonly edited?: string;
  readonly media?: readonly MediaRecord[];
}

/** See the module's text. Dates are RFC 3339 with the offset of the time zone. */
export async function* renderCsv(context: RenderContext, records: AsyncIterable<Message>): AsyncGenerator<Chunk> {
  const file = "messages.csv";
  const clock = createClock(context.tz);
  const names = createNames(context);
  // The column of downloads is for those who asked for them.
  const columns = Object.entries(COLUMNS).filter(([name]) => name !== "file" || context.mediaOf !== undefined);
  yield { file, text: `\uFEFF${line(columns.map(([name]) => name))}` };
  for await (const message of records) {
    const row = {
      message,
      chat: names.chatOf(message),
      date: clock(message.date).rfc3339,
      edited: message.edited && clock(message.edited).rfc3339,
      media: context.mediaOf?.(message),
    };
    yield { file, text: line(columns.map(([, cell]) => cell(row))) };
  }
}

function moreOf(message: Message): string {
  const own: ReadonlySet<string> = new Set(OWN);
  return JSON.stringify(Object.fromEntries(Object.entries(message).filter(([key]) => !own.has(key))));
}

function line(cells: readonly Cell[]): string {
  return `${cells.map((cell) => quote(harmless(String(cell ?? "")))).join(",")}\r\n`;
}

/** Blanks and what cannot be seen may be dropped before a spreadsheet looks; some take full-width signs for the others. */
const FORMULA = /^['\t\r\n]|^[\s\p{C}]*[=+\-@＝＋－＠]/u;

function harmless(text: string): string {
  return FORMULA.test(text) && !/^-?\d+$/.test(text) ? `'${text}` : text;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
