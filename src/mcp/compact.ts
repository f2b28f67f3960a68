/**
 * The compact form of messages: rows under a day, absent things absent.
 * @module
 */
import type { Media } from "../model/media.ts";
import type { Message } from "../model/message.ts";
import type { Revealer } from "../model/visible.ts";

/** Everything about a message that is not its id, time, sender and text. */
export type More = { [key: string]: unknown };

/** One row: id, time, the labels of the chat and the sender where the page has such columns, text, `more` unless empty. */
export type Row = (number | string | More)[];

/** Rows of one day. */
export interface Day {
  readonly day: string;
  readonly rows: Row[];
}

/** A message as the compact form needs it. */
export interface CompactOptions {
  /** What stands in the columns between time and text. */
  readonly labels?: readonly string[];
  /** The marked id of the message's chat, where it is not that of the page. */
  readonly elsewhere?: string;
  /** The message was asked for itself, among others. */
  readonly hit?: boolean;
  /** Texts longer than this are cut. */
  readonly longestText: number;
  readonly reveal: Revealer;
}

/** One message as a row. */
export function compactRow(message: Message, options: CompactOptions): Row {
  const { labels = [], elsewhere, hit, longestText, reveal } = options;
  const { text, withheld } = shorten(message.text, longestText);
  const more: More = {
    ...(elsewhere === undefined ? {} : { chat: elsewhere }),
    ...moreOf(message, withheld, reveal),
    ...(hit ? { hit } : {}),
  };
  const time = message.date.slice(11, 19);
  return [
    message.id,
    time,
    ...labels,
    reveal(text),
    ...(Object.keys(more).length === 0 ? [] : [more]),
  ];
}

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

/** At most `longest` UTF-16 units of a text, cut between graphemes, and how many were withheld. */
export function shorten(text: string, longest: number): { readonly text: string; readonly withheld: number } {
  if (text.length <= longest) return { text, withheld: 0 };
  const end = graphemes.segment(text).containing(longest)?.index ?? longest;
  // One grapheme can be longer than that: marks piled on a letter. Then a pair of surrogates is still not torn apart.
  const kept = end > 0 ? end : /[\uD800-\uDBFF]/.test(text.charAt(longest - 1)) ? longest - 1 : longest;
  return { text: text.slice(0, kept), withheld: text.length - kept };
}

function moreOf(message: Message, withheld: number, reveal: Revealer): More {
  const { reply_to, forward, preview, media } = message;
  const more: More = {
    reply_to: reply_to?.chat_id !== undefined && reply_to.story_id === undefined
      ? { id: reply_to.id, chat: reply_to.chat_id }
      : reply_to?.id ??
        (reply_to?.story_id === undefined ? undefined : { story: reply_to.story_id, chat: reply_to.chat_id }),
    quote: reveals(reply_to?.quote, reveal),
    fwd: forward && {
      from: reveals(forward.from_name, reveal) ?? forward.from_id ?? "",
      id: forward.from_name === undefined ? undefined : forward.from_id,
      msg: forward.message_id,
      date: forward.date,
    },
    album: message.album_id,
    media: media && media.kind !== "poll" ? compactMedia(media, reveal) : undefined,
    poll: media?.poll && {
      question: reveal(media.poll.question),
      options: media.poll.options.map((
        option,
      ) => [reveal(option.text), ...(option.voters === undefined ? [] : [option.voters])]),
      closed: media.poll.closed,
    },
    service: message.service && Object.fromEntries(
      Object.entries(message.service).map(([key, value]) => [key, typeof value === "string" ? reveal(value) : value]),
    ),
    reactions: message.reactions && Object.fromEntries(
      message.reactions.map(({ kind, value, count }) => [kind === "custom" ? `custom:${value}` : value ?? kind, count]),
    ),
    views: message.views,
    forwards: message.forwards || undefined,
    replies: message.replies || undefined,
    edited: message.edited,
    pinned: message.pinned,
    topic: message.topic_id,
    author: reveals(message.author, reveal),
    via: message.via_bot,
    links: hiddenLinks(message)?.map(reveal),
    preview: preview && { url: reveal(preview.url), title: reveals(preview.title, reveal) },
    buttons: message.buttons?.flat().map((button) => reveal(button.text)),
    cut: withheld || undefined,
  };
  for (const key of Object.keys(more)) if (more[key] === undefined) delete more[key];
  return more;
}

/** A medium without its dimensions. */
export function compactMedia(media: Media, reveal: Revealer): More {
  const { location, contact } = media;
  const point = location?.latitude === undefined ? undefined : `${location.latitude},${location.longitude}`;
  const person = contact && [contact.first_name, contact.last_name].filter(Boolean).join(" ");
  return {
    kind: media.kind,
    name: reveals(media.file_name ?? media.title ?? location?.title ?? point ?? person ?? media.tl_type, reveal),
    mime: reveals(media.mime_type, reveal),
    size: media.size,
    seconds: media.duration,
    emoji: reveals(media.emoji, reveal),
  };
}

function reveals(text: string | undefined, reveal: Revealer): string | undefined {
  return text === undefined ? undefined : reveal(text);
}

/** Addresses that the text does not show: behind words, or behind buttons. */
function hiddenLinks(message: Message): string[] | undefined {
  const behindWords = message.entities?.flatMap((entity) => entity.url ?? []) ?? [];
  const behindButtons = message.buttons?.flat().flatMap((button) => button.url ?? []) ?? [];
  const links = [...new Set([...behindWords, ...behindButtons])];
  return links.length === 0 ? undefined : links;
}

/** Rows under their days, in the order of the messages. */
export function groupByDay(entries: readonly { readonly message: Message; readonly row: Row }[]): Day[] {
  const days: Day[] = [];
  for (const { message, row } of entries) {
    const day = message.date.slice(0, 10);
    const last = days.at(-1);
    if (last?.day === day) last.rows.push(row);
    else days.push({ day, rows: [row] });
  }
  return days;
}
