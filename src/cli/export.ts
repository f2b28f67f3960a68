/**
 * The command `export`.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import { z } from "zod";
import { loadConfig, warningsOf } from "../config/load.ts";
import { AppError } from "../errors.ts";
import { describeFolder, messagesPath } from "../exports/folder.ts";
import { exportLines } from "../exports/ndjson.ts";
import { assertFree, openPartFile } from "../exports/part_file.ts";
import type { Plan } from "../exports/plan.ts";
import { standardOutput } from "../exports/sink.ts";
import { LOCAL_PRINCIPAL } from "../model/principal.ts";
import { patient, type Wait } from "../mtproto/flood.ts";
import type { Call } from "../mtproto/invoke.ts";
import { holdDirectory } from "../storage/lock.ts";
import { openDataDirectory } from "../storage/open.ts";
import { formerChat, historyEnds } from "../telegram/chats.ts";
import { countMessages } from "../telegram/count.ts";
import { readRange } from "../telegram/dates.ts";
import { openAccount } from "../telegram/open.ts";
import type { HistoryQuery } from "../telegram/query.ts";
import { type Directory, findSelf, resolveChat } from "../telegram/resolve.ts";
import { NAME, VERSION } from "../version.ts";
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";
import { createProgress, type Progress } from "./progress.ts";

const optionsSchema = z.object({
  out: z.string().min(1, "expected a file, a folder with / at its end, or - for standard output"),
  from: z.string().optional(),
  to: z.string().optional(),
  tz: z.string().optional(),
  limit: z.string().regex(/^0*[1-9]\d{0,9}$/, "expected a whole number above 0").transform(Number).optional(),
  force: z.boolean().default(false),
});
type Options = z.infer<typeof optionsSchema>;

/** 128 and SIGPIPE: what programs end with whose reader has gone. */
const READER_GONE = 141;

/**
 * Writes a chat's history as NDJSON. Needs the session for itself; waits for floods and lost connections as long as it takes.
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
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const field = `--${issue?.path.join(".")}`;
  throw new AppError("INPUT_VALIDATION", `${field}: ${issue?.message}.`, { field });
}

async function run(chat: string, options: Options, progress: Progress, signal: AbortSignal): Promise<void> {
  const begun = new Date();
  const range = readRange(options, Math.floor(begun.getTime() / 1000));
  const config = loadConfig();
  const { from, to, tz, limit, force } = options;
  const folder = /[/\\]$/.test(options.out) ? options.out : undefined;
  if (folder !== undefined) await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const out = folder === undefined ? options.out : messagesPath(folder);
  if (out !== "-") await assertFree(out, force);
  for (const warning of warningsOf(config)) progress.note(warning);
  using _lock = await holdDirectory(config.dataDir, "export");
  using db = openDataDirectory(config.dataDir);
  await using open = openAccount(config, { db, accountId: LOCAL_PRINCIPAL.accountId, appVersion: VERSION });
  const waiting = (seconds: number): Call =>
    patient(open.account.call, {
      seconds,
      sleep: (pause, signal) => sleepMs(pause * 1000, undefined, { signal }),
      onWait: (wait) => progress.note(describeWait(wait)),
    });
  const call = waiting(Infinity);
  const directory: Directory = { ...open.account, call, options: { signal } };

  const self = await findSelf(directory);
  // Asking for a name that nobody has can cost a wait of hours.
  const { peer, target } = await resolveChat({ ...directory, call: waiting(config.floodSleepThreshold) }, chat);
  if (target !== undefined) progress.note("the whole chat is exported; the link's message is not applied");
  const former = await formerChat(directory, peer);
  if (former !== undefined) progress.note(`older messages, from before this supergroup, are in ${former.id}`);
  const ends = await historyEnds(call, peer, { signal });
  const asked = { chat: peer.id, from, to, tz, limit };
  const wanted: Plan = { asked, begun: begun.toISOString(), range, upTo: ends.last?.id ?? 0 };
  using sink = out === "-" ? standardOutput(wanted, signal) : await openPartFile(out, wanted, { force });
  const { plan, lines: done, lastId: after } = sink;
  if (done > 0) progress.note(`continuing the export begun ${plan.begun}, behind ${done} messages`);
  const counted: HistoryQuery = { chat: peer, direction: "oldest_first", range: plan.range };
  const matching = await countMessages(call, counted, { signal });
  const total = matching === undefined ? limit : Math.min(matching, limit ?? Infinity);
  progress.start({ done, total });
  const rest = limit === undefined ? undefined : limit - done;
  const query = { chat: peer, self: self.id, range: plan.range, limit: rest, upTo: plan.upTo, after };
  for await (const lines of exportLines(call, query, { callOptions: { signal } })) {
    await sink.write(lines.text);
    progress.add(lines.kept.length);
  }
  await sink.complete();
  if (folder !== undefined) {
    const program = { name: NAME, version: VERSION };
    await describeFolder(folder, { chat: peer, plan, program, ...(former && { former: former.id }) });
  }
  progress.finish(out === "-" ? "standard output" : out);
}

function describeWait({ reason, seconds }: Wait): string {
  const time = `${Math.ceil(seconds)} s`;
  return reason === "flood" ? `Telegram asks to wait ${time}` : `no answer from Telegram, trying again in ${time}`;
}
