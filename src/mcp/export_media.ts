/**
 * Files of messages in what tools show of an export: there may be thousands, so they are counted, not listed.
 * @module
 */
import { isFinished, type Job } from "../exports/job.ts";
import { MEDIA_FOLDER } from "../exports/manifest.ts";
import type { Manifest } from "../model/manifest.ts";

/** Whether a file of an export is not one of its messages' own. */
export function isMain({ name }: { readonly name: string }): boolean {
  return !name.startsWith(`${MEDIA_FOLDER}/`);
}

/** How far the files of messages are, or what became of them; nothing where they were not asked for. */
export function mediaNotes(job: Job, manifest: Manifest | undefined): string[] {
  const { media } = job.position ?? {};
  if (!isFinished(job)) {
    return media === undefined ? [] : [`Files of ${media.done} of ${media.total} messages are done.`];
  }
  if (manifest?.media === undefined) return [];
  const { files, bytes, skipped } = manifest.media;
  const reasons = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`).join(", ");
  return [
    `${files} files of messages, ${bytes} bytes, are in ${MEDIA_FOLDER}/; manifest.json names them, media.ndjson says whose.`,
    ...(reasons === "" ? [] : [`Files not downloaded, by reason: ${reasons}.`]),
  ];
}
