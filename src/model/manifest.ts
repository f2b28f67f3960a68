/**
 * What an export holds and how to check it, `manifest/1`: the file `manifest.json`, the last one that an export writes.
 * @module
 */
import * as z from "zod";
import { chatKindSchema } from "./chat.ts";
import { skipReasonSchema } from "./media_record.ts";
import { chatId, count, date, messageId, yes } from "./scalars.ts";

/** A message by its place. */
export const endSchema = z.strictObject({ id: messageId, date });

/** Why a message id is not among the messages. */
export const gapVerdictSchema = z.enum(["deleted", "service", "filtered", "unknown"]);

/** Message ids in a row with one verdict, both ends inclusive. */
export const gapRangeSchema = z.strictObject({ from: messageId, to: messageId, verdict: gapVerdictSchema });

const inQuestion =
  "deleted: Telegram answered for this stretch completely and did not name the id; whether a message " +
  "ever had it cannot be told. service, filtered: read, and left out because the query does not want it. " +
  "unknown: no complete answer covered it, as when Telegram itself searched and named the matches only.";

/** The ids between two bounds that no message has; with the messages between them they are all of `from` to `to`. */
export const gapsSchema = z.strictObject({
  from: messageId,
  to: messageId,
  deleted: count,
  service: count,
  filtered: count,
  unknown: count,
  ranges: z.array(gapRangeSchema).describe(inQuestion),
  truncated: yes.describe("The ranges are the first of more; the counts are of all."),
});

/** What was counted of one history. */
export const countsSchema = z.strictObject({
  messages: count,
  edited: count.optional().describe(
    "Of the messages of a delta, those up to since: edited since, or not seen before.",
  ),
  deletions: count.optional(),
  by_kind: z.record(z.string(), count).describe("text, a kind of media, or service: and the action."),
  first: endSchema.optional(),
  last: endSchema.optional(),
  gaps: gapsSchema.optional().describe("Channels and supergroups only: elsewhere chats share their message ids."),
});

/** A date or `#ID`. */
const point = z.union([date, z.string().regex(/^#\d+$/)]);

/** One history: a chat, or the basic group that it was before. */
export const manifestChatSchema = z.strictObject({
  id: chatId,
  kind: chatKindSchema,
  title: z.string(),
  username: z.string().optional(),
  bounds: z.strictObject({
    from: point.optional().describe("Inclusive."),
    to: point.optional().describe("Exclusive."),
    since: count.optional().describe(
      "Of a delta: up to this message id the export that it continues was complete. Gaps begin above it.",
    ),
    up_to: count.describe("The newest message id when the export began; 0 without a message."),
  }),
  ...countsSchema.shape,
  complete: z.boolean(),
  reasons: z.array(z.string()).describe("Why it is not complete, in sentences."),
});

/** A file of the export, named relative to its folder. */
export const manifestFileSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/),
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  lines: count.optional(),
  messages: count.optional(),
});

/** The files of the messages, as `media.ndjson` tells of each. */
export const manifestMediaSchema = z.strictObject({
  files: count.describe("Different files in media/."),
  bytes: count.describe("Of them together."),
  skipped: z.partialRecord(skipReasonSchema, count).describe("Records of files that are not there, by reason."),
});

/** See the module's text. */
export const manifestSchema = z.strictObject({
  schema: z.literal("manifest/1"),
  id: z.string(),
  delta_of: z.string().optional().describe(
    "The export that this one continues: messages are those that came or were edited since, deletions those of its messages that are gone.",
  ),
  created: date,
  finished: date,
  program: z.strictObject({ name: z.string(), version: z.string() }),
  query: z.record(z.string(), z.unknown()),
  chats: z.array(manifestChatSchema),
  totals: z.strictObject({
    messages: count,
    deletions: count.optional(),
    by_kind: z.record(z.string(), count),
    bytes: count,
  }),
  media: manifestMediaSchema.optional(),
  files: z.array(manifestFileSchema),
  complete: z.boolean(),
  reasons: z.array(z.string()),
  digest: z.string().regex(/^[0-9a-f]{64}$/).describe(
    "SHA-256 of this object without this field, as JSON without white space, keys in the order of the file.",
  ),
});

/** {@link manifestSchema} as JSON Schema 2020-12, for other programs. */
export const MANIFEST_JSON_SCHEMA: Readonly<Record<string, unknown>> = z.toJSONSchema(manifestSchema);

/** See {@link gapVerdictSchema}. */
export type GapVerdict = z.infer<typeof gapVerdictSchema>;
/** See {@link gapsSchema}. */
export type Gaps = z.infer<typeof gapsSchema>;
/** See {@link countsSchema}. */
export type Counts = z.infer<typeof countsSchema>;
/** See {@link manifestChatSchema}. */
export type ManifestChat = z.infer<typeof manifestChatSchema>;
/** See {@link manifestMediaSchema}. */
export type ManifestMedia = z.infer<typeof manifestMediaSchema>;
/** See {@link manifestFileSchema}. */
export type ManifestFile = z.infer<typeof manifestFileSchema>;
/** See the module's text. */
export type Manifest = z.infer<typeof manifestSchema>;
