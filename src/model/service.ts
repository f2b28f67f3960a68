/**
 * What a canonical service message tells.
 * @module
 */
import * as z from "zod";
import { chatId, count, date, messageId, yes } from "./scalars.ts";

const ids = z.array(chatId).optional();

/**
 * What a service message tells: `action` is the name of the TL constructor, the other keys depend on it and mean the same
 * everywhere. Durations in seconds, distances in metres, amounts in the smallest unit of their currency.
 */
export const serviceSchema = z.object({
  action: z.string(),
  tl_type: z.string().optional(),
  title: z.string().optional(),
  message: z.string().optional(),
  user_ids: ids,
  peer_ids: ids,
  inviter_id: chatId.optional(),
  chat_id: chatId.optional(),
  from_id: chatId.optional(),
  to_id: chatId.optional(),
  message_id: messageId.optional(),
  video: yes,
  reason: z.string().optional(),
  duration: count.optional(),
  scheduled: date.optional(),
  seconds: count.optional(),
  closed: z.boolean().optional(),
  hidden: z.boolean().optional(),
  score: z.int().optional(),
  emoji: z.string().optional(),
  metres: count.optional(),
  boosts: count.optional(),
  for_both: yes,
  domain: z.string().optional(),
  app: z.string().optional(),
  attach_menu: yes,
  from_request: yes,
  document_types: z.array(z.string()).optional(),
  currency: z.string().optional(),
  amount: z.int().optional(),
  stars: count.optional(),
  months: count.optional(),
  recurring: yes,
  until: date.optional(),
  number: z.int().optional(),
  via_giveaway: yes,
  unclaimed: yes,
  winners_count: count.optional(),
  unclaimed_count: count.optional(),
  name_hidden: yes,
  converted: yes,
  upgraded: yes,
  transferred: yes,
  refunded: yes,
});

/** See {@link serviceSchema}. */
export type Service = z.infer<typeof serviceSchema>;
