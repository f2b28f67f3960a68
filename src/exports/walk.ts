/**
 * Reading the histories of an export into its log, with a checkpoint every now and then.
 * @module
 */
import { AppError } from "../errors.ts";
import { mapMessage } from "../telegram/map/message.ts";
import { lookUpMessages } from "../telegram/messages.ts";
import type { Directory } from "../telegram/resolve.ts";
import { changesOf, type DeltaLines } from "./delta.ts";
import type { DeltaIndex } from "./delta_index.ts";
import type { Begun } from "./finish.ts";
import type { Plan, Position } from "./job.ts";
import { type LogFile, openLogFile } from "./log_file.ts";
import { exportLines } from "./ndjson.ts";
import { isOfTheDisk } from "./quota.ts";
import { beginningOf, findSegment, isOfOneChat } from "./segments.ts";
import { restoreTally, type Tally } from "./tally.ts";

/** A checkpoint is made when so much was written since the last one, or so long ago. */
const CHECKPOINT_BYTES = 4 << 20;
const CHECKPOINT_MS = 1000;

/** The log at the job's checkpoint, or from the beginning when it is gone from there. */
export async function openAt(
  folder: string,
  { plan, position }: Begun,
): Promise<{ readonly log: LogFile; readonly position: Position }> {
  const log = await openLogFile(folder, position.bytes);
  if (log !== undefined) return { log, position };
  const anew = await openLogFile(folder, 0);
  if (anew === undefined) throw new RangeError("a file is shorter than nothing");
  return { log: anew, position: beginningOf(plan) };
}

/** A position with its tally open. */
type At = Omit<Position, "tally"> & { readonly tally: Tally };

/**
 * Reads what is missing.
 * @param options.now milliseconds since the epoch
 * @param options.base what the export had that this one continues
 * @param options.readAhead see {@link exportLines}
 * @param commit keeps a position whose bytes are on the disk
 * @returns the last position, which is committed
 * @throws the signal's reason and whatever else ends it, after a checkpoint
 */
export async function walk(
  directory: Directory,
  { plan, targets, query, position }: Begun,
  log: LogFile,
  { now, readAhead, base }: {
    readonly now: () => number;
    readonly readAhead?: number;
    readonly base?: DeltaIndex;
  },
  commit: (at: At) => void,
): Promise<Position> {
  let at: At = { ...position, tally: restoreTally(position.tally) };
  let committed = { bytes: at.bytes, ms: now() };
  const checkpoint = async (): Promise<void> => {
    await log.sync();
    commit(at);
    committed = { bytes: at.bytes, ms: now() };
  };
  const read = async (segment: number): Promise<void> => {
    const one = plan.segments[segment];
    if (one === undefined || at.lost.some((each) => each.segment === segment)) return;
    const { range, topic, upTo } = one;
    const limit = query.limit === undefined ? undefined : query.limit - at.written;
    const wanted = { range, topic, upTo, limit, type: query.type, self: plan.self, after: at.after };
    const found = await findSegment(directory, one);
    const begun = (): number => Date.parse(plan.begun);
    const all = exportLines(directory.call, { ...wanted, ...found }, {
      now: begun,
      callOptions: directory.options,
      readAhead,
    });
    const lines: AsyncIterable<DeltaLines> = base === undefined ? all : changesOf(all, {
      chat: one.id,
      known: await base.known(one.id, at.after),
      since: one.since ?? 0,
      detectedAt: plan.begun,
      lookUp: async (ids) => {
        const { found: there, missing } = await lookUpMessages(directory, found.chat, ids);
        const context = { chat: found.chat, self: plan.self, observedAt: plan.begun };
        return { found: there.map(({ message, peers }) => mapMessage(message, { ...context, peers })), missing };
      },
    });
    for await (const { text, reached, ...page } of lines) {
      assertSameAccount(directory, plan);
      await log.write(text);
      at.tally.add({ segment, ...page });
      at = { ...at, segment, after: reached, bytes: log.bytes(), written: at.written + page.kept.length };
      if (now() - committed.ms >= CHECKPOINT_MS || at.bytes - committed.bytes >= CHECKPOINT_BYTES) await checkpoint();
    }
  };
  try {
    while (at.segment < plan.segments.length) {
      const { segment } = at;
      try {
        await read(segment);
        if (at.written === query.limit) at = { ...at, lost: [...at.lost, { segment, reason: limited(query.limit) }] };
      } catch (error) {
        if (!isOfOneChat(error, targets)) throw error;
        at = { ...at, lost: [...at.lost, { segment, reason: error.message }] };
      }
      const { after: _, ...rest } = at;
      at = { ...rest, segment: segment + 1 };
    }
  } catch (error) {
    // A disk that took nothing does not take a checkpoint either.
    if (!isOfTheDisk(error)) await checkpoint();
    throw error;
  }
  await checkpoint();
  return { ...at, tally: at.tally.snapshot() };
}

function limited(limit: number): string {
  return `No more than ${limit} messages were asked for.`;
}

/** Another account may see other messages, or nothing: the one that the export began with is waited for. */
export function assertSameAccount({ peers }: Directory, { self }: Plan): void {
  if (peers.self()?.id === self) return;
  throw new AppError("SESSION_INVALID", "The account that this export was begun with is not signed in.");
}
