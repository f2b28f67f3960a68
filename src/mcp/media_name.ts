/**
 * What a file is called, and of what type it is said to be.
 * @module
 */
import { safeFileName } from "../http/attachment.ts";
import type { Media } from "../model/media.ts";

/** Endings of the types that Telegram gives to files without a name. */
const ENDINGS: ReadonlyMap<string | undefined, string> = new Map(Object.entries({
  "application/x-tgsticker": ".tgs",
  "audio/mpeg": ".mp3",
  "audio/ogg": ".ogg",
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/webp": ".webp",
  "video/mp4": ".mp4",
  "video/webm": ".webm",
}));

/** The name that its sender gave to a file, made safe; else its kind and the message's id. */
export function fileNameOf({ kind, file_name, mime_type }: Media, message: number): string {
  return safeFileName(file_name ?? "", `${kind}-${message}${ENDINGS.get(mime_type) ?? ""}`);
}

/** What a sender says of a file, if it can be a media type at all (https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1). */
export function contentType(type: string | undefined): string {
  return type !== undefined && /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}$/.test(type)
    ? type
    : "application/octet-stream";
}
