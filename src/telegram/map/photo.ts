/**
 * TL photos to `message/1` media (https://core.telegram.org/api/files#image-thumbnail-types).
 * @module
 */
import type { Media } from "../../model/media.ts";
import type { Api } from "../../mtproto/gram.ts";

/** A photo, described by its largest size; one that was shown once, or is gone, has only its kind. */
export function mapPhoto({ photo, spoiler, ttlSeconds }: Api.MessageMediaPhoto): Media {
  return {
    kind: "photo",
    ...(photo?.className === "Photo" ? { id: photo.id.toString(), ...largest(photo.sizes) } : {}),
    spoiler: spoiler || undefined,
    ttl_seconds: ttlSeconds || undefined,
  };
}

interface Size {
  readonly width: number;
  readonly height: number;
  /** In bytes. */
  readonly size: number;
}

function largest(sizes: readonly Api.TypePhotoSize[]): Size | undefined {
  return sizes.map(measure).reduce(
    (best, each) => each && (!best || each.width * each.height > best.width * best.height) ? each : best,
    undefined,
  );
}

/** Undefined for the stand-ins that a message carries along, which no one takes for the picture. */
function measure(size: Api.TypePhotoSize): Size | undefined {
  switch (size.className) {
    case "PhotoSize":
      return { width: size.w, height: size.h, size: size.size };
    case "PhotoSizeProgressive":
      return { width: size.w, height: size.h, size: Math.max(...size.sizes) };
    case "PhotoCachedSize":
      return { width: size.w, height: size.h, size: size.bytes.length };
    default:
      return undefined;
  }
}
