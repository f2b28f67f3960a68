/**
 * The simple form of a message in which two clients are compared; `describe.go` writes the same.
 * @module
 */
import { z } from "zod";
import type { Media } from "../../src/model/media.ts";
import type { Entity, Message } from "../../src/model/message.ts";

const yes = z.literal(true).optional();
const id = z.int().optional();
const text = z.string().optional();

/** Dates are Unix seconds, chats and users marked ids; what a message does not have is absent. */
export const formSchema = z.strictObject({
  id: z.int(),
  chat: z.string(),
  topic: id,
  date: z.int(),
  edited: id,
  out: yes,
  sender: text,
  text: z.string(),
  entities: z.array(z.strictObject({ type: z.string(), offset: z.int(), length: z.int(), value: text })).optional(),
  reply: z.strictObject({ id, chat: text, top: id, quote: text, story: id }).optional(),
  forward: z.strictObject({ from: text, date: z.int(), id }).optional(),
  media: z.strictObject({ kind: z.string(), id: text, name: text, mime: text, size: id }).optional(),
  preview: text,
  album: text,
  views: id,
  forwards: id,
  replies: id,
  reactions: z.array(z.strictObject({ value: z.string(), count: z.int() })).optional(),
  pinned: yes,
  silent: yes,
  post: yes,
  protected: yes,
  author: text,
  via: text,
  service: text,
  buttons: z.array(z.array(z.string())).optional(),
});

/** See {@link formSchema}. */
export type Form = z.infer<typeof formSchema>;

/** RFC 3339 to Unix seconds. */
export function seconds(date: string): number {
  return Date.parse(date) / 1000;
}

/** A message of our tools in the simple form. */
export function formOf(message: Message): Form {
  const { reply_to: reply, forward, media } = message;
  const form: Form = {
    id: message.id,
    chat: message.chat_id,
    topic: message.topic_id,
    date: seconds(message.date),
    edited: message.edited === undefined ? undefined : seconds(message.edited),
    out: message.outgoing,
    sender: message.sender?.id,
    text: message.text,
    entities: message.entities?.map(entityOf),
    reply: reply && { id: reply.id, chat: reply.chat_id, top: reply.top_id, quote: reply.quote, story: reply.story_id },
    forward: forward && { from: forward.from_id, date: seconds(forward.date), id: forward.message_id },
    media: media && mediaOf(media),
    preview: message.preview?.url,
    album: message.album_id,
    views: message.views,
    forwards: message.forwards,
    replies: message.replies,
    reactions: message.reactions?.map(({ kind, value, count }) => ({ value: value ?? kind, count })),
    pinned: message.pinned,
    silent: message.silent,
    post: message.post,
    protected: message.noforwards,
    author: message.author,
    via: message.via_bot,
    service: message.service?.action,
    buttons: message.buttons?.map((row) => row.map((button) => button.text)),
  };
  // What is undefined is absent.
  return formSchema.parse(JSON.parse(JSON.stringify(form)));
}

function entityOf(entity: Entity): NonNullable<Form["entities"]>[number] {
  const { offset, length, url, user_id, language, custom_emoji_id } = entity;
  // Ours is the Bot API's word for it, the other client's the schema's.
  const type = entity.type === "text_link" ? "text_url" : entity.type;
  return { type, offset, length, value: url ?? user_id ?? language ?? custom_emoji_id };
}

function mediaOf({ kind, id, file_name, mime_type, size }: Media): Form["media"] {
  // What a poll is known by is in the poll.
  return { kind, id, name: file_name, mime: mime_type, size };
}
