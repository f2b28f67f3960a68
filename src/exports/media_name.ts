/**
 * What a message's file is called in an export. Pure.
 * @module
 */
import type { Media } from "../model/media.ts";
import { MEDIA_FOLDER } from "./manifest.ts";

/** Endings by media type. What a browser would run, or a system open without asking, has none and is called `bin`. */
const BY_TYPE: Readonly<Record<string, string>> = {
  "application/epub+zip": "epub",
  "application/pdf": "pdf",
  "application/vnd.oasis.opendocument.spreadsheet": "ods",
  "application/vnd.oasis.opendocument.text": "odt",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/x-tgsticker": "tgs",
  "application/zip": "zip",
  "audio/aac": "aac",
  "audio/flac": "flac",
  "audio/mp4": "m4a",
  "audio/mpeg": "mp3",
  "audio/ogg": "ogg",
  "audio/wav": "wav",
  "audio/x-flac": "flac",
  "audio/x-m4a": "m4a",
  "audio/x-wav": "wav",
  "image/gif": "gif",
  "image/heic": "heic",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "text/plain": "txt",
  "video/mp4": "mp4",
  "video/quicktime": "mov",
  "video/webm": "webm",
  "video/x-matroska": "mkv",
};

/** Telegram makes photos JPEG and tells no type. */
const BY_KIND: Partial<Record<Media["kind"], string>> = {
  photo: "jpg",
  video: "mp4",
  video_note: "mp4",
  gif: "mp4",
  voice: "ogg",
};

/**
 * The name by what is in the file; nothing of it is its sender's.
 * @param sha256 in hexadecimal
 */
export function mediaName(sha256: string, { kind, mime_type: type }: Pick<Media, "kind" | "mime_type">): string {
  const ending = type === undefined ? BY_KIND[kind] : Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  return `${MEDIA_FOLDER}/${sha256.slice(0, 32)}.${ending ?? "bin"}`;
}

/** Whether a page can show a file of that name as a picture. */
export function isPicture(name: string): boolean {
  return /\.(jpg|png|gif|webp)$/.test(name);
}
