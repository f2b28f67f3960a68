/**
 * The file of a message and the pictures that stand for it (https://core.telegram.org/api/files).
 * @module
 */
import { Buffer } from "node:buffer";
import type { Media } from "../model/media.ts";
import { Api, wholeJpeg } from "../mtproto/gram.ts";
import { mapMedia } from "./map/media.ts";
import type { TlMessage } from "./map/message.ts";
import type { Peer } from "./map/peer.ts";

/** A file that lies with Telegram. */
export interface StoredFile {
  /** Stays the same when its reference is renewed; letters, digits and hyphens. */
  readonly key: string;
  /** The data centre where it should be. */
  readonly dcId: number;
  /** In bytes. */
  readonly size: number;
  /** How to ask for it, until the reference in it expires. */
  readonly location: Api.TypeInputFileLocation;
}

/** A picture: one to fetch, or one that came inside the message. */
export type Picture = { readonly stored: StoredFile } | { readonly bytes: Uint8Array };

/** What of a message is a file. */
export interface MessageFile {
  readonly media: Media;
  readonly original: StoredFile;
  /** Pictures of it, the best first; a photo itself is one of them. */
  readonly pictures: readonly Picture[];
  /** Made to vanish once it was seen. */
  readonly vanishing: boolean;
}

/** The file of a message: its photo or document, or that of its link's preview. Undefined when it has none. */
export function fileOf(message: TlMessage): MessageFile | undefined {
  return fileOfMedia(message.className === "Message" ? message.media : undefined);
}

/** All files of a message: what {@link fileOf} finds, and what is paid for (https://core.telegram.org/api/paid-media). */
export function filesOf(message: TlMessage): MessageFile[] {
  const media = message.className === "Message" ? message.media : undefined;
  const items = media?.className === "MessageMediaPaidMedia" || media?.className === "MessageMediaInvoice"
    ? [media.extendedMedia ?? []].flat()
    : [];
  return [media, ...items.map((item) => item.className === "MessageExtendedMedia" ? item.media : undefined)]
    .flatMap((each) => fileOfMedia(each) ?? []);
}

/** Whether a file may be read but not saved: its chat or message says so, or it was sent to vanish. */
export function isProtected(
  chat: Pick<Peer, "protected">,
  message: TlMessage,
  file: Pick<MessageFile, "vanishing">,
): boolean {
  return forbidsSaving(chat, message) || file.vanishing;
}

/** Whether a chat or a message does not allow content to be saved (`noforwards`). */
export function forbidsSaving(chat: Pick<Peer, "protected">, message: TlMessage): boolean {
  return Boolean(chat.protected || message.className === "Message" && message.noforwards);
}

function fileOfMedia(media: Api.TypeMessageMedia | undefined): MessageFile | undefined {
  switch (media?.className) {
    case "MessageMediaPhoto":
      return photoFile(media, Boolean(media.ttlSeconds));
    case "MessageMediaDocument":
      return documentFile(media, Boolean(media.ttlSeconds));
    case "MessageMediaWebPage": {
      if (media.webpage.className !== "WebPage") return undefined;
      const { document, photo } = media.webpage;
      if (document) return documentFile(new Api.MessageMediaDocument({ document }), false);
      // The library says null where the schema says that there is none.
      return photo ? photoFile(new Api.MessageMediaPhoto({ photo }), false) : undefined;
    }
    default:
      return undefined;
  }
}

/** The one of a message's stored files that has a key. */
export function storedUnder(key: string, { original, pictures }: MessageFile): StoredFile | undefined {
  const all = [original, ...pictures.flatMap((picture) => "stored" in picture ? picture.stored : [])];
  return all.find((stored) => stored.key === key);
}

/** What a message without a file is, to end the sentence "the message is …". */
export function withoutFile(message: TlMessage): string {
  if (message.className === "MessageService") return "a service message";
  const { media } = message;
  const kind = mapMedia(media)?.kind.replaceAll("_", " ");
  if (kind === "photo" || media?.className === "MessageMediaDocument") return `a ${kind} that is gone`;
  if (kind === "other") return `a message of the type ${media?.className}`;
  return kind === undefined ? "text" : `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

function photoFile(media: Api.MessageMediaPhoto, vanishing: boolean): MessageFile | undefined {
  const mapped = mapMedia(media);
  if (mapped === undefined || media.photo?.className !== "Photo") return undefined;
  const { id, accessHash, fileReference, dcId, sizes } = media.photo;
  const pictures = picturesOf(sizes, (thumbSize, size) => ({
    key: `p${id}-${thumbSize}-${size}`,
    dcId,
    size,
    location: new Api.InputPhotoFileLocation({ id, accessHash, fileReference, thumbSize }),
  }));
  const original = pictures.find((picture) => "stored" in picture)?.stored;
  if (original === undefined) return undefined;
  return { media: { ...mapped, mime_type: "image/jpeg", size: original.size }, original, pictures, vanishing };
}

function documentFile(media: Api.MessageMediaDocument, vanishing: boolean): MessageFile | undefined {
  const mapped = mapMedia(media);
  if (mapped === undefined || media.document?.className !== "Document") return undefined;
  const { id, accessHash, fileReference, dcId, thumbs, mimeType } = media.document;
  const stored = (thumbSize: string, size: number): StoredFile => ({
    key: `d${id}-${thumbSize}-${size}`,
    dcId,
    size,
    location: new Api.InputDocumentFileLocation({ id, accessHash, fileReference, thumbSize }),
  });
  const original = stored("", media.document.size.toJSNumber());
  const isPicture = SHOWN.includes(mimeType);
  const pictures = [...(isPicture ? [{ stored: original }] : []), ...picturesOf(thumbs ?? [], stored)];
  return { media: mapped, original, pictures, vanishing };
}

/** The types of picture that clients show. */
const SHOWN: readonly string[] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/** Sizes to fetch, the largest first, then whole pictures inside the message, then blurred ones. */
function picturesOf(
  sizes: readonly Api.TypePhotoSize[],
  stored: (type: string, size: number) => StoredFile,
): Picture[] {
  const fetched: { readonly pixels: number; readonly stored: StoredFile }[] = [];
  const [cached, blurred]: [Picture[], Picture[]] = [[], []];
  for (const size of sizes) {
    switch (size.className) {
      case "PhotoSize":
        fetched.push({ pixels: size.w * size.h, stored: stored(size.type, size.size) });
        break;
      case "PhotoSizeProgressive":
        fetched.push({ pixels: size.w * size.h, stored: stored(size.type, Math.max(...size.sizes)) });
        break;
      case "PhotoCachedSize":
        cached.push({ bytes: size.bytes });
        break;
      case "PhotoStrippedSize": {
        const bytes = wholeJpeg(size.bytes);
        if (bytes !== undefined) blurred.push({ bytes });
        break;
      }
    }
  }
  const largest = fetched.sort((a, b) => b.pixels - a.pixels).map(({ stored }) => ({ stored }));
  return [...largest, ...cached, ...blurred];
}

/** The type of a picture by its first bytes, whatever its sender says of it; undefined for what clients do not show. */
export function pictureType(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("GIF8")) return "image/gif";
  return head.startsWith("RIFF") && head.slice(8) === "WEBP" ? "image/webp" : undefined;
}
