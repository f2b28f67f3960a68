/**
 * What fields of `message/1` hold.
 * @module
 */
import * as z from "zod";

/** A chat, user or channel. */
export const chatId = z.string().regex(/^-?\d+$/).describe("Chat id in the marked form.");
/** RFC 3339 in UTC. */
export const date = z.iso.datetime();
/** The id of a message in its chat. */
export const messageId = z.int().positive();
/** How many, how long or how large. */
export const count = z.int().nonnegative();
/** A flag: true, or absent. */
export const yes = z.literal(true).optional();
