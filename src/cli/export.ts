/**
 * The command `export`: a job like those of the tool start_export, by the server that runs or else by this process, whose
 * files are put where they are wanted.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { loadConfig, warningsOf } from "../config/load.ts";
import { AppError } from "../errors.ts";
import { assertDeliverable, deliver, isFolder } from "../exports/deliver.ts";
import { exportFormatSchema } from "../exports/job.ts";
import { findHolder } from "../storage/lock.ts";
import { readRange } from "../telegram/dates.ts";
import { messageTypeSchema } from "../telegram/filters.ts";
import { exportHere } from "./export_here.ts";
import { exportThere } from "./export_there.ts";
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";
import { createProgress, type Progress } from "./progress.ts";

const optionsSchema = z.object({
  out: z.string().min(1, "expected a file, a folder with / at its end, or - for standard output"),
  format: exportFormatSchema.default("ndjson"),
  from: z.string().optional(),
  to: z.string().optional(),
  tz: z.string().optional(),
  topic: z.string().optional(),
  sender: z.string().optional(),
  type: messageTypeSchema.optional(),
  limit: z.string().regex(/^0*[1-9]\d{0,9}$/, "expected a whole number above 0").transform(Number).optional(),
  force: z.boolean().default(false),
});
type Options = z.infer<typeof optionsSchema>;

/** What the tool start_export is asked, and `limit`. */
export interface Asked extends Omit<Options, "out" | "force"> {
  readonly chat: string;
}

/** An export that is being made. */
export interface Making {
  readonly asked: Asked;
  /** Whether its messages go to standard output. */
  readonly isPiped: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A completed export. */
export interface Made {
  /** Where its files are. */
  readonly folder: string;
  /** Whether nobody else may want them. */
  readonly isOwn: boolean;
}

/** 128 and SIGPIPE: what programs end with whose reader has gone. */
const READER_GONE = 141;

/**
 * Exports a chat. Waits for floods and lost connections as long as it takes.
 * @returns the exit code
 * @throws AppError
 */
export async function exportChat(chat: string, rawOptions: unknown): Promise<number> {
  const options = readOptions(rawOptions);
  const progress = createProgress();
  using interrupt = listenForInterrupt();
  try {
    await run(chat, options, progress, interrupt.signal);
    return 0;
  } catch (error) {
    if (options.out === "-" && error instanceof Deno.errors.BrokenPipe) return READER_GONE;
    if (!interrupt.signal.aborted) throw error;
    progress.note(options.out === "-" ? "interrupted" : "interrupted; the same command continues");
    return INTERRUPTED;
  } finally {
    progress.stop();
  }
}

function readOptions(raw: unknown): Options {
  const { data, error } = optionsSchema.safeParse(raw);
  if (error !== undefined) {
    const [issue] = error.issues;
    const field = `--${issue?.path.join(".")}`;
    throw new AppError("INPUT_VALIDATION", `${field}: ${issue?.message}.`, { field });
  }
  const isOneFile = data.out !== "-" && !isFolder(data.out);
  if (isOneFile && data.format === "html") {
    throw new AppError("INPUT_VALIDATION", "--out: html is several files.", {
      field: "--out",
      hint: `Name a folder, with / at its end: ${data.out}/`,
    });
  }
  if (data.out === "-" && data.format !== "ndjson") {
    throw new AppError("INPUT_VALIDATION", "--format: standard output takes ndjson only.", {
      field: "--format",
      hint: "Name a file or a folder, or pipe what `render` wrote.",
    });
  }
  return data;
}

async function run(chat: string, options: Options, progress: Progress, signal: AbortSignal): Promise<void> {
  const { out, force, ...asked } = options;
  readRange(asked, Math.floor(Date.now() / 1000));
  const config = loadConfig();
  const isPiped = out === "-";
  if (!isPiped) await assertDeliverable({ out, force });
  for (const warning of warningsOf(config)) progress.note(warning);
  const making: Making = { asked: { chat, ...asked }, isPiped, progress, signal };
  const url = findHolder(config.dataDir)?.url;
  const { folder, isOwn } = url === undefined
    ? await exportHere(config, making)
    : await exportThere(url, join(config.dataDir, "exports"), making);
  progress.finish(isPiped ? "standard output" : await deliver(folder, asked.format, { out, force, move: isOwn }));
  if (isOwn) await Deno.remove(folder, { recursive: true });
}
