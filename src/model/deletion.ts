/**
 * A message that is gone, `deletion/1`: a line of an export beside messages.
 * @module
 */
import * as z from "zod";
import { chatId, date, messageId } from "./scalars.ts";

/** `deleted_after_seen`: an earlier export has the message; `empty`: Telegram says that there is none with this id. */
export const deletionSchema = z.object({
  schema: z.literal("deletion/1"),
  chat_id: chatId,
  id: messageId,
  detected_at: date,
  verdict: z.enum(["deleted_after_seen", "empty"]),
});

/** See {@link deletionSchema}. */
export type Deletion = z.infer<typeof deletionSchema>;
