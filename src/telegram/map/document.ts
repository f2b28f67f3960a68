/**
 * TL documents to `message/1` media: whatever is a file and no photo (https://core.telegram.org/constructor/document).
 * @module
 */
import type { Media } from "../../model/media.ts";
import type { Api } from "../../mtproto/gram.ts";

/** A file; of one that is gone, such as a voice message that could be heard once, the message's flags still tell the kind. */
export function mapDocument(media: Api.MessageMediaDocument): Media {
  const { document } = media;
  return {
    ...(document?.className === "Document" ? describe(document) : { kind: missingKind(media) }),
    spoiler: media.spoiler || undefined,
    ttl_seconds: media.ttlSeconds || undefined,
  };
}

function missingKind({ voice, round, video }: Api.MessageMediaDocument): Media["kind"] {
  return voice ? "voice" : round ? "video_note" : video ? "video" : "document";
}

function describe(document: Api.Document): Media {
  const all = attributesOf(document);
  const { video, audio, sticker } = all;
  const size = video ?? all.image;
  return {
    kind: kindOf(document.mimeType, all),
    id: document.id.toString(),
    file_name: all.file?.fileName || undefined,
    mime_type: document.mimeType || undefined,
    size: document.size.toJSNumber(),
    width: size?.w || undefined,
    height: size?.h || undefined,
    duration: video?.duration ?? audio?.duration,
    title: audio?.title || undefined,
    performer: audio?.performer || undefined,
    emoji: sticker?.alt || undefined,
  };
}

interface Attributes {
  animated?: Api.DocumentAttributeAnimated;
  audio?: Api.DocumentAttributeAudio;
  file?: Api.DocumentAttributeFilename;
  image?: Api.DocumentAttributeImageSize;
  sticker?: Api.DocumentAttributeSticker | Api.DocumentAttributeCustomEmoji;
  video?: Api.DocumentAttributeVideo;
}

function attributesOf({ attributes }: Api.Document): Attributes {
  const found: Attributes = {};
  for (const attribute of attributes) {
    switch (attribute.className) {
      case "DocumentAttributeAnimated":
        found.animated = attribute;
        break;
      case "DocumentAttributeAudio":
        found.audio = attribute;
        break;
      case "DocumentAttributeFilename":
        found.file = attribute;
        break;
      case "DocumentAttributeImageSize":
        found.image = attribute;
        break;
      case "DocumentAttributeSticker":
      case "DocumentAttributeCustomEmoji":
        found.sticker = attribute;
        break;
      case "DocumentAttributeVideo":
        found.video = attribute;
        break;
    }
  }
  return found;
}

/**
 * Several attributes at once are told apart as Telegram's own library does it, whatever their order: a video may carry a
 * voice's waveform, a sticker may move, and a round video without sound is marked as animated.
 */
function kindOf(mimeType: string, { video, animated, sticker, audio }: Attributes): Media["kind"] {
  if (video) return sticker ? "sticker" : video.roundMessage ? "video_note" : animated ? "gif" : "video";
  if (animated) return "gif";
  if (audio) return audio.voice ? "voice" : "audio";
  return sticker || mimeType === "application/x-tgsticker" ? "sticker" : "document";
}
