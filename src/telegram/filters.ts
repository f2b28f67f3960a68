/**
 * The kinds of message that a query can ask for: some Telegram sorts out itself
 * (https://core.telegram.org/type/MessagesFilter), the others are recognised here.
 * @module
 */
import { z } from "zod";
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
  const media = (message: TlMessage): string | undefined =>
    message.className === "Message" ? mapMedia(message.media)?.kind : undefined;
  switch (type) {
    case "service":
      return (message) => message.className === "MessageService";
    case "text":
      return (message) => message.className === "Message" && media(message) === undefined;
    case "media":
      return (message) => media(message) !== undefined;
    case "sticker":
    case "poll":
      return (message) => media(message) === type;
    default:
      return undefined;
  }
}
