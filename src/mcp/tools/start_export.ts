/**
 * The tool start_export.
 * @module
 */
import { z } from "zod";
import { AppError } from "../../errors.ts";
import { exportFormatSchema, type ExportQuery, type Target } from "../../exports/job.ts";
import type { JsonObject } from "../../model/json.ts";
import { type Range, readRange } from "../../telegram/dates.ts";
import { type Directory, resolveChat } from "../../telegram/resolve.ts";
import { describeProgress, exportEnvelope, exportSchema, showExport } from "../export_view.ts";
import { openDirectory, type Sources } from "../reading.ts";
import { defineTool, type Tool, type ToolContext } from "../registry.ts";
import { chatNotes, toQuery } from "./chat_query.ts";
import { chatArgument, chatsArgument } from "./input.ts";
import { filterArguments } from "./position.ts";

/** Seconds that a call may wait for an export. */
export const LONGEST_WAIT = 45;

const input = z.strictObject({
  chat: chatArgument.optional(),
  chats: chatsArgument.optional(),
  ...filterArguments,
  format: exportFormatSchema.default("ndjson"),
  takeout: z.boolean().describe("Telegram's data export").optional(),
  wait_seconds: z.int().min(0).max(LONGEST_WAIT).default(10),
});

/** Builds the tool. */
export function startExport(sources: Sources): Tool {
  return defineTool({
    name: "start_export",
    title: "Export whole histories",
    description:
      'Write whole histories to checked files on this server, any size; Telegram is not changed. Use for everything, a backup, a file, a data set. Returns it finished if that takes under wait_seconds, else poll get_export. Example: {"chat":"@sandbox_archive","format":"csv"}',
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
  const { exports, now } = sources;
  const names = namesIn(args);
  const range = readRange(args, Math.floor(now() / 1000));
  if (names.length > 1) assertDates(range);
  const directory = openDirectory(sources, context);
  const found = new Map<string, { readonly target: Target; readonly notes: readonly string[] }>();
  for (const name of names) {
    const one = await toTarget(directory, name, args, range);
    found.set(one.target.id, one);
  }
  const { from, to, tz, topic, sender, type, format, takeout } = args;
  const query: ExportQuery = { chats: names, from, to, tz, topic, sender, type, format, takeout };
  const all = [...found.values()];
  const { id, isNew } = exports.start(context.principal, { query, targets: all.map(({ target }) => target) });
  const status = await exports.wait(id, context.principal, {
    seconds: args.wait_seconds,
    signal: context.signal,
    onChange: (status) => tellProgress(context, status),
  });
  const notes = [
    ...(isNew ? [] : ["An equal export was unfinished already: this is it."]),
    ...all.flatMap(({ notes }) => notes),
  ];
  return await showExport(sources, status, context, notes);
}

/** Tells whoever waits how far an export is. */
export function tellProgress({ progress }: ToolContext, status: Parameters<typeof describeProgress>[0]): void {
  const { position, plan } = status.job;
  progress(describeProgress(status), position?.written ?? 0, plan?.estimated);
}

function namesIn({ chat, chats }: Pick<Arguments, "chat" | "chats">): string[] {
  if (chat !== undefined && chats !== undefined) {
    throw new AppError("INPUT_VALIDATION", "chat and chats cannot both be given.", {
      field: "chats",
      hint: "Send chat for one chat, or chats for several.",
    });
  }
  if (chat !== undefined) return [chat];
  if (chats !== undefined) return chats;
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
  args: Arguments,
  range: Range,
): Promise<{ readonly target: Target; readonly notes: readonly string[] }> {
  const resolved = await resolveChat(directory, name, args.chat === undefined ? "chats" : "chat");
  const { former, topic, sender } = await toQuery(directory, resolved, args, range);
  const { id, kind, title, username } = resolved.peer;
  const target = { id, kind, title, username, former: former?.id, range, topic, sender: sender?.id };
  return { target, notes: await chatNotes(directory, resolved) };
}

/** Arguments that are known, and what is not done. */
const NOT_DONE: ReadonlyMap<string, string> = new Map([
  ["download_media", "Files of messages are not exported; get_media gets them one by one."],
  ["delta_of", "An export cannot go on from another one; from with a date or #ID exports what came since."],
]);

function explain(args: JsonObject, issue: z.core.$ZodIssue): AppError | undefined {
  const field = issue.code === "unrecognized_keys" ? issue.keys.find((key) => NOT_DONE.has(key)) : undefined;
  const said = field === undefined ? undefined : NOT_DONE.get(field);
  if (said !== undefined) return unsupported(args, `${field}: this server does not do that.`, String(field), said);
  if (issue.path[0] !== "format" || issue.code !== "invalid_value" || issue.input !== "parquet") return undefined;
  return unsupported(args, "format: Parquet is not written.", "format", "Use csv, or ndjson for everything there is.");
}

function unsupported(args: JsonObject, message: string, field: string, hint: string): AppError {
  return new AppError("UNSUPPORTED", message, { field, hint, suggest: { tool: "start_export", arguments: args } });
}
