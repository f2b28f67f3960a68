/**
 * What became of one file of an export's messages, `media/1`: one line of `media.ndjson`, in the order of the messages.
 * @module
 */
import * as z from "zod";
import { FILE_KINDS } from "./media.ts";
import { chatId, count, messageId } from "./scalars.ts";

const why =
  "too_large, limit: beyond what the server's owner allows. quota: all exports together may take no more. protected: its chat or message does not allow " +
  "content to be saved, or it was sent to vanish. locked: not paid for. gone: the message or its file is not there any " +
  "more. changed: the message has another file by now. wrong_size: it is not as long as Telegram told. denied: the " +
  "chat may not be read any more. unsupported: Telegram offers no way to its bytes. failed: Telegram refused it.";

/** Why a file is not there. */
export const skipReasonSchema = z.enum([
  "too_large",
  "limit",
  "quota",
  "protected",
  "locked",
  "gone",
  "changed",
  "wrong_size",
  "denied",
  "unsupported",
  "failed",
]).describe(why);

/** A file's name in the export: the first half of its SHA-256, and an ending. */
export const mediaNameSchema = z.string().regex(/^media\/[0-9a-f]{32}\.[a-z0-9]{1,5}$/);

const place = {
  schema: z.literal("media/1"),
  chat_id: chatId,
  id: messageId.describe("Of the message."),
  item: count.optional().describe("Index in the message's media_items; absent for its media."),
  kind: z.enum(FILE_KINDS),
};

/** A file that is there, beside the messages. */
export const savedMediaSchema = z.strictObject({
  ...place,
  file: mediaNameSchema,
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  mime_type: z.string().optional().describe("As its sender says."),
});

/** A file that is not there. */
export const skippedMediaSchema = z.strictObject({
  ...place,
  skipped: skipReasonSchema,
  size: count.optional().describe("In bytes, as Telegram told."),
});

/** See the module's text. */
export const mediaRecordSchema = z.union([savedMediaSchema, skippedMediaSchema]);

/** {@link mediaRecordSchema} as JSON Schema 2020-12, for other programs. */
export const MEDIA_JSON_SCHEMA: Readonly<Record<string, unknown>> = z.toJSONSchema(mediaRecordSchema);

/** One of the {@link FILE_KINDS}. */
export type FileKind = typeof FILE_KINDS[number];
/** See {@link skipReasonSchema}. */
export type SkipReason = z.infer<typeof skipReasonSchema>;
/** See {@link savedMediaSchema}. */
export type SavedMedia = z.infer<typeof savedMediaSchema>;
/** See the module's text. */
export type MediaRecord = z.infer<typeof mediaRecordSchema>;
