/**
 * When an export is better than pages.
 * @module
 */
import { AppError, type Suggestion } from "../../errors.ts";
import { type Filters, filtersSchema } from "./position.ts";

/**
 * The call that exports what a page would show a part of.
 * @returns undefined where a condition has no place in an export
 */
export function suggestExport(chat: unknown, filters: unknown): Suggestion | undefined {
  const given: Filters | undefined = filtersSchema.safeParse(filters).data;
  if (typeof chat !== "string" || given === undefined) return undefined;
  const { from, to, tz, topic, sender, type, query = "", min_views, unread, chat_kind } = given;
  if (query.trim() !== "" || min_views !== undefined || unread || chat_kind !== undefined) return undefined;
  const wanted = Object.entries({ chat, from, to, tz, topic, sender, type });
  return { tool: "start_export", arguments: Object.fromEntries(wanted.filter(([, value]) => value !== undefined)) };
}

/** A wait that is too long for a call is none for an export. Other errors are as they were. */
export function orExport(error: unknown, suggest: Suggestion | undefined): unknown {
  if (suggest === undefined || !(error instanceof AppError) || error.code !== "FLOOD_WAIT") return error;
  const { code, message, hint, field, retryAfter, cause } = error;
  return new AppError(code, message, {
    field,
    hint: `${hint} An export waits by itself.`,
    retryAfter,
    suggest: error.suggest ?? suggest,
    cause,
  });
}
