/**
 * Which messages of a chat a caller wants, and the place that a cursor holds among them.
 * @module
 */
import * as z from "zod";
import { formatPoint, type Point, pointSchema, readRange } from "../../telegram/dates.ts";
import { messageTypeSchema } from "../../telegram/filters.ts";
import { disagrees } from "../cursor.ts";
import { rangeArguments, senderArgument, topicArgument } from "./input.ts";

/** Arguments of every tool that chooses messages. */
export const filterArguments = {
  ...rangeArguments,
  topic: topicArgument,
  sender: senderArgument,
  type: messageTypeSchema.describe("text = without media").optional(),
};

/** Arguments that only fetch_history has. */
export const historyArguments = {
  direction: z.enum(["newest_first", "oldest_first"]).optional().describe("newest_first unless given"),
  min_views: z.int32().min(1).optional(),
  unread: z.boolean().optional().describe("incoming messages not read yet; in a forum with topic"),
};

/** Arguments that only search_messages has. */
export const searchArguments = {
  query: z.string().max(256).optional(),
  chat_kind: z.enum(["user", "group", "channel"]).optional().describe("without chat: only chats of this kind"),
};

/** Every condition there is. */
export const filtersSchema = z.object({ ...filterArguments, ...historyArguments, ...searchArguments });

/** Conditions as a caller gives them. */
export type Filters = z.infer<typeof filtersSchema>;

/** What a cursor holds: the conditions as given, what they came to, and the last message looked at. */
export const positionSchema = z.object({
  chat: z.string(),
  given: filtersSchema,
  from: pointSchema.optional(),
  to: pointSchema.optional(),
  topic: z.int().optional(),
  sender: z.string().optional(),
  unreadAfter: z.int().optional(),
  after: z.object({ chat: z.string(), id: z.int() }),
});
/** See {@link positionSchema}. */
export type Position = z.infer<typeof positionSchema>;

/** The conditions among a tool's arguments. */
export function givenIn(args: Filters): Filters {
  const { from, to, tz, topic, sender, type, direction, min_views, unread, query, chat_kind } = args;
  return { from, to, tz, topic, sender, type, direction, min_views, unread, query, chat_kind };
}

/** Conditions that are the same as none. */
const DEFAULTS: Filters = { direction: "newest_first", unread: false, query: "" };

/**
 * Arguments beside a cursor may be left out; those given must be what the cursor was made with.
 * @param before the conditions that the cursor was made with, and what its range came to
 * @param now unix seconds
 * @throws AppError INVALID_CURSOR naming one that is not
 */
export function assertAgreement(
  args: Filters,
  { given, ...range }: Pick<Position, "given" | "from" | "to">,
  now: number,
): void {
  const [before, defaults] = [new Map(Object.entries(given)), new Map(Object.entries(DEFAULTS))];
  for (const [field, value] of Object.entries(givenIn(args))) {
    const known = before.get(field) ?? defaults.get(field);
    if (value === undefined || value === known) continue;
    if ((field === "from" || field === "to") && isSamePoint(range[field], field, args, now)) continue;
    throw disagrees(field);
  }
}

function isSamePoint(before: Point | undefined, field: "from" | "to", args: Filters, now: number): boolean {
  if (before === undefined) return false;
  const point = readRange({ [field]: args[field], tz: args.tz }, now)[field];
  return point !== undefined && formatPoint(point) === formatPoint(before);
}
