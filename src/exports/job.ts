/**
 * An export as a job: what was asked for, what that came to, how far it is and how it ended.
 * @module
 */
import * as z from "zod";
import { ERROR_CODES, type ErrorCode } from "../errors.ts";
import { chatKindSchema } from "../model/chat.ts";
import { pointSchema } from "../telegram/dates.ts";
import { messageTypeSchema } from "../telegram/filters.ts";
import { FORMATS } from "./render/mod.ts";

/** What an export can be had in; NDJSON is what all others are made from. */
export const exportFormatSchema = z.enum(["ndjson", ...FORMATS]);

/** What was asked for, as its caller said it. */
export const exportQuerySchema = z.strictObject({
  chats: z.array(z.string()).min(1).max(50),
  from: z.string().optional(),
  to: z.string().optional(),
  tz: z.string().optional(),
  topic: z.string().optional(),
  sender: z.string().optional(),
  type: messageTypeSchema.optional(),
  /** At most so many messages, the oldest ones. */
  limit: z.int().min(1).optional(),
  format: exportFormatSchema,
  download_media: z.literal(true).optional(),
  /** The id of an export that this one continues. */
  delta_of: z.string().optional(),
  /** Whether it is read within a takeout of Telegram's. */
  takeout: z.literal(true).optional(),
});

/** A chat of an export, with what the query's words mean in it. */
export const targetSchema = z.strictObject({
  /** Marked id. */
  id: z.string(),
  kind: chatKindSchema,
  title: z.string(),
  username: z.string().optional(),
  /** Marked id of the basic group that it was before. */
  former: z.string().optional(),
  /** Marked id of the supergroup that it had become when it was asked for: a query of its own. */
  migratedTo: z.string().optional(),
  range: z.strictObject({ from: pointSchema.optional(), to: pointSchema.optional() }),
  topic: z.int().optional(),
  /** Marked id. */
  sender: z.string().optional(),
});

/** One space of message ids, read from its oldest message to its newest; a migrated group is two. */
export const segmentSchema = z.strictObject({
  ...targetSchema.omit({ former: true, migratedTo: true }).shape,
  /** Of a delta: up to this message id the export that it continues was complete. */
  since: z.int().optional(),
  /** The newest message id when the export began, 0 without one: later ones do not belong to it. */
  upTo: z.int(),
  /** Why it could not be read when the export began, so that nothing of it is in the export. */
  lost: z.string().optional(),
});

/** What is fixed when a job first runs, so that it writes the same bytes however often it is interrupted. */
export const planSchema = z.strictObject({
  /** The account's own marked id. */
  self: z.string(),
  /** RFC 3339; every message's `observed_at`. */
  begun: z.iso.datetime(),
  segments: z.array(segmentSchema),
  /** How many messages there are, where Telegram's counters can tell. */
  estimated: z.int().optional(),
});

/** How far the files of messages are, once all messages are written. */
export const mediaPositionSchema = z.strictObject({
  /** In the messages' file: where the message begins whose files come next. */
  at: z.int(),
  /** How many files of that message are recorded already. */
  items: z.int(),
  /** Length of the file of records. */
  bytes: z.int(),
  /** Messages with files whose turn has been, and how many there are. */
  done: z.int(),
  total: z.int(),
  /** The file that is being downloaded, and how much of it is on the disk. */
  part: z.strictObject({ key: z.string(), bytes: z.int() }).optional(),
});

/** Everything before this is on the disk. */
export const positionSchema = z.strictObject({
  /** Index over the plan's segments. */
  segment: z.int(),
  /** The last message of the segment that was looked at. */
  after: z.int().optional(),
  /** Length of the messages' file. */
  bytes: z.int(),
  /** Messages in it. */
  written: z.int(),
  /** See `tally.ts`. */
  tally: z.unknown(),
  /** Segments that could not be read to their end, and why. */
  lost: z.array(z.strictObject({ segment: z.int(), reason: z.string() })),
  media: mediaPositionSchema.optional(),
});

/** `queued`, `running` and `waiting` jobs are unfinished. */
export const exportStateSchema = z.enum(["queued", "running", "waiting", "completed", "failed", "cancelled"]);

/** Why a job does not get on at the moment. */
export const waitingSchema = z.strictObject({
  reason: z.enum(["flood", "connection", "disk", "quota", "login", "takeout"]),
  /** RFC 3339: when it is tried again, where that is known. */
  until: z.iso.datetime().optional(),
});

/** Why a job failed: an error as its caller sees it. */
export const failureSchema = z.strictObject({
  code: z.custom<ErrorCode>((code) => typeof code === "string" && code in ERROR_CODES),
  message: z.string(),
  hint: z.string(),
});

/** A job. */
export const jobSchema = z.strictObject({
  /** 26 characters of base32. */
  id: z.string(),
  accountId: z.string(),
  /** The principal that it belongs to. */
  owner: z.string(),
  /** Equal for equal queries. */
  fingerprint: z.string(),
  query: exportQuerySchema,
  targets: z.array(targetSchema),
  state: exportStateSchema,
  plan: planSchema.optional(),
  position: positionSchema.optional(),
  waiting: waitingSchema.optional(),
  error: failureSchema.optional(),
  /** Of a finished one: whether all that was asked for is in it. */
  complete: z.boolean().optional(),
  /** RFC 3339, as the others. */
  created: z.iso.datetime(),
  started: z.iso.datetime().optional(),
  finished: z.iso.datetime().optional(),
  /** Of all its files, once it is finished. */
  bytes: z.int(),
});

/** See {@link exportFormatSchema}. */
export type ExportFormat = z.infer<typeof exportFormatSchema>;
/** See {@link exportQuerySchema}. */
export type ExportQuery = z.infer<typeof exportQuerySchema>;
/** See {@link targetSchema}. */
export type Target = z.infer<typeof targetSchema>;
/** See {@link segmentSchema}. */
export type Segment = z.infer<typeof segmentSchema>;
/** See {@link planSchema}. */
export type Plan = z.infer<typeof planSchema>;
/** See {@link mediaPositionSchema}. */
export type MediaPosition = z.infer<typeof mediaPositionSchema>;
/** See {@link positionSchema}. */
export type Position = z.infer<typeof positionSchema>;
/** See {@link exportStateSchema}. */
export type ExportState = z.infer<typeof exportStateSchema>;
/** See {@link waitingSchema}. */
export type Waiting = z.infer<typeof waitingSchema>;
/** See {@link jobSchema}. */
export type Job = z.infer<typeof jobSchema>;

/** Whether a job is over. */
export function isFinished({ state }: Pick<Job, "state">): boolean {
  return state === "completed" || state === "failed" || state === "cancelled";
}
