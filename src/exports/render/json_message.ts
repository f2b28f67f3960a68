/**
 * One message in the shape of Telegram Desktop's `result.json`.
 * @module
 */
import type { MediaRecord } from "../../model/media_record.ts";
import type { Entity, Message } from "../../model/message.ts";
import { type Fields, type JsonContext, peerTag, shiftedId } from "./json_fields.ts";
import { jsonMedia } from "./json_media.ts";
import { jsonService } from "./json_service.ts";
import { cutRuns } from "./runs.ts";

/**
 * The fields of a message. A post or service message without a sender is by its chat.
 * @param media what became of its files
 */
export function jsonMessage(message: Message, context: JsonContext, media: readonly MediaRecord[] = []): Fields {
  const { chat, clock } = context;
  const fileOf = (item: number | undefined): MediaRecord | undefined => media.find((each) => each.item === item);
  const { service, sender = { id: chat.id, name: chat.title } } = message;
  const label = service === undefined ? "from" : "actor";
  return {
    id: shiftedId(message.id, context),
    type: service === undefined ? "message" : "service",
    ...date("date", message.date, clock),
    ...(message.edited === undefined ? {} : date("edited", message.edited, clock)),
    [label]: sender.name,
    [`${label}_id`]: peerTag(sender.id),
    ...(service === undefined ? headers(message, context) : jsonService(service, message, context)),
    ...(message.media === undefined ? {} : jsonMedia(message.media, clock, fileOf(undefined))),
    ...(message.media_items === undefined
      ? {}
      : { media_items: message.media_items.map((item, index) => jsonMedia(item, clock, fileOf(index))) }),
    text: jsonText(message.text, message.entities),
    text_entities: parts(message.text, message.entities),
    inline_bot_buttons: message.buttons?.map((row) => row.map(jsonButton)),
    reactions: message.reactions?.map(jsonReaction),
  };
}

/** The date as the zone's clocks show it, and as seconds since 1970 in a string. */
function date(key: string, value: string, clock: JsonContext["clock"]): Fields {
  const { day, time, unix } = clock(value);
  return { [key]: `${day}T${time}`, [`${key}_unixtime`]: String(unix) };
}

function headers(message: Message, context: JsonContext): Fields {
  const { names, chat } = context;
  const { forward, reply_to: reply, via_bot: bot } = message;
  const nameOf = (id: string | undefined): string | undefined =>
    id === undefined ? undefined : names.nameOf(id, message);
  const elsewhere = reply?.id === undefined || reply.chat_id === chat.id ? undefined : reply.chat_id;
  return {
    author: message.author,
    forwarded_from: forward?.from_name ?? nameOf(forward?.from_id),
    forwarded_from_id: forward?.from_id === undefined ? undefined : peerTag(forward.from_id),
    saved_from: nameOf(forward?.saved_from?.chat_id),
    reply_to_message_id: elsewhere === undefined ? shiftedId(answered(message), context) : reply?.id,
    reply_to_peer_id: elsewhere === undefined ? undefined : peerTag(elsewhere),
    via_bot: bot === undefined ? undefined : names.usernameOf(bot),
  };
}

/** What answers nothing answers its topic's first message, as in Telegram's own header; readers find topics by that. */
function answered({ topic_id: topic, reply_to: reply }: Message): number | undefined {
  return reply === undefined ? topic : reply.id;
}

const ENTITY_TYPES: Readonly<Record<string, string>> = { url: "link", strike: "strikethrough" };
/** What carries something of its own: of entities around one run, the shape has room for one. */
const CARRIERS: ReadonlySet<string> = new Set(["text_link", "mention_name", "custom_emoji", "url", "email", "mention"]);

/** A string where nothing is marked, else strings and marked parts. */
function jsonText(text: string, entities: readonly Entity[] | undefined): string | readonly unknown[] {
  const list = parts(text, entities);
  return list.every(({ type }) => type === "plain")
    ? text
    : list.map((part) => part.type === "plain" ? part.text : part);
}

function parts(text: string, entities: readonly Entity[] | undefined): Fields[] {
  const stretches: { entity: Entity | undefined; text: string }[] = [];
  for (const run of cutRuns(text, entities)) {
    const entity = run.entities.find(({ type }) => CARRIERS.has(type)) ?? run.entities[0];
    const last = stretches.at(-1);
    if (last !== undefined && last.entity === entity) last.text += run.text;
    else stretches.push({ entity, text: run.text });
  }
  return stretches.map(({ entity, text }) => jsonPart(entity, text));
}

function jsonPart(entity: Entity | undefined, text: string): Fields {
  if (entity === undefined) return { type: "plain", text };
  const { type, url, user_id: user, language, custom_emoji_id: emoji, collapsed } = entity;
  return {
    type: ENTITY_TYPES[type] ?? type,
    text,
    href: url,
    user_id: user === undefined ? undefined : Number(user),
    language: type === "pre" ? language ?? "" : undefined,
    document_id: emoji,
    collapsed,
  };
}

const BUTTON_TYPES: Readonly<Record<string, string>> = { text: "default", copy: "copy_text", url_auth: "auth" };

function jsonButton({ text, kind, url, user_id: user, copy }: NonNullable<Message["buttons"]>[number][number]): Fields {
  return { type: BUTTON_TYPES[kind] ?? kind, text, data: url ?? user ?? copy };
}

function jsonReaction({ kind, value, count }: NonNullable<Message["reactions"]>[number]): Fields {
  return {
    type: kind === "custom" ? "custom_emoji" : kind,
    count,
    ...(kind === "emoji" ? { emoji: value } : { document_id: value }),
  };
}
