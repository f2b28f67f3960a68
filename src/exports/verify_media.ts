/**
 * Holds the records of an export's media files against its messages and its manifest.
 * @module
 */
import { join } from "node:path";
import type { Manifest } from "../model/manifest.ts";
import { type MediaRecord, mediaRecordSchema } from "../model/media_record.ts";
import { type Message, messageSchema } from "../model/message.ts";
import { readLines } from "./lines.ts";
import { MEDIA_FILE, MEDIA_FOLDER, MESSAGES_FILE } from "./manifest.ts";
import { missedMedia, summaryOf } from "./media_finish.ts";
import { fileIdOf, placeOf, type Slot, slotsOf } from "./media_slots.ts";

/** What the manifest must have where files were asked for, and may not have where they were not; a clause, if it is wrong. */
export function mediaContradiction({ query, files, media, reasons }: Manifest): string | undefined {
  const isListed = files.some(({ name }) => name === MEDIA_FILE);
  if (isListed !== (media !== undefined)) return `it tells of ${MEDIA_FILE} in one place only`;
  if (media !== undefined && missedMedia(media).some((reason) => !reasons.includes(reason))) {
    return "it does not say that files of messages are missing";
  }
  // An export that ended early may not have come to them.
  const isMissing = query["download_media"] === true && reasons.length === 0 && !isListed;
  return isMissing ? `it does not list ${MEDIA_FILE}` : undefined;
}

/**
 * Reads both files, which have been found to be as they were written, side by side.
 * @returns what is wrong, in a clause
 */
export async function findMediaProblem(folder: string, manifest: Manifest): Promise<string | undefined> {
  const listed = new Map(manifest.files.map((file) => [file.name, file]));
  const used = new Set<string>();
  const skipped: Record<string, number> = {};
  const records = readLines(join(folder, MEDIA_FILE));
  let number = 0;
  const wrong = (what: string): string => `line ${number} of ${MEDIA_FILE} ${what}`;
  try {
    for await (const { message, slot } of slotsIn(join(folder, MESSAGES_FILE))) {
      const line = await records.next();
      if (line.done) {
        if (hasEndedEarly(manifest)) break;
        return `${MEDIA_FILE} does not tell of a file of the message ${message.id} of ${message.chat_id}`;
      }
      number++;
      const record = readRecord(line.value.text);
      if (record === undefined) return wrong("is no media/1");
      const problem = recordProblem(record, message, slot, listed);
      if (problem !== undefined) return wrong(problem);
      if ("file" in record) used.add(record.file);
      else skipped[record.skipped] = (skipped[record.skipped] ?? 0) + 1;
    }
    if (!(await records.next()).done) return `${MEDIA_FILE} has more lines than the messages have files`;
  } finally {
    await records.return();
  }
  const idle = manifest.files.find(({ name }) => name.startsWith(`${MEDIA_FOLDER}/`) && !used.has(name));
  if (idle !== undefined) return `${idle.name} is of no message`;
  const summary = summaryOf(manifest.files.filter(({ name }) => used.has(name)), skipped);
  return JSON.stringify(summary) === JSON.stringify(manifest.media)
    ? undefined
    : "its sums are not those of the records";
}

/** Of what it lacks, missing files are told by their records. */
function hasEndedEarly({ media, reasons }: Manifest): boolean {
  const missed = media === undefined ? [] : missedMedia(media);
  return reasons.some((reason) => !missed.includes(reason));
}

async function* slotsIn(path: string): AsyncGenerator<{ readonly message: Message; readonly slot: Slot }> {
  for await (const { text } of readLines(path)) {
    const message = messageSchema.safeParse(JSON.parse(text)).data;
    if (message === undefined) continue;
    for (const slot of slotsOf(message)) yield { message, slot };
  }
}

function readRecord(text: string): MediaRecord | undefined {
  try {
    return mediaRecordSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function recordProblem(
  record: MediaRecord,
  message: Message,
  slot: Slot,
  listed: ReadonlyMap<string, Manifest["files"][number]>,
): string | undefined {
  const { schema, chat_id, id, item, kind } = record;
  const place = { schema, chat_id, id, ...(item === undefined ? {} : { item }), kind };
  if (JSON.stringify(place) !== JSON.stringify(placeOf(message, slot))) {
    return `is not of the message ${message.id} of ${message.chat_id}, whose turn it is`;
  }
  if (!("file" in record)) return undefined;
  const file = listed.get(record.file);
  if (file === undefined) return `names ${record.file}, which the manifest does not list`;
  if (file.bytes !== record.bytes || file.sha256 !== record.sha256) return `tells of ${record.file} otherwise`;
  if (!record.file.startsWith(`${MEDIA_FOLDER}/${record.sha256.slice(0, 32)}.`)) return "has a name of another content";
  // Of a photo the message tells the largest size that there is, and not all of them are files.
  const told = fileIdOf(slot.media)?.size;
  const isOther = record.kind !== "photo" && told !== record.bytes;
  return isOther ? `has ${record.bytes} bytes where the message has ${told}` : undefined;
}
