/**
 * HTML to read anywhere: pages of messages and, last, an index of them. No scripts; everything of other people is escaped.
 * @module
 */
import type { MediaRecord } from "../../model/media_record.ts";
import type { Message } from "../../model/message.ts";
import { isPicture } from "../media_name.ts";
import { createNames, type Names } from "./chats.ts";
import { createClock, type Shown } from "./clock.ts";
import { type Fact, factLines } from "./facts.ts";
import { PAGE_END, pageBegin } from "./html_page.ts";
import { anchor, escapeHtml, htmlText, isolated } from "./html_text.ts";
import { safeUrl } from "./links.ts";
import type { Chunk, RenderChat, RenderContext } from "./render.ts";

/** Messages on a page. */
export const PAGE_SIZE = 5000;
const INDEX = "index.html";

/** A page, as the index and answers from later pages need it: all that is kept of it. */
interface Page {
  readonly file: string;
  readonly first: Shown;
  last: Shown;
  count: number;
  /** The lowest and the highest message of each chat. */
  readonly extents: Map<string, readonly [number, number]>;
}

/** See the module's text. */
export async function* renderHtml(context: RenderContext, records: AsyncIterable<Message>): AsyncGenerator<Chunk> {
  const names = createNames(context);
  const clock = createClock(context.tz);
  const pages: Page[] = [];
  const anchors = new Set<string>();
  const hasMedia = context.mediaOf !== undefined;
  let page: Page | undefined;
  let [chatId, day] = ["", ""];
  for await (const message of records) {
    const date = clock(message.date);
    const chat = names.chatOf(message);
    let text = "";
    if (page === undefined || page.count === PAGE_SIZE) {
      const number = pages.length + 1;
      if (page !== undefined) yield { file: page.file, text: `${navigation(number - 1, true)}${PAGE_END}` };
      page = { file: fileOf(number), first: date, last: date, count: 0, extents: new Map() };
      pages.push(page);
      anchors.clear();
      [chatId, day] = ["", ""];
      text += `${pageBegin(`Messages, page ${number}`, hasMedia)}${navigation(number, false)}`;
    }
    if (chat.id !== chatId) text += `<h2>${isolated(chat.title)}</h2>\n`;
    if (chat.id !== chatId || date.day !== day) text += `<h3>${date.day}</h3>\n`;
    [chatId, day] = [chat.id, date.day];
    text += article(message, { chat, date, clock, names, anchors, pages, media: context.mediaOf?.(message) });
    note(page, message, date);
    yield { file: page.file, text };
  }
  if (page !== undefined) yield { file: page.file, text: `${navigation(pages.length, false)}${PAGE_END}` };
  yield { file: INDEX, text: index(context, pages) };
}

function note(page: Page, { id, chat_id: chat }: Message, date: Shown): void {
  page.last = date;
  page.count++;
  const [lowest, highest] = page.extents.get(chat) ?? [id, id];
  page.extents.set(chat, [Math.min(lowest, id), Math.max(highest, id)]);
}

interface Around {
  readonly chat: RenderChat;
  readonly date: Shown;
  readonly clock: (date: string) => Shown;
  readonly names: Names;
  /** Of the page so far. */
  readonly anchors: Set<string>;
  readonly pages: readonly Page[];
  readonly media?: readonly MediaRecord[] | undefined;
}

function article(message: Message, { chat, date, clock, names, anchors, pages, media = [] }: Around): string {
  const name = nameOf(chat.id, message.id);
  // The same message may come again, with what has changed.
  const id = anchors.has(name) ? "" : ` id="${name}"`;
  anchors.add(name);
  const edited = message.edited === undefined ? "" : ` <span class="time">edited ${at(clock(message.edited))}</span>`;
  const username = message.sender?.username;
  const handle = username === undefined ? "" : ` <span class="dim">${isolated(`@${username}`)}</span>`;
  const answered = message.reply_to?.id;
  const target = answered === undefined
    ? undefined
    : find(message.reply_to?.chat_id ?? chat.id, answered, { anchors, pages });
  const facts = factLines(message, (id) => names.nameOf(id, message)).map((line) => factLine(line, target));
  const text = message.text === ""
    ? ""
    : `<div class="text" dir="auto">${htmlText(message.text, message.entities)}</div>\n`;
  return `<article${id}>\n<header><b dir="auto">${escapeHtml(message.sender?.name ?? chat.title)}</b>${handle} ` +
    `<a class="time" href="#${name}"><time datetime="${date.rfc3339}">${date.time}</time></a>${edited}</header>\n` +
    `${facts.join("")}${media.map(mediaLine).join("")}${text}</article>\n`;
}

