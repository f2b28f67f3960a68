/**
 * Arguments that tools share.
 * @module
 */
import * as z from "zod";
import { AppError, type Suggestion } from "../../errors.ts";
import type { JsonObject } from "../../model/json.ts";

/** Ids are advertised as strings, since type unions break some clients; integers pass too. */
const name = z.preprocess(
  (value) => typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value,
  z.string().min(1).max(300),
);

/** Messages, as people name them. */
export const messagesArgument = z.array(name)
  .min(1, "name at least one message")
  .max(100, "100 messages a call at most; send the others in a further call")
  .describe("ids (with chat) or links");

/** A chat, as people name it. */
export const chatArgument = name.describe("@name, t.me link, id, me, or exact title");

/** An export. */
export const exportIdArgument = z.string();

/** One message. */
export const messageArgument = name.describe("id (with chat) or link");

/** Several chats. */
export const chatsArgument = z.array(name).min(1).max(50);

/** Whoever sent a message. */
export const senderArgument = name.describe("id, @name, me, or exact display name in the chat").optional();

/** A forum's topic. */
export const topicArgument = name.describe("id, exact title or general").optional();

/** Beginning, end and zone of a range. */
export const rangeArguments = {
  from: z.string().max(64).describe("inclusive: RFC 3339 with zone, date plus tz, age (24h, 7d, 2w) or #ID").optional(),
  to: z.string().max(64).describe("exclusive, same forms").optional(),
  tz: z.string().max(64).describe("IANA zone for from and to without one").optional(),
};

/** Where a page goes on and how much it holds. */
export const pagingArguments = {
  cursor: z.string().max(8000).describe("next_cursor of the page before").optional(),
  fields: z.enum(["compact", "full"]).default("compact").describe("full: message/1 objects"),
  max_chars: z.int().min(2000).max(80_000).default(32_000).describe("size of the whole result"),
};

/** Items a page, up to the server's bound. */
export function limitArgument(most: number, usual: number): z.ZodDefault<z.ZodInt> {
  return z.int().min(1).max(most).default(Math.min(usual, most));
}

/**
 * Explains a limit that is out of bounds; for use as a tool's `explain`.
 * @param advice ends the hint, behind the bounds
 * @param better a call that gives more than a page can hold
 */
export function explainLimit(
  tool: string,
  most: number,
  advice = " and go on with next_cursor",
  better: (args: JsonObject) => Suggestion | undefined = () => undefined,
): (args: JsonObject, issue: z.core.$ZodIssue) => AppError | undefined {
  return (args, issue) => {
    if (issue.path[0] !== "limit" || (issue.code !== "too_big" && issue.code !== "too_small")) return undefined;
    const isMuch = issue.code === "too_big";
    const instead = isMuch ? better(args) : undefined;
    const more = instead === undefined ? "" : `; ${instead.tool} takes everything at once`;
    return new AppError("INPUT_VALIDATION", `limit: a page has 1 to ${most} items.`, {
      field: "limit",
      hint: `Send limit 1 to ${most}${advice}${more}.`,
      suggest: instead ?? { tool, arguments: { ...args, limit: isMuch ? most : 1 } },
    });
  };
}
