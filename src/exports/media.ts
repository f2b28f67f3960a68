/**
 * The files of an export's messages: once all messages are written, each of their files is downloaded beside them, and a
 * record tells of it. Whatever interrupts it, it goes on at its last checkpoint, amid a file too.
 * @module
 */
import { join } from "node:path";
import type { MediaRecord, SkipReason } from "../model/media_record.ts";
import type { Directory } from "../telegram/resolve.ts";
import type { Begun } from "./finish.ts";
import type { MediaPosition, Position } from "./job.ts";
import { type LogFile, openLogFile } from "./log_file.ts";
import { MEDIA_FILE } from "./manifest.ts";
import { fillPart, type MediaPart, openMediaPart } from "./media_file.ts";
import { createKnownFiles, type KnownFiles, restoreKnownFiles, type Stored } from "./media_known.ts";
import { type FileMessage, type Pending, readBatches } from "./media_messages.ts";
import { countsAsFile, fileIdOf, placeOf, type Slot } from "./media_slots.ts";
import { type FindSource, findSources, skipReasonOf, type Source, type SourceOptions } from "./media_source.ts";
import { isOfTheDisk, type Quota, withinQuota } from "./quota.ts";
import { restoreTally } from "./tally.ts";
import { assertSameAccount } from "./walk.ts";

/** What may be downloaded. */
export interface MediaLimits extends Pick<SourceOptions, "allowProtected"> {
  /** Larger files are skipped. */
  readonly maxFileBytes: number;
  /** Of one export, as Telegram counts files; those that come later are skipped. */
  readonly maxFiles: number;
}

/** The limits where nobody has set others. */
export const DEFAULT_LIMITS: MediaLimits = { maxFileBytes: 100 << 20, maxFiles: 10_000, allowProtected: false };

