/**
 * The attachment of a canonical message.
 * @module
 */
import * as z from "zod";
import { chatId, count, date, messageId, yes } from "./scalars.ts";

const pollSchema = z.object({
  id: z.string(),
  question: z.string(),
  options: z.array(z.object({ text: z.string(), voters: count.optional(), correct: yes })),
  voters: count.optional(),
  closed: yes,
  quiz: yes,
  multiple: yes,
  anonymous: yes,
  closes: date.optional(),
  solution: z.string().optional(),
});

/** Accuracy in metres, the period of a live location in seconds, its heading in degrees from north. */
const locationSchema = z.object({
  latitude: z.number().optional(),
  longitude: z.number().optional(),
  accuracy: count.optional(),
  live: yes,
  period: count.optional(),
  heading: count.optional(),
  title: z.string().optional(),
  address: z.string().optional(),
});

const contactSchema = z.object({
  phone: z.string(),
  first_name: z.string(),
  last_name: z.string().optional(),
  user_id: z.string().optional(),
  vcard: z.string().optional(),
});

/** A giveaway or, with its winners, what became of it; a prize is Premium for some months, or Stars. */
const giveawaySchema = z.object({
  chat_ids: z.array(chatId),
  quantity: count.optional(),
  months: count.optional(),
  stars: count.optional(),
  prize: z.string().optional(),
  countries: z.array(z.string()).optional(),
  until: date,
  new_subscribers_only: yes,
  message_id: messageId.optional(),
  winners_count: count.optional(),
  unclaimed_count: count.optional(),
  winner_ids: z.array(chatId).optional(),
  refunded: yes,
});

/** Kinds of media that are files. */
export const FILE_KINDS = ["photo", "video", "document", "audio", "voice", "video_note", "gif", "sticker"] as const;

/** A message's attachment; `kind` is a type filter's word, or `other` with the constructor's name in `tl_type`. */
export const mediaSchema = z.object({
  kind: z.enum([
    ...FILE_KINDS,
    "poll",
    "location",
    "contact",
    "dice",
    "game",
    "invoice",
    "story",
    "giveaway",
    "giveaway_results",
    "paid_media",
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
  description: z.string().optional(),
  performer: z.string().optional(),
  emoji: z.string().optional(),
  value: z.int().optional(),
  spoiler: yes,
  ttl_seconds: count.optional().describe("Seconds it can be seen for once opened; 2147483647: once."),
  locked: yes.describe("Not paid for, so not to be had."),
  currency: z.string().optional().describe("ISO 4217, or XTR for Telegram Stars."),
  amount: z.int().optional().describe("In the smallest unit of the currency."),
  receipt_id: messageId.optional(),
  chat_id: chatId.optional().describe("Whose story it is."),
  poll: pollSchema.optional(),
  location: locationSchema.optional(),
  contact: contactSchema.optional(),
  giveaway: giveawaySchema.optional(),
});

/** See {@link mediaSchema}. */
export type Media = z.infer<typeof mediaSchema>;
