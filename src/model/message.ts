/**
 * The canonical message, `message/1`: one line of an NDJSON export, and a message of a page with `fields: full`.
 * Message ids are integers, 64-bit ids strings, chat ids in the marked form, dates RFC 3339 in UTC. A field that Telegram
 * did not send is absent, never null or zero.
 * @module
 */
import * as z from "zod";
import { mediaSchema } from "./media.ts";
import { chatId, count, date, messageId, yes } from "./scalars.ts";
import { serviceSchema } from "./service.ts";

/** A stretch of text with a meaning; offset and length in UTF-16 units, as Telegram sends them. */
export const entitySchema = z.object({
  type: z.string(),
  offset: count,
  length: count,
  url: z.string().optional(),
  user_id: z.string().optional(),
  language: z.string().optional(),
  custom_emoji_id: z.string().optional(),
  collapsed: yes,
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
  from_id: chatId.optional(),
  from_name: z.string().optional(),
  media_kind: z.string().optional(),
});

const forwardSchema = z.object({
  from_id: chatId.optional(),
  from_name: z.string().optional(),
  date,
  message_id: messageId.optional(),
  author: z.string().optional(),
  imported: yes,
  saved_from: z.object({ chat_id: chatId, message_id: messageId.optional() }).optional(),
});

/** How often a message got one reaction. */
export const reactionSchema = z.object({
  kind: z.enum(["emoji", "custom", "paid"]),
  value: z.string().optional(),
  count,
});

/** A button under a message: what it opens, whom it shows, or what it puts on the clipboard. */
export const buttonSchema = z.object({
  text: z.string(),
  kind: z.string(),
  url: z.string().optional(),
  user_id: z.string().optional(),
  copy: z.string().optional(),
});

/** See the module's text. */
export const messageSchema = z.object({
  schema: z.literal("message/1"),
  id: messageId,
  chat_id: chatId,
  topic_id: messageId.optional(),
  date,
  edited: date.optional(),
  observed_at: date,
  outgoing: yes,
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
  pinned: yes,
  silent: yes,
  post: yes,
  author: z.string().optional(),
  via_bot: z.string().optional(),
  via_business_bot: z.string().optional().describe("A bot that wrote this for the sender."),
  noforwards: yes,
  ttl_seconds: count.optional(),
  restricted: z.string().optional().describe("Why Telegram's own apps do not show this message."),
  fact_check: z.string().optional(),
  service: serviceSchema.optional(),
  buttons: z.array(z.array(buttonSchema)).optional(),
  link: z.url().optional(),
});

/** {@link messageSchema} as JSON Schema 2020-12, for other programs. */
export const MESSAGE_JSON_SCHEMA: Readonly<Record<string, unknown>> = z.toJSONSchema(messageSchema);

/** See the module's text. */
export type Message = z.infer<typeof messageSchema>;
/** See {@link entitySchema}. */
export type Entity = z.infer<typeof entitySchema>;
/** See {@link senderSchema}. */
export type Sender = z.infer<typeof senderSchema>;
