/**
 * The canonical message, `message/1`: one line of an NDJSON export, and a message of a page with `fields: full`.
 * Message ids are integers, 64-bit ids strings, chat ids in the marked form, dates RFC 3339 in UTC. A field that Telegram
 * did not send is absent, never null or zero.
 * @module
 */
import { z } from "zod";

const chatId = z.string().regex(/^-?\d+$/).describe("Chat id in the marked form.");
const date = z.iso.datetime();
const messageId = z.int().positive();
const count = z.int().nonnegative();

/** A stretch of text with a meaning; offset and length in UTF-16 units, as Telegram sends them. */
export const entitySchema = z.object({
  type: z.string(),
  offset: count,
  length: count,
  url: z.string().optional(),
  user_id: z.string().optional(),
  language: z.string().optional(),
  custom_emoji_id: z.string().optional(),
  collapsed: z.literal(true).optional(),
});

/** Who sent a message. */
export const senderSchema = z.object({
  id: chatId,
  kind: z.enum(["user", "bot", "chat", "channel"]),
  name: z.string(),
  username: z.string().optional(),
});

const replySchema = z.object({
  id: messageId.optional(),
  chat_id: chatId.optional(),
  top_id: messageId.optional(),
  quote: z.string().optional(),
  story_id: z.int().optional(),
});

const forwardSchema = z.object({
  from_id: chatId.optional(),
  from_name: z.string().optional(),
  date,
  message_id: messageId.optional(),
});

const pollSchema = z.object({
  id: z.string(),
  question: z.string(),
  options: z.array(z.object({ text: z.string(), voters: count.optional(), correct: z.literal(true).optional() })),
  voters: count.optional(),
  closed: z.literal(true).optional(),
  quiz: z.literal(true).optional(),
  multiple: z.literal(true).optional(),
  anonymous: z.literal(true).optional(),
});

const locationSchema = z.object({
  latitude: z.number(),
  longitude: z.number(),
  live: z.literal(true).optional(),
  title: z.string().optional(),
  address: z.string().optional(),
});

const contactSchema = z.object({
  phone: z.string(),
  first_name: z.string(),
  last_name: z.string().optional(),
  user_id: z.string().optional(),
});

/** A message's attachment; `kind` is a type filter's word, or `other` with the constructor's name in `tl_type`. */
export const mediaSchema = z.object({
  kind: z.enum([
    "photo",
    "video",
    "document",
    "audio",
    "voice",
    "video_note",
    "gif",
    "sticker",
    "poll",
    "location",
    "contact",
    "dice",
    "game",
    "invoice",
    "story",
    "other",
  ]),
  tl_type: z.string().optional(),
  id: z.string().optional(),
  file_name: z.string().optional(),
  mime_type: z.string().optional(),
  size: count.optional(),
  width: count.optional(),
  height: count.optional(),
  duration: z.number().nonnegative().optional(),
  title: z.string().optional(),
  performer: z.string().optional(),
  emoji: z.string().optional(),
  value: z.int().optional(),
  spoiler: z.literal(true).optional(),
  poll: pollSchema.optional(),
  location: locationSchema.optional(),
  contact: contactSchema.optional(),
});

/** How often a message got one reaction. */
export const reactionSchema = z.object({
  kind: z.enum(["emoji", "custom", "paid"]),
  value: z.string().optional(),
  count,
});

/** What a service message tells; further keys depend on the action. */
export const serviceSchema = z.looseObject({ action: z.string(), tl_type: z.string().optional() });

/** A button under a message. */
export const buttonSchema = z.object({ text: z.string(), kind: z.string(), url: z.string().optional() });

/** See the module's text. */
export const messageSchema = z.object({
  schema: z.literal("message/1"),
  id: messageId,
  chat_id: chatId,
  topic_id: messageId.optional(),
  date,
  edited: date.optional(),
  observed_at: date,
  outgoing: z.literal(true).optional(),
  sender: senderSchema.optional(),
  text: z.string(),
  entities: z.array(entitySchema).optional(),
  reply_to: replySchema.optional(),
  forward: forwardSchema.optional(),
  media: mediaSchema.optional(),
  media_items: z.array(mediaSchema).optional(),
  preview: z.object({ url: z.string(), title: z.string().optional(), description: z.string().optional() }).optional(),
  album_id: z.string().optional(),
  views: count.optional(),
  forwards: count.optional(),
  replies: count.optional(),
  reactions: z.array(reactionSchema).optional(),
  pinned: z.literal(true).optional(),
  silent: z.literal(true).optional(),
  post: z.literal(true).optional(),
  author: z.string().optional(),
  via_bot: z.string().optional(),
  noforwards: z.literal(true).optional(),
  ttl_seconds: count.optional(),
  service: serviceSchema.optional(),
  buttons: z.array(z.array(buttonSchema)).optional(),
  link: z.url().optional(),
});

/** {@link messageSchema} as JSON Schema 2020-12, for other programs. */
export const MESSAGE_JSON_SCHEMA: Readonly<Record<string, unknown>> = z.toJSONSchema(messageSchema);

/** See the module's text. */
export type Message = z.infer<typeof messageSchema>;
/** See {@link mediaSchema}. */
export type Media = z.infer<typeof mediaSchema>;
/** See {@link entitySchema}. */
export type Entity = z.infer<typeof entitySchema>;
/** See {@link senderSchema}. */
export type Sender = z.infer<typeof senderSchema>;
