/**
 * An export as tools show it.
 * @module
 */
import * as z from "zod";
import { ERROR_CODES } from "../errors.ts";
import { DamagedManifest, type DescribedFolder, readExportFolder } from "../exports/files.ts";
import { exportFormatSchema, exportQuerySchema, exportStateSchema, isFinished, waitingSchema } from "../exports/job.ts";
import type { Job } from "../exports/job.ts";
import type { ExportStatus } from "../exports/runner.ts";
import { chatHeadSchema } from "../model/chat.ts";
import { type Manifest, manifestFileSchema } from "../model/manifest.ts";
import { isMain, mediaNotes } from "./export_media.ts";
import { neutralized } from "../model/neutralize.ts";
import { rfc3339 } from "../telegram/map/message.ts";
import { titleOf } from "../telegram/map/peer.ts";
import { giveFiles } from "./export_files.ts";
import type { Sources } from "./reading.ts";
import type { ToolContext } from "./registry.ts";

const chatSchema = chatHeadSchema.pick({ id: true, kind: true, title: true, username: true });
/** `chat` where the export is of several. */
const endSchema = z.object({ chat: z.string().optional(), id: z.int(), date: z.string() });

/** `rate` is messages a second, `poll_after` seconds. */
export const exportSchema = z.object({
  id: z.string(),
  state: exportStateSchema,
  complete: z.boolean().optional(),
  progress: z.object({
    written: z.int(),
    estimated: z.int().optional(),
    rate: z.number().optional(),
    eta_seconds: z.int().optional(),
  }),
  waiting: waitingSchema.optional(),
  poll_after: z.int().optional(),
  error: z.object({ code: z.enum(Object.keys(ERROR_CODES)), message: z.string(), hint: z.string() }).optional(),
  notes: z.array(z.string()).optional(),
  neutralized,
  chats: z.array(chatSchema),
  query: exportQuerySchema.omit({ format: true }),
  format: exportFormatSchema,
  created: z.string(),
  finished: z.string().optional(),
  first: endSchema.optional(),
  last: endSchema.optional(),
  gaps: z.object({ deleted: z.int(), service: z.int(), filtered: z.int(), unknown: z.int() }).optional(),
  files: z.array(
    manifestFileSchema.pick({ name: true, bytes: true, sha256: true })
      .extend({ url: z.string(), uri: z.string(), expires: z.string() }),
  ).optional(),
});

/** See {@link exportSchema}. */
export type Export = z.input<typeof exportSchema>;

/** What is advertised of it: every conversation pays for that. */
export const exportEnvelope = z.looseObject({ state: z.string() });

/** An export with what its files say and the ways to them, once it has any. */
export async function showExport(
  { exports, exportLinks, now }: Pick<Sources, "exports" | "exportLinks" | "now">,
  status: ExportStatus,
  context: ToolContext,
  notes: readonly string[] = [],
): Promise<Export> {
  const { job } = status;
  const { id, state, complete, waiting, error, query: { format, ...query }, created, finished } = job;
  const found = isFinished(job) ? await findFolder(exports.folder(id)) : undefined;
  const folder = found === "damaged" ? undefined : found;
  const said = [
    ...notes,
    ...notesOf(job, folder?.manifest),
    ...(folder === undefined ? [] : moreNotes(folder)),
    ...(found === "damaged" ? ["Its manifest is damaged, so its files are not given out."] : []),
    ...keptNotes(job, found !== undefined, exports.expires(job), now()),
  ];
  return {
    id,
    state,
    ...(complete === undefined ? {} : { complete }),
    progress: progressOf(status),
    ...(waiting === undefined ? {} : { waiting }),
    ...(isFinished(job) ? {} : { poll_after: pollAfter(status, now()) }),
    ...(error === undefined ? {} : { error }),
    ...(said.length === 0 ? {} : { notes: said }),
    chats: showChats(job),
    query,
    format,
    created,
    ...(finished === undefined ? {} : { finished }),
    ...(folder === undefined ? {} : contentsOf(folder.manifest)),
    ...(folder === undefined ? {} : { files: giveFiles(exportLinks, id, shownOf(folder), context) }),
  };
}

/** Files that are listed; an export may have thousands. */
const MOST_FILES = 20;

/** The first of them and the manifest, which is the last. */
function shownOf({ files }: DescribedFolder): DescribedFolder["files"] {
  const main = files.filter(isMain);
  return main.length <= MOST_FILES ? main : [...main.slice(0, MOST_FILES - 1), ...main.slice(-1)];
}

function moreNotes(folder: DescribedFolder): string[] {
  const more = folder.files.filter(isMain).length - shownOf(folder).length;
  return more === 0 ? [] : [`${more} more files are named in manifest.json; each is beside it, under its name.`];
}

async function findFolder(dir: string): Promise<DescribedFolder | "damaged" | undefined> {
  try {
    return await readExportFolder(dir);
  } catch (error) {
    if (error instanceof DamagedManifest) return "damaged";
    throw error;
  }
}

/** The chats of a job. */
export function showChats({ targets }: Pick<Job, "targets">): Export["chats"] {
  return targets.map(({ id, kind, title, username }) => ({
    id,
    kind,
    title: titleOf({ kind, title }),
    ...(username === undefined ? {} : { username }),
  }));
}

/** How far it is, in words for a caller who waits. */
export function describeProgress({ job }: ExportStatus): string {
  const { state, waiting, position, plan } = job;
  const why = waiting === undefined ? "" : ` (${waiting.reason})`;
  const { media } = position ?? {};
  if (media !== undefined) return `${state}${why}: files of ${media.done} of ${media.total} messages`;
  const of = plan?.estimated === undefined ? "" : ` of about ${plan.estimated}`;
  return `${state}${why}: ${position?.written ?? 0}${of} messages`;
}

