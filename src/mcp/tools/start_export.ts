/**
 * The tool start_export.
 * @module
 */
import * as z from "zod";
import { AppError } from "../../errors.ts";
import { exportFormatSchema, type Target } from "../../exports/job.ts";
import type { Started } from "../../exports/runner.ts";
import type { JsonObject } from "../../model/json.ts";
import { type Range, readRange } from "../../telegram/dates.ts";
import { type Directory, resolveChat } from "../../telegram/resolve.ts";
import { describeProgress, exportEnvelope, exportSchema, showExport } from "../export_view.ts";
import { openDirectory, type Reader, type Sources } from "../reading.ts";
import { defineTool, type Tool, type ToolContext } from "../registry.ts";
import { chatNotes, toQuery } from "./chat_query.ts";
import { type Continued, continueExport } from "./continued_export.ts";
import { chatArgument, chatsArgument, exportIdArgument } from "./input.ts";
import { filterArguments } from "./position.ts";

/** Seconds that a call may wait for an export. */
export const LONGEST_WAIT = 45;

const input = z.strictObject({
  chat: chatArgument.optional(),
  chats: chatsArgument.optional(),
  ...filterArguments,
  format: exportFormatSchema.default("ndjson"),
  download_media: z.boolean().optional(),
  delta_of: exportIdArgument.optional().describe("id: only changes since"),
  takeout: z.boolean().optional(),
  wait_seconds: z.int().min(0).max(LONGEST_WAIT).default(10),
});

/** Builds the tool. */
export function startExport(sources: Sources): Tool {
  return defineTool({
    name: "start_export",
    title: "Export whole histories",
    description:
      'Write whole histories to checked files on this server, any size; Telegram is not changed. Use for a backup, a file, a data set. Returns it finished within wait_seconds, else poll get_export. Example: {"chat":"@sandbox_archive","format":"csv"}',
    scope: "export",
    hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
    input,
    output: exportSchema,
    envelope: exportEnvelope,
    explain,
    run: (args, context) => run(sources, args, context),
  });
}

type Arguments = z.output<typeof input>;

async function run(sources: Sources, args: Arguments, context: ToolContext): Promise<z.input<typeof exportSchema>> {
  const { id, notes } = await beginExport(sources, args, context);
  const status = await sources.exports.wait(id, context.principal, {
    seconds: args.wait_seconds,
    signal: context.signal,
    onChange: (status) => tellProgress(context, status),
  });
  return await showExport(sources, status, context, notes);
}

/**
 * Queues an export, or finds the unfinished one that is the same.
 * @param rawArgs those of the tool; the command line has `limit` besides, at most so many messages
 * @param context.isForCommand whether the command line asks, which may also have a completed one that it did not deliver
 * @returns the export, and what there is to say about it and the arguments
 * @throws AppError as the tool
 */
export async function beginExport(
  sources: Sources,
  { limit, ...args }: z.input<typeof input> & { readonly limit?: number | undefined },
  { isForCommand, ...context }: Reader & { readonly isForCommand?: boolean },
): Promise<Started & { readonly notes: readonly string[] }> {
  const { exports, now } = sources;
  const asked = input.omit({ wait_seconds: true }).strip().parse(args);
  const { delta_of } = asked;
  const names = namesIn(asked);
  const directory = openDirectory(sources, context);
  const { query, targets, notes } = delta_of === undefined
    ? await readQuery(directory, { ...asked, limit, names: names ?? [] }, now())
    : await continueExport(exports, directory, { ...asked, limit, names, delta_of }, context);
  // Telegram is asked for their messages later, and nobody else's record would say who wanted them.
  context.touched?.note(targets.map(({ id }) => id));
  const started = exports.start(context.principal, { query, targets, isForCommand });
  const { finished } = exports.get(started.id, context.principal).job;
  const found = finished === undefined
    ? "An equal export was unfinished already: this is it."
    : `An equal export was completed ${finished} and not delivered: this is it. Run the command once more for a newer one.`;
  return { ...started, notes: [...(started.isNew ? [] : [found]), ...notes] };
}

type Asked = Omit<Arguments, "wait_seconds">;

/** @param now milliseconds since the epoch */
async function readQuery(
  directory: Directory,
  asked: Asked & { readonly limit: number | undefined; readonly names: readonly string[] },
  now: number,
): Promise<Continued> {
  const { names, from, to, tz, topic, sender, type, limit, format } = asked;
  const range = readRange(asked, Math.floor(now / 1000));
  if (names.length > 1) assertDates(range);
  const found = new Map<string, { readonly target: Target; readonly notes: readonly string[] }>();
  for (const name of names) {
    const one = await toTarget(directory, name, asked, range);
    found.set(one.target.id, one);
  }
  const [download_media, takeout] = [asked.download_media || undefined, asked.takeout || undefined];
  const formers = new Set([...found.values()].map(({ target }) => target.former));
  const all = [...found.values()].filter(({ target }) => !formers.has(target.id));
  return {
    query: { chats: [...names], from, to, tz, topic, sender, type, limit, format, download_media, takeout },
    targets: all.map(({ target }) => target),
    notes: all.flatMap(({ notes }) => notes),
  };
}

/** Tells whoever waits how far an export is. */
export function tellProgress({ progress }: ToolContext, status: Parameters<typeof describeProgress>[0]): void {
  const { position, plan } = status.job;
  progress(describeProgress(status), position?.written ?? 0, plan?.estimated);
}

/** Undefined where another export says which chats. */
function namesIn({ chat, chats, delta_of }: Pick<Arguments, "chat" | "chats" | "delta_of">): string[] | undefined {
  if (chat !== undefined && chats !== undefined) {
    throw new AppError("INPUT_VALIDATION", "chat and chats cannot both be given.", {
      field: "chats",
      hint: "Send chat for one chat, or chats for several.",
    });
  }
  if (chat !== undefined) return [chat];
  if (chats !== undefined || delta_of !== undefined) return chats;
  throw new AppError("INPUT_VALIDATION", "chat is required.", {
    field: "chat",
    hint: "Send chat for one chat, or chats for up to 50.",
  });
}

/** Messages of several chats have nothing but their dates in common. */
function assertDates(range: Range): void {
  for (const [field, point] of Object.entries(range)) {
    if (point === undefined || !("id" in point)) continue;
    throw new AppError("INPUT_VALIDATION", `${field}: #ID is a message of one chat, and there are several.`, {
      field,
      hint: "Send a date, or export the chats one by one.",
    });
  }
}

async function toTarget(
  directory: Directory,
  name: string,
  args: Asked,
  range: Range,
): Promise<{ readonly target: Target; readonly notes: readonly string[] }> {
  const resolved = await resolveChat(directory, name, args.chat === undefined ? "chats" : "chat");
  const { former, topic, sender } = await toQuery(directory, resolved, args, range);
  const { id, kind, title, username, migratedTo } = resolved.peer;
  const target = { id, kind, title, username, former: former?.id, migratedTo, range, topic, sender: sender?.id };
  return { target, notes: await chatNotes(directory, resolved) };
}

function explain(args: JsonObject, issue: z.core.$ZodIssue): AppError | undefined {
  if (issue.path[0] !== "format" || issue.code !== "invalid_value" || issue.input !== "parquet") return undefined;
  return new AppError("UNSUPPORTED", "format: Parquet is not written.", {
    field: "format",
    hint: "Use csv, or ndjson for everything there is.",
    suggest: { tool: "start_export", arguments: args },
  });
}
