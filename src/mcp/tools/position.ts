/**
 * A query of messages and a place in it: what a cursor holds.
 * @module
 */
import { z } from "zod";
import { formatPoint, type Point, pointSchema, readRange } from "../../telegram/dates.ts";
import { messageTypeSchema } from "../../telegram/filters.ts";
import { disagrees } from "../cursor.ts";
import { rangeArguments, senderArgument } from "./input.ts";

/** Arguments that choose messages. */
export const filterArguments = {
  ...rangeArguments,
  sender: senderArgument,
  type: messageTypeSchema.describe("text = without media").optional(),
  direction: z.enum(["newest_first", "oldest_first"]).optional().describe("newest_first unless given"),
  min_views: z.int32().min(1).optional(),
  unread: z.boolean().optional().describe("incoming messages not read yet"),
};

/** The values of {@link filterArguments}. */
export type Filters = z.infer<z.ZodObject<typeof filterArguments>>;

/** What a cursor of this tool holds: the arguments as given, what they came to, and the last message shown. */
export const positionSchema = z.object({
  chat: z.string(),
  given: z.object(filterArguments),
  from: pointSchema.optional(),
  to: pointSchema.optional(),
  sender: z.string().optional(),
  unreadAfter: z.int().optional(),
  after: z.int(),
});
/** See {@link positionSchema}. */
export type Position = z.infer<typeof positionSchema>;

/** The filters that a caller has set. */
export function givenIn(args: Filters): Filters {
  const { from, to, tz, sender, type, direction, min_views, unread } = args;
  return { from, to, tz, sender, type, direction, min_views, unread };
}

/**
 * Arguments beside a cursor may be left out; those given must be what the cursor was made with.
 * @param now unix seconds
 * @throws AppError INVALID_CURSOR naming one that is not
 */
export function assertAgreement(args: Filters, { given, from, to }: Position, now: number): void {
  const range = { from, to };
  for (const [field, value] of Object.entries(givenIn(args))) {
    const before = Object.entries(given).find(([name]) => name === field)?.[1];
    if (value === undefined || value === before) continue;
    if (field === "direction" && before === undefined && value === "newest_first") continue;
    if (field === "unread" && value === false && before === undefined) continue;
    if ((field === "from" || field === "to") && isSamePoint(range[field], field, args, now)) continue;
    throw disagrees(field);
  }
}

function isSamePoint(before: Point | undefined, field: "from" | "to", args: Filters, now: number): boolean {
  if (before === undefined) return false;
  const point = readRange({ [field]: args[field], tz: args.tz }, now)[field];
  return point !== undefined && formatPoint(point) === formatPoint(before);
}
