/**
 * TL media to `message/1` media.
 * @module
 */
import type { Media } from "../../model/message.ts";
import type { Api } from "../../mtproto/gram.ts";

/** A message's attachment; undefined when there is none, or when it is a link's preview. */
export function mapMedia(media: Api.TypeMessageMedia | undefined): Media | undefined {
  if (!media) return undefined;
  switch (media.className) {
    case "MessageMediaEmpty":
    case "MessageMediaWebPage":
      return undefined;
    case "MessageMediaPhoto":
      return mapPhoto(media);
    case "MessageMediaDocument":
      return media.document?.className === "Document"
        ? { ...mapDocument(media.document), ...(media.spoiler ? { spoiler: true } : {}) }
        : mapMissingDocument(media);
    case "MessageMediaPoll":
      return mapPoll(media);
    case "MessageMediaGeo":
      return mapLocation(media.geo, {});
    case "MessageMediaGeoLive":
      return mapLocation(media.geo, { live: true });
    case "MessageMediaVenue":
      return mapLocation(media.geo, { title: media.title, address: media.address });
    case "MessageMediaContact":
      return {
        kind: "contact",
        contact: {
          phone: media.phoneNumber,
          first_name: media.firstName,
          ...(media.lastName ? { last_name: media.lastName } : {}),
          ...(media.userId.isZero() ? {} : { user_id: media.userId.toString() }),
        },
      };
    case "MessageMediaDice":
      return { kind: "dice", emoji: media.emoticon, value: media.value };
    case "MessageMediaGame":
      return { kind: "game", title: media.game.title };
    case "MessageMediaInvoice":
      return { kind: "invoice", title: media.title };
    case "MessageMediaStory":
      return { kind: "story", id: String(media.id) };
    default:
      return { kind: "other", tl_type: media.className };
  }
}

function mapPhoto(media: Api.MessageMediaPhoto): Media {
  const spoiler = media.spoiler ? { spoiler: true } as const : {};
  if (media.photo?.className !== "Photo") return { kind: "photo", ...spoiler };
  const largest = media.photo.sizes.reduce<{ width: number; height: number; size: number } | undefined>(
    (best, size) => {
      if (size.className !== "PhotoSize" && size.className !== "PhotoSizeProgressive") return best;
      const bytes = size.className === "PhotoSize" ? size.size : Math.max(...size.sizes);
      return best && best.width >= size.w ? best : { width: size.w, height: size.h, size: bytes };
    },
    undefined,
  );
  return { kind: "photo", id: media.photo.id.toString(), ...largest, ...spoiler };
}

/** A document that is gone, such as a voice message that could be heard once: the message's flags still tell its kind. */
function mapMissingDocument(media: Api.MessageMediaDocument): Media {
  return { kind: media.voice ? "voice" : media.round ? "video_note" : media.video ? "video" : "document" };
}

/** A document's kind follows from its attributes (https://core.telegram.org/constructor/document). */
function mapDocument(document: Api.Document): Media {
  const media: Media = {
    kind: "document",
    id: document.id.toString(),
    mime_type: document.mimeType,
    size: document.size.toJSNumber(),
  };
  const animated = document.attributes.some((each) => each.className === "DocumentAttributeAnimated");
  for (const attribute of document.attributes) {
    switch (attribute.className) {
      case "DocumentAttributeFilename":
        media.file_name = attribute.fileName;
        break;
      case "DocumentAttributeImageSize":
        media.width = attribute.w;
        media.height = attribute.h;
        break;
      case "DocumentAttributeVideo":
        if (media.kind === "document") media.kind = attribute.roundMessage ? "video_note" : animated ? "gif" : "video";
        media.width = attribute.w;
        media.height = attribute.h;
        media.duration = attribute.duration;
        break;
      case "DocumentAttributeAudio":
        media.kind = attribute.voice ? "voice" : "audio";
        media.duration = attribute.duration;
        if (attribute.title) media.title = attribute.title;
        if (attribute.performer) media.performer = attribute.performer;
        break;
      case "DocumentAttributeSticker":
      case "DocumentAttributeCustomEmoji":
        media.kind = "sticker";
        if (attribute.alt) media.emoji = attribute.alt;
        break;
      case "DocumentAttributeAnimated":
        if (media.kind === "document") media.kind = "gif";
        break;
    }
  }
  return media;
}

function mapPoll({ poll, results }: Api.MessageMediaPoll): Media {
  const answers = new Map(results.results?.map((each) => [each.option.toString("hex"), each]));
  return {
    kind: "poll",
    poll: {
      id: poll.id.toString(),
      question: poll.question.text,
      options: poll.answers.map((answer) => {
        const result = answers.get(answer.option.toString("hex"));
        return {
          text: answer.text.text,
          ...(result ? { voters: result.voters } : {}),
          ...(result?.correct ? { correct: true } : {}),
        };
      }),
      ...(results.totalVoters === undefined || results.totalVoters === null ? {} : { voters: results.totalVoters }),
      ...(poll.closed ? { closed: true } : {}),
      ...(poll.quiz ? { quiz: true } : {}),
      ...(poll.multipleChoice ? { multiple: true } : {}),
      ...(poll.publicVoters ? {} : { anonymous: true }),
    },
  };
}

function mapLocation(
  geo: Api.TypeGeoPoint,
  rest: { readonly live?: true; readonly title?: string; readonly address?: string },
): Media {
  if (geo.className !== "GeoPoint") return { kind: "location" };
  return { kind: "location", location: { latitude: geo.lat, longitude: geo.long, ...rest } };
}