/** A file by its link, a picture as itself; names are of our own making, and relative, so that they hold on a disk too. */
function mediaLine(record: MediaRecord): string {
  if ("skipped" in record) return `<div class="fact">file: not downloaded (${escapeHtml(record.skipped)})</div>\n`;
  const [name, kind] = [escapeHtml(record.file), escapeHtml(record.kind)];
  const shown = isPicture(record.file) ? `<img src="${name}" alt="${kind}" loading="lazy">` : `file: ${name}`;
  return `<div class="fact"><a href="${name}">${shown}</a></div>\n`;
}

function factLine(facts: readonly Fact[], target: string | undefined): string {
  const words = facts.map(({ label, value }) => {
    const shown = isolated(value);
    const url = /\burl$/.test(label) ? safeUrl(value) : undefined;
    if (label === "reply to" && target !== undefined) return `${label}: <a href="${target}">${shown}</a>`;
    return `${label}: ${url === undefined ? shown : anchor(url, shown)}`;
  });
  return `<div class="fact">${words.join(" · ")}</div>\n`;
}

/** Where a message is that came before: for certain on this page, on an earlier one if it is there at all. */
function find(chat: string, id: number, { anchors, pages }: Pick<Around, "anchors" | "pages">): string | undefined {
  const name = nameOf(chat, id);
  if (anchors.has(name)) return `#${name}`;
  const page = pages.slice(0, -1).find(({ extents }) => {
    const [lowest, highest] = extents.get(chat) ?? [1, 0];
    return lowest <= id && id <= highest;
  });
  return page === undefined ? undefined : `${page.file}#${name}`;
}

function nameOf(chat: string, id: number): string {
  return `m${chat}_${id}`;
}

function fileOf(number: number): string {
  return `page-${String(number).padStart(4, "0")}.html`;
}

function at({ day, time }: Shown): string {
  return `${day} ${time}`;
}

function navigation(number: number, hasNext: boolean): string {
  const earlier = number > 1 ? `<a href="${fileOf(number - 1)}">earlier</a>` : "";
  const later = hasNext ? `<a href="${fileOf(number + 1)}">later</a>` : "";
  return `<nav><a href="${INDEX}">all pages</a>${earlier}${later}</nav>\n`;
}

function index({ chats, created, query, tz }: RenderContext, pages: readonly Page[]): string {
  const rows = pages.map(({ file, first, last, count }, number) =>
    `<tr><td><a href="${file}">${number + 1}</a></td><td>${at(first)}</td><td>${at(last)}</td><td>${count}</td></tr>\n`
  );
  const titles = chats.map(({ title, id }) => `<h2>${isolated(title)}</h2>\n<p class="dim">${escapeHtml(id)}</p>\n`);
  const read = created === undefined ? "" : ` Read at ${escapeHtml(created)}.`;
  const asked = query === undefined ? "" : ` Asked for: ${isolated(query)}`;
  const total = pages.reduce((sum, { count }) => sum + count, 0);
  return `${pageBegin("Telegram messages")}<h1>Telegram messages</h1>\n${titles.join("")}` +
    `<p>${total} messages. Times are in ${escapeHtml(tz)}.${read}${asked}</p>\n` +
    `<table>\n<tr><th>page</th><th>first</th><th>last</th><th>messages</th></tr>\n${
      rows.join("")
    }</table>\n${PAGE_END}`;
}