function progressOf({ job: { position, plan, state }, rate }: ExportStatus): Export["progress"] {
  const written = position?.written ?? 0;
  const estimated = plan?.estimated;
  const isKnown = rate !== undefined && rate > 0 && estimated !== undefined && state !== "waiting" &&
    position?.media === undefined;
  return {
    written,
    ...(estimated === undefined ? {} : { estimated }),
    ...(rate === undefined ? {} : { rate: Math.round(rate * 10) / 10 }),
    ...(isKnown ? { eta_seconds: Math.ceil(Math.max(0, estimated - written) / rate) } : {}),
  };
}

/** Seconds after which there is something new to hear. */
function pollAfter(status: ExportStatus, now: number): number {
  const { eta_seconds: eta } = progressOf(status);
  const until = status.job.waiting?.until;
  const seconds = until === undefined ? (eta ?? 10) / 2 : (Date.parse(until) - now) / 1000;
  return Math.min(300, Math.max(2, Math.ceil(seconds)));
}

const WAITING: Readonly<Record<NonNullable<Job["waiting"]>["reason"], string>> = {
  flood: "Telegram asks to wait; the export goes on by itself.",
  connection: "Telegram cannot be reached; the export goes on by itself.",
  disk:
    "The server cannot write to its disk, which is full or may not be written to: its owner must mend that, and finds in " +
    "the log what the disk said. Nothing is lost, and the export goes on by itself.",
  quota:
    "The exports on this server take all the room that they may. Nothing is lost, and this one goes on by itself when " +
    "older ones are removed or the server's owner raises MAX_EXPORT_BYTES.",
  login: "The server's owner must log in to Telegram again; then the export goes on by itself.",
  takeout:
    "Telegram asks the account's owner about this data export. The owner can allow it in a Telegram app, where Telegram " +
    "has sent a message about it; otherwise it begins when the time is over. The export goes on by itself.",
};

function notesOf(job: Job, manifest: Manifest | undefined): string[] {
  const { state, waiting, position, plan, complete } = job;
  const lost = position?.lost.map(({ segment, reason }) => `${plan?.segments[segment]?.id}: ${reason}`) ?? [];
  return [
    ...(waiting === undefined ? [] : [WAITING[waiting.reason]]),
    ...(isFinishing(job) ? ["All messages are written; the files are being made."] : []),
    ...mediaNotes(job, manifest),
    ...(complete === false && state === "completed" && lost.length > 0
      ? ["Not complete: some chats could not be read to their end."]
      : []),
    ...lost,
    ...(state === "completed" ? manifest?.reasons ?? [] : []).map((reason) => `Not complete: ${reason}`),
    ...deltaNotes(job, manifest),
    ...(state === "cancelled" && manifest !== undefined ? ["What was written until then is there as NDJSON."] : []),
  ];
}

/** Whether what is left to do takes no more messages. */
function isFinishing({ state, plan, position, query: { download_media } }: Job): boolean {
  const isRead = plan !== undefined && position !== undefined && position.segment >= plan.segments.length;
  return state === "running" && isRead && download_media === undefined;
}

/** How long the files are kept, or why there are none any more. */
function keptNotes(
  { state, bytes }: Job,
  hasFiles: boolean,
  expires: number | undefined,
  now: number,
): string[] {
  const until = expires === undefined ? undefined : rfc3339(Math.ceil(expires / 1000));
  if (hasFiles) return until === undefined ? [] : [`Its files are kept until ${until}.`];
  // Of what was ended before anything was written there never were any.
  if (state !== "completed" && bytes === 0) return [];
  const isExpired = expires !== undefined && expires <= now;
  const why = isExpired ? `: they were kept until ${until}, as RESOURCE_MAX_AGE_HOURS says` : "";
  return [`Its files are not there any more${why}.`];
}

/** How much a delta has, or how far it is: most of what it reads it does not write. */
function deltaNotes(job: Job, manifest: Manifest | undefined): string[] {
  const { query: { delta_of }, plan, position } = job;
  if (delta_of === undefined) return [];
  if (manifest !== undefined) {
    const { messages, deletions = 0 } = manifest.totals;
    const edited = manifest.chats.reduce((sum, chat) => sum + (chat.edited ?? 0), 0);
    const where = deletions === 0 ? "" : " (deletion/1 records, in messages.ndjson only)";
    return [`Since the export ${delta_of}: ${messages - edited} new, ${edited} edited, ${deletions} deleted${where}.`];
  }
  const at = plan?.segments[position?.segment ?? 0];
  if (isFinished(job) || at === undefined || position?.after === undefined) return [];
  return [`Message ${position.after} of ${at.upTo} in ${at.id} is compared; what is as it was is not written.`];
}

function contentsOf({ chats }: Manifest): Pick<Export, "first" | "last" | "gaps"> {
  const isOne = chats.length === 1;
  const ends = (which: "first" | "last"): (z.input<typeof endSchema>)[] =>
    chats.flatMap(({ id, [which]: end }) => end === undefined ? [] : [isOne ? end : { chat: id, ...end }])
      .sort((a, b) => Date.parse(a.date) - Date.parse(b.date));
  const [first, last] = [ends("first")[0], ends("last").at(-1)];
  const gaps = chats.flatMap((chat) => chat.gaps === undefined ? [] : [chat.gaps]);
  const sum = (verdict: "deleted" | "service" | "filtered" | "unknown"): number =>
    gaps.reduce((total, each) => total + each[verdict], 0);
  return {
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    ...(gaps.length === 0 ? {} : {
      gaps: { deleted: sum("deleted"), service: sum("service"), filtered: sum("filtered"), unknown: sum("unknown") },
    }),
  };
}
