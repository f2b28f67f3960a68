/**
 * An export by the server that runs on this machine, with the same data directory.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import * as z from "zod";
import { AppError } from "../errors.ts";
import { exportStateSchema, failureSchema, isFinished, waitingSchema } from "../exports/job.ts";
import { filesGone } from "../exports/deliver.ts";
import { MESSAGES_FILE } from "../exports/manifest.ts";
import { callTool, type LocalServer } from "./ask.ts";
import { assertCompleted, createShower, type Making } from "./export_progress.ts";
import { createTail } from "./tail.ts";

const answerSchema = z.object({
  id: z.string(),
  state: exportStateSchema,
  progress: z.object({ written: z.int(), estimated: z.int().optional() }),
  waiting: waitingSchema.optional(),
  error: failureSchema.optional(),
  notes: z.array(z.string()).optional(),
});

const LOOK_SECONDS = 1;
const MOST_TRIES = 60;

/**
 * Asks for an export, waits until it is over and delivers it. Interrupted, it goes on there.
 * @param findServer the server as it is now: each start has another key
 * @param directory where every job has a folder
 * @throws AppError
 */
export async function exportThere(findServer: () => LocalServer, directory: string, making: Making): Promise<void> {
  const { url } = findServer();
  const { asked: { limit, ...args }, isPiped, progress, signal } = making;
  if (limit !== undefined) {
    throw new AppError("UNSUPPORTED", `--limit: the server at ${url} writes whole exports only.`, {
      field: "--limit",
      hint: "Leave it out, or stop the server.",
    });
  }
  const ask = async (tool: string, body: unknown): Promise<z.infer<typeof answerSchema>> =>
    answerSchema.parse(await callTool(findServer(), tool, body, signal));
  let one = await ask("start_export", { ...args, wait_seconds: 0 });
  progress.note(`the server at ${url} makes export ${one.id}`);
  for (const note of one.notes ?? []) progress.note(note);
  const show = createShower(progress);
  try {
    for (;; await sleepMs(LOOK_SECONDS * 1000, undefined, { signal })) {
      const { written, estimated } = one.progress;
      show({ written, total: estimated, waiting: one.waiting });
      if (isFinished(one)) break;
      one = await again(() => ask("get_export", { id: one.id }), making);
    }
  } catch (error) {
    if (signal.aborted) {
      progress.note(`the server goes on with export ${one.id}; until it is over the same command takes it up`);
    }
    throw error;
  }
  assertCompleted(one);
  const folder = join(directory, one.id);
  if (isPiped) await pipe(folder, signal);
  try {
    await making.deliver(folder, false);
  } catch (error) {
    if (existsSync(folder)) progress.note(`the server keeps the files of export ${one.id} for a time, in ${folder}`);
    throw error;
  }
}

/** A server that restarts goes on with the export: it is asked until it answers, for as long as a restart may take. */
async function again<T>(ask: () => Promise<T>, { progress, signal }: Pick<Making, "progress" | "signal">): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof AppError && error.code === "CONNECTION" && tries < MOST_TRIES;
      if (!isAway || signal.aborted) throw error;
      if (tries === 1) progress.note("the server does not answer, trying again");
      await sleepMs(LOOK_SECONDS * 1000, undefined, { signal });
    }
  }
}

async function pipe(folder: string, signal: AbortSignal): Promise<void> {
  try {
    using tail = createTail(folder);
    await tail.upTo((await Deno.stat(join(folder, MESSAGES_FILE))).size, signal);
  } catch (error) {
    throw error instanceof Deno.errors.NotFound ? filesGone(folder) : error;
  }
}