/** What {@link exportMedia} takes besides the job. */
export interface MediaOptions extends Pick<SourceOptions, "patient"> {
  /** The job's own. */
  readonly folder: string;
  readonly limits: MediaLimits;
  /** What the job may write. */
  readonly quota: Quota;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** A checkpoint is made when so much was written since the last one, or so long ago. */
const CHECKPOINT_BYTES = 4 << 20;
const CHECKPOINT_MS = 1000;

/**
 * Downloads what is missing. The messages' file is a part still, and complete.
 * @param commit keeps a position whose files are on the disk
 * @returns the last position, which is committed
 * @throws the signal's reason and what is worth waiting for, after a checkpoint
 */
export async function exportMedia(
  directory: Directory,
  { plan, position }: Pick<Begun, "plan" | "position">,
  options: MediaOptions,
  commit: (position: Position) => void,
): Promise<Position> {
  const { folder, limits, quota, now, signal } = options;
  const begun = await openAtMedia(folder, position, signal);
  using _log = begun.log;
  const log = withinQuota(begun.log, quota);
  const { known } = begun;
  let at = begun.at;
  let part: MediaPart | undefined;
  let [written, committed] = [0, { written: 0, ms: now() }];

  const checkpoint = async (): Promise<void> => {
    await part?.sync();
    await log.sync();
    at = { ...at, part: part && { key: part.key, bytes: part.bytes() } };
    commit({ ...position, media: at });
    committed = { written, ms: now() };
  };
  const checkpointIfDue = async (): Promise<void> => {
    const isDue = written - committed.written >= CHECKPOINT_BYTES || now() - committed.ms >= CHECKPOINT_MS;
    if (isDue) await checkpoint();
  };
  const close = (): void => {
    part?.[Symbol.dispose]();
    part = undefined;
  };
  const keep = async (open: MediaPart, key: string, { media }: Slot): Promise<Stored> => {
    const downloaded = await open.complete(media);
    close();
    const kept = known.add(key, downloaded);
    if (kept === downloaded) return kept;
    // The same content is there already, and is of one name, whatever type others gave it.
    if (kept.file !== downloaded.file) await Deno.remove(join(folder, downloaded.file));
    quota.release(downloaded.bytes);
    return kept;
  };
  const download = async (
    slot: Slot,
    key: string,
    { stored, source }: Exclude<Source, string>,
  ): Promise<Stored | SkipReason> => {
    // Since it was read amid a batch, the server may have been signed in anew.
    assertSameAccount(directory, plan);
    const open = part = await openMediaPart(folder, key, at.part?.key === key ? at.part.bytes : 0);
    let [before, taken] = [open.bytes(), open.bytes()];
    try {
      // All of it at once: of a file that does not fit, no part takes the room of others.
      await quota.reserve(Math.max(0, stored.size - taken));
      taken = Math.max(taken, stored.size);
      await fillPart(open, stored, source, async () => {
        written += open.bytes() - before;
        before = open.bytes();
        await checkpointIfDue();
      });
      return await keep(open, key, slot);
    } catch (error) {
      signal.throwIfAborted();
      const reason = skipReasonOf(error);
      if (reason === undefined) throw error;
      await open.remove();
      quota.release(taken);
      close();
      return reason;
    }
  };
  const settle = async (slot: Slot, find: (slot: Slot) => Source): Promise<Stored | SkipReason> => {
    const id = fileIdOf(slot.media);
    const refused = refuse(slot, known, limits);
    if (refused !== undefined || id === undefined) return refused ?? "unsupported";
    const source = find(slot);
    if (typeof source === "string") return source;
    if (source.stored.size > limits.maxFileBytes) return "too_large";
    return known.find(id.key) ?? await download(slot, id.key, source);
  };
  const record = async ({ message, slots, begin, end }: Pending, find: FindSource): Promise<void> => {
    if (at.at !== begin) at = { ...at, at: begin, items: 0 };
    for (const slot of slots.slice(at.items)) {
      const outcome = await settle(slot, ({ media }) => find(message.id, media));
      await log.write(`${JSON.stringify(recordOf(message, slot, outcome))}\n`);
      at = { ...at, items: at.items + 1, bytes: log.bytes(), part: undefined };
      await checkpointIfDue();
    }
    const counts = slots.some(({ item }) => item === undefined) || message.media?.kind === "paid_media";
    at = { ...at, at: end, items: 0, done: at.done + Number(counts) };
  };
  const recordAll = async (pending: readonly Pending[]): Promise<void> => {
    assertSameAccount(directory, plan);
    const [first] = pending;
    if (first === undefined) return;
    const isOpen = (slot: Slot): boolean => refuse(slot, known, limits) === undefined;
    const ids = pending.filter(({ slots }) => slots.some(isOpen)).map(({ message }) => message.id);
    const sourceOptions = { ...options, allowProtected: limits.allowProtected };
    const find: FindSource = ids.length === 0
      ? () => "failed"
      : await findSources(directory, first.message.chat_id, ids, sourceOptions);
    for (const each of pending) await record(each, find);
  };

  try {
    // From now on it is told how far the files are.
    if (position.media === undefined) await checkpoint();
    for await (const { pending, end } of readBatches(folder, { from: at.at, to: position.bytes, signal })) {
      await recordAll(pending);
      at = { ...at, at: end, items: 0 };
      await checkpointIfDue();
    }
    at = { ...at, at: position.bytes, items: 0 };
    await checkpoint();
    return { ...position, media: at };
  } catch (error) {
    // A disk that took nothing does not take a checkpoint either.
    if (!isOfTheDisk(error)) await checkpoint();
    throw error;
  } finally {
    close();
  }
}

/** The records at the job's checkpoint, or from the beginning when something of what they tell is gone. */
async function openAtMedia(
  folder: string,
  { media, tally }: Position,
  signal: AbortSignal,
): Promise<{ readonly log: LogFile; readonly known: KnownFiles; readonly at: MediaPosition }> {
  if (media !== undefined) {
    using stack = new DisposableStack();
    const log = await openLogFile(folder, media.bytes, MEDIA_FILE);
    if (log !== undefined) stack.use(log);
    const known = log && await restoreKnownFiles(folder, media, signal);
    if (log !== undefined && known !== undefined) {
      stack.move();
      return { log, known, at: media };
    }
  }
  const log = await openLogFile(folder, 0, MEDIA_FILE);
  if (log === undefined) throw new RangeError("a file is shorter than nothing");
  const kinds = restoreTally(tally).counts().flatMap(({ by_kind }) => Object.entries(by_kind));
  const total = kinds.reduce((sum, [kind, count]) => countsAsFile(kind) ? sum + count : sum, 0);
  return { log, known: createKnownFiles(), at: { at: 0, items: 0, bytes: 0, done: 0, total } };
}

/** What can be said of a file without asking for it. */
function refuse({ media }: Slot, known: KnownFiles, { maxFileBytes, maxFiles }: MediaLimits): SkipReason | undefined {
  if (media.locked) return "locked";
  if (media.id === undefined) return "gone";
  const id = fileIdOf(media);
  if (id === undefined) return "unsupported";
  if (id.size > maxFileBytes) return "too_large";
  return known.find(id.key) === undefined && known.count() >= maxFiles ? "limit" : undefined;
}

function recordOf(message: FileMessage, slot: Slot, outcome: Stored | SkipReason): MediaRecord {
  const { size, mime_type } = slot.media;
  const place = placeOf(message, slot);
  return typeof outcome === "string"
    ? { ...place, skipped: outcome, ...(size === undefined ? {} : { size }) }
    : { ...place, ...outcome, ...(mime_type === undefined ? {} : { mime_type }) };
}
