/**
 * The kinds of message that a query can ask for: some Telegram sorts out itself
 * (https://core.telegram.org/type/MessagesFilter), the others are recognised here.
 * @module
 */
import * as z from "zod";
import { Api } from "../mtproto/gram.ts";
import { mapMedia } from "./map/media.ts";
import type { TlMessage } from "./map/message.ts";

/** The words of a `type` argument. */
export const messageTypeSchema = z.enum([
  "text",
  "media",
  "photo",
  "video",
  "document",
  "audio",
  "voice",
  "video_note",
  "gif",
  "sticker",
  "link",
  "poll",
  "location",
  "contact",
  "pinned",
  "mention",
  "service",
]);

/** See {@link messageTypeSchema}. */
export type MessageType = z.infer<typeof messageTypeSchema>;

/** Telegram's own filter for a type; undefined for a type that it has none for. */
export function serverFilter(type: MessageType): Api.TypeMessagesFilter | undefined {
  switch (type) {
    case "photo":
      return new Api.InputMessagesFilterPhotos();
    case "video":
      return new Api.InputMessagesFilterVideo();
    case "document":
      return new Api.InputMessagesFilterDocument();
    case "audio":
      return new Api.InputMessagesFilterMusic();
    case "voice":
      return new Api.InputMessagesFilterVoice();
    case "video_note":
      return new Api.InputMessagesFilterRoundVideo();
    case "gif":
      return new Api.InputMessagesFilterGif();
    case "link":
      return new Api.InputMessagesFilterUrl();
    case "location":
      return new Api.InputMessagesFilterGeo();
    case "contact":
      return new Api.InputMessagesFilterContacts();
    case "pinned":
      return new Api.InputMessagesFilterPinned();
    case "mention":
      return new Api.InputMessagesFilterMyMentions();
    default:
      return undefined;
  }
}

/** Recognises the types that Telegram has no filter for; undefined for those that it has one for. */
export function localMatcher(type: MessageType): ((message: TlMessage) => boolean) | undefined {
  return serverFilter(type) === undefined ? (message) => typesOf(message).includes(type) : undefined;
}

/** False for a photo or file that has destroyed itself: Telegram's filters do not find it any more. */
function isThere(media: Api.TypeMessageMedia | undefined): boolean {
  if (media?.className === "MessageMediaPhoto") return media.photo?.className === "Photo";
  return media?.className !== "MessageMediaDocument" || media.document?.className === "Document";
}

/**
 * All the types that a message falls under, as far as it tells itself: text, or media and its kind, and besides them link,
 * pinned, mention; a service message is nothing else.
 */
export function typesOf(message: TlMessage): MessageType[] {
  if (message.className === "MessageService") return message.mentioned ? ["mention", "service"] : ["service"];
  const kind = messageTypeSchema.safeParse(mapMedia(message.media)?.kind);
  const isLink = message.media?.className === "MessageMediaWebPage" ||
    message.entities?.some(({ className }) => className === "MessageEntityUrl" || className === "MessageEntityTextUrl");
  return [
    ...(mapMedia(message.media) === undefined ? ["text" as const] : ["media" as const]),
    ...(kind.success && isThere(message.media) ? [kind.data] : []),
    ...(isLink ? ["link" as const] : []),
    ...(message.pinned ? ["pinned" as const] : []),
    ...(message.mentioned ? ["mention" as const] : []),
  ];
}
