/**
 * Which of a message's media are files. Pure.
 * @module
 */
import type { Media } from "../model/media.ts";
import { FILE_KINDS } from "../model/media.ts";
import type { FileKind, MediaRecord } from "../model/media_record.ts";
import type { Message } from "../model/message.ts";

/** A medium of a message that is a file. */
export interface Slot {
  /** Index in the message's `media_items`; absent for its `media`. */
  readonly item?: number;
  readonly media: Media & { readonly kind: FileKind };
}

/** What a file is known by: equal for the same file in another message. */
export interface FileId {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
}

const KINDS: ReadonlySet<string> = new Set(FILE_KINDS);

/** The files of a message in their order, those that are gone included; a link's preview is none. */
export function slotsOf({ media, media_items: items = [] }: Pick<Message, "media" | "media_items">): Slot[] {
  return [
    ...(media !== undefined && isFile(media) ? [{ media }] : []),
    ...items.flatMap((media, item) => isFile(media) ? [{ item, media }] : []),
  ];
}

function isFile(media: Media): media is Slot["media"] {
  return KINDS.has(media.kind);
}

/** How a message is counted that has files, by the words of the tally. */
export function countsAsFile(kind: string): boolean {
  return KINDS.has(kind) || kind === "paid_media";
}

/** Undefined for a file of which Telegram told nothing but that it was there. Ids of photos and documents may be equal. */
export function fileIdOf({ kind, id, size }: Media): FileId | undefined {
  if (id === undefined || size === undefined) return undefined;
  return { key: `${kind === "photo" ? "p" : "d"}${id}-${size}`, size };
}

/** Where a record of a slot belongs. */
export function placeOf({ chat_id, id }: Pick<Message, "chat_id" | "id">, { item, media: { kind } }: Slot): Pick<
  MediaRecord,
  "schema" | "chat_id" | "id" | "item" | "kind"
> {
  return { schema: "media/1", chat_id, id, ...(item === undefined ? {} : { item }), kind };
}
