/**
 * The command `export`: a job like those of the tool start_export, by the server that runs or else by this process, whose
 * files are put where they are wanted.
 * @module
 */
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { loadConfig, warningsOf } from "../config/load.ts";
import { assertDeliverable, deliver } from "../exports/deliver.ts";
import { EXPORTS_FOLDER } from "../storage/contents.ts";
import { findHolder, isServing } from "../storage/lock.ts";
import { readRange } from "../telegram/dates.ts";
import { exportHere } from "./export_here.ts";
import { type ExportOptions, readExportOptions } from "./export_options.ts";
import type { Making } from "./export_progress.ts";
import type { LocalServer } from "./ask.ts";
import { exportThere } from "./export_there.ts";
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";
import { createProgress, type Progress } from "./progress.ts";

/** 128 and SIGPIPE: what programs end with whose reader has gone. */
const READER_GONE = 141;

/**
 * Exports a chat. Waits for floods and lost connections as long as it takes.
 * @returns the exit code
 * @throws AppError
 */
export async function exportChat(chat: string, rawOptions: unknown): Promise<number> {
  const options = readExportOptions(rawOptions);
  const progress = createProgress();
  using interrupt = listenForInterrupt();
  try {
    await run(chat, options, progress, interrupt.signal);
    return 0;
  } catch (error) {
    if (options.out === "-" && error instanceof Deno.errors.BrokenPipe) return READER_GONE;
    if (!interrupt.signal.aborted) throw error;
    progress.note("interrupted");
    return INTERRUPTED;
  } finally {
    progress.stop();
  }
}

async function run(chat: string, options: ExportOptions, progress: Progress, signal: AbortSignal): Promise<void> {
  const { out, force, downloadMedia: download_media, deltaOf: delta_of, ...filters } = options;
  const asked = { chat, ...filters, download_media, delta_of };
  readRange(asked, Math.floor(Date.now() / 1000));
  const config = loadConfig();
  const isPiped = out === "-";
  if (!isPiped) await assertDeliverable({ out, force });
  for (const warning of warningsOf(config)) progress.note(warning);
  const making: Making = {
    asked,
    isPiped,
    progress,
    signal,
    deliver: async (folder, isOwn) => {
      progress.finish(isPiped ? "standard output" : await deliver(folder, asked.format, { out, force, isOwn }));
    },
  };
  const holder = findHolder(config.dataDir);
  if (!isServing(holder)) await exportHere(config, making);
  else await exportThere(() => serverOf(config, holder), join(config.dataDir, EXPORTS_FOLDER), making);
}

/** The server that holds the data directory now; while it restarts, the one that did. */
function serverOf({ dataDir }: Config, before: LocalServer): LocalServer {
  const holder = findHolder(dataDir);
  return isServing(holder) ? holder : before;
}
