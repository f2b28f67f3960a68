/**
 * The compact form of messages: rows under a day, absent things absent.
 * @module
 */
import type { Media } from "../model/media.ts";
import type { Message } from "../model/message.ts";

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
}

/** One message as a row. */
export function compactRow(message: Message, options: CompactOptions): Row {
  const { labels = [], elsewhere, hit, longestText } = options;
  const { text, withheld } = shorten(message.text, longestText);
  const more: More = {
    ...(elsewhere === undefined ? {} : { chat: elsewhere }),
    ...moreOf(message, withheld),
    ...(hit ? { hit } : {}),
  };
  const time = message.date.slice(11, 19);
  return [
    message.id,
    time,
    ...labels,
    text,
    ...(Object.keys(more).length === 0 ? [] : [more]),
  ];
}

let graphemes: Intl.Segmenter | undefined;

/** At most `longest` UTF-16 units of a text, cut between graphemes, and how many were withheld. */
export function shorten(text: string, longest: number): { readonly text: string; readonly withheld: number } {
  if (text.length <= longest) return { text, withheld: 0 };
  graphemes ??= new Intl.Segmenter("und", { granularity: "grapheme" });
  const end = graphemes.segment(text).containing(longest)?.index ?? longest;
  // One grapheme can be longer than that: marks piled on a letter. Then a pair of surrogates is still not torn apart.
  const kept = end > 0 ? end : /[\uD800-\uDBFF]/.test(text.charAt(longest - 1)) ? longest - 1 : longest;
  return { text: text.slice(0, kept), withheld: text.length - kept };
}

function moreOf(message: Message, withheld: number): More {
  const { reply_to, forward, preview, media } = message;
  const more: More = {
    reply_to: reply_to?.chat_id !== undefined && reply_to.story_id === undefined
      ? { id: reply_to.id, chat: reply_to.chat_id }
      : reply_to?.id ??
        (reply_to?.story_id === undefined ? undefined : { story: reply_to.story_id, chat: reply_to.chat_id }),
    quote: reply_to?.quote,
    fwd: forward && {
      from: forward.from_name ?? forward.from_id ?? "",
      id: forward.from_name === undefined ? undefined : forward.from_id,
      msg: forward.message_id,
      date: forward.date,
    },
    album: message.album_id,
    media: media && media.kind !== "poll" ? compactMedia(media) : undefined,
    poll: media?.poll && {
      question: media.poll.question,
      options: media.poll.options.map(({ text, voters }) => [text, ...(voters === undefined ? [] : [voters])]),
      closed: media.poll.closed,
    },
    service: message.service,
    reactions: message.reactions && Object.fromEntries(
      message.reactions.map(({ kind, value, count }) => [kind === "custom" ? `custom:${value}` : value ?? kind, count]),
    ),
    views: message.views,
    forwards: message.forwards || undefined,
    replies: message.replies || undefined,
    edited: message.edited,
    pinned: message.pinned,
    topic: message.topic_id,
    author: message.author,
    via: message.via_bot,
    links: hiddenLinks(message),
    preview: preview && { url: preview.url, title: preview.title },
    buttons: message.buttons?.flat().map(({ text }) => text),
    cut: withheld || undefined,
  };
  for (const key of Object.keys(more)) if (more[key] === undefined) delete more[key];
  return more;
}

/** A medium without its dimensions. */
export function compactMedia(media: Media): More {
  const { location, contact } = media;
  const point = location?.latitude === undefined ? undefined : `${location.latitude},${location.longitude}`;
  const person = contact && [contact.first_name, contact.last_name].filter(Boolean).join(" ");
  return {
    kind: media.kind,
    name: media.file_name ?? media.title ?? location?.title ?? point ?? person ?? media.tl_type,
    mime: media.mime_type,
    size: media.size,
    seconds: media.duration,
    emoji: media.emoji,
  };
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
