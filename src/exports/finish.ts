/**
 * The last steps of an export: from a part to files that a manifest vouches for. They may be taken again after a crash amid
 * them, and lead to the same files.
 * @module
 */
import { basename, join } from "node:path";
import type { Manifest } from "../model/manifest.ts";
import { NAME, VERSION } from "../version.ts";
import type { DeltaIndex } from "./delta_index.ts";
import { writeIndex } from "./delta_index_write.ts";
import type { Job, Plan, Position } from "./job.ts";
import type { LogFile } from "./log_file.ts";
import { MANIFEST_FILE, MEDIA_FILE, MESSAGES_FILE, writeManifest } from "./manifest.ts";
import { finishMedia, missedMedia } from "./media_finish.ts";
import { mergeMedia } from "./media_merge.ts";
import { writeFolder } from "./output_folder.ts";
import type { Quota } from "./quota.ts";
import { readRecords } from "./records.ts";
import { RENDERS } from "./render/mod.ts";
import { onDisk } from "./disk.ts";
import { restoreTally } from "./tally.ts";
import { removeOthers } from "./tree.ts";

/** A job that has run. */
export type Begun = Job & { readonly plan: Plan; readonly position: Position };

/**
 * Names the messages' file, renders it into the format that was asked for, and writes the manifest.
 * @param ended why not all of it is there, and when that was; nothing is rendered then
 * @throws AppError RESOURCE_EXHAUSTED when the disk does not take it, or the quota; the signal's reason
 */
export async function finishFiles(
  folder: string,
  { id, query, created, plan, position, targets }: Begun,
  log: LogFile,
  { finished, reasons, signal, quota }: {
    readonly finished: string;
    readonly reasons: readonly string[];
    /** Stops it amid a file. */
    readonly signal: AbortSignal;
    /** What a render may take; what an export says of itself is always written. */
    readonly quota?: Quota;
  },
): Promise<Manifest> {
  await log.complete();
  const { segments, self, begun } = plan;
  return await onDisk(folder, async () => {
    const files = [MESSAGES_FILE];
    const media = position.media && await finishMedia(folder, position.media, signal);
    if (media !== undefined) files.push(MEDIA_FILE);
    if (query.format !== "ndjson" && reasons.length === 0) {
      const chats = segments.map((segment) => ({
        ...segment,
        migrated_to: targets.find(({ former }) => former === segment.id)?.id,
      }));
      const context = { chats, self, created: begun, tz: query.tz ?? "UTC" };
      const messages = readRecords(join(folder, MESSAGES_FILE), { signal });
      const merged = media && mergeMedia(messages, join(folder, MEDIA_FILE));
      const chunks = RENDERS[query.format]({ ...context, mediaOf: merged?.mediaOf }, merged?.messages ?? messages);
      files.push(...(await writeFolder(folder, chunks, { isOwn: true, signal, quota })).map((path) => basename(path)));
    }
    // What a killed run has left, or one that was to end with other files, is none of this export's.
    const names = [MANIFEST_FILE, ...files, ...media?.files.map(({ name }) => name) ?? []];
    await removeOthers(folder, new Set(names), signal);
    return await writeManifest(folder, {
      id,
      ...(query.delta_of === undefined ? {} : { delta_of: query.delta_of }),
      created,
      finished,
      program: { name: NAME, version: VERSION },
      query,
      chats: segments.map((segment, index) => ({
        ...segment,
        reasons: position.lost.filter((each) => each.segment === index).map(({ reason }) => reason),
      })),
      counts: restoreTally(position.tally).counts(),
      files,
      ...(media === undefined ? {} : { media }),
      reasons: [...reasons, ...media === undefined ? [] : missedMedia(media.summary)],
    }, signal);
  });
}

/**
 * Writes down what the export had, for those that continue it.
 * @throws AppError RESOURCE_EXHAUSTED when the disk does not take it; the signal's reason
 */
export async function indexFiles(
  folder: string,
  { plan: { segments }, position: { lost } }: Pick<Begun, "plan" | "position">,
  { path, base, signal }: { readonly path: string; readonly base?: DeltaIndex; readonly signal: AbortSignal },
): Promise<void> {
  await onDisk(path, () => writeIndex(path, { messages: join(folder, MESSAGES_FILE), segments, lost, base, signal }));
}
