/**
 * TL media to `message/1` media (https://core.telegram.org/type/MessageMedia).
 * @module
 */
import type { Media } from "../../model/media.ts";
import type { Message } from "../../model/message.ts";
import type { Api } from "../../mtproto/gram.ts";
import { markedId, peerIdIfTold } from "../ids.ts";
import { mapDocument } from "./document.ts";
import { mapGiveaway, mapGiveawayResults } from "./giveaway.ts";
import { mapPhoto } from "./photo.ts";
import { mapPoll } from "./poll.ts";

/** The code of Telegram Stars as a currency (https://core.telegram.org/api/stars). */
const STARS = "XTR";

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
      return mapDocument(media);
    case "MessageMediaPoll":
      return mapPoll(media);
    case "MessageMediaGeo":
      return mapLocation(media.geo);
    case "MessageMediaGeoLive":
      return mapLocation(media.geo, { live: true, period: media.period, heading: media.heading || undefined });
    case "MessageMediaVenue":
      return mapLocation(media.geo, { title: media.title || undefined, address: media.address || undefined });
    case "MessageMediaContact":
      return mapContact(media);
    case "MessageMediaDice":
      return { kind: "dice", emoji: media.emoticon, value: media.value || undefined };
    case "MessageMediaGame":
      return { kind: "game", title: media.game.title, description: media.game.description || undefined };
    case "MessageMediaInvoice":
      return {
        kind: "invoice",
        title: media.title,
        description: media.description || undefined,
        currency: media.currency,
        amount: media.totalAmount.toJSNumber(),
        receipt_id: media.receiptMsgId || undefined,
      };
    case "MessageMediaStory":
      return {
        kind: "story",
        id: media.peer ? String(media.id) : undefined,
        description: media.story?.className === "StoryItem" ? media.story.caption || undefined : undefined,
        chat_id: peerIdIfTold(media.peer),
      };
    case "MessageMediaGiveaway":
      return mapGiveaway(media);
    case "MessageMediaGiveawayResults":
      return mapGiveawayResults(media);
    case "MessageMediaPaidMedia":
      return { kind: "paid_media", currency: STARS, amount: media.starsAmount.toJSNumber() };
    default:
      return { kind: "other", tl_type: media.className };
  }
}

/** The pictures and videos that are paid for (https://core.telegram.org/api/paid-media); undefined where nothing is. */
export function mapMediaItems(media: Api.TypeMessageMedia | undefined): Media[] | undefined {
  if (media?.className === "MessageMediaPaidMedia") return media.extendedMedia.flatMap(mapExtended);
  return media?.className === "MessageMediaInvoice" && media.extendedMedia
    ? mapExtended(media.extendedMedia)
    : undefined;
}

function mapExtended(item: Api.TypeMessageExtendedMedia): Media[] {
  if (item.className === "MessageExtendedMedia") return [mapMedia(item.media) ?? []].flat();
  return [{
    kind: typeof item.videoDuration === "number" ? "video" : "photo",
    width: item.w || undefined,
    height: item.h || undefined,
    duration: item.videoDuration ?? undefined,
    locked: true,
  }];
}

/** What Telegram shows of the page that a text links to; undefined without one. */
export function mapPreview(media: Api.TypeMessageMedia | undefined): Message["preview"] {
  if (media?.className !== "MessageMediaWebPage") return undefined;
  const { webpage } = media;
  if (webpage.className === "WebPage") {
    return { url: webpage.url, title: webpage.title || undefined, description: webpage.description || undefined };
  }
  return webpage.className !== "WebPageNotModified" && webpage.url ? { url: webpage.url } : undefined;
}

/** A place; one whose coordinates Telegram holds back may still have a name. */
function mapLocation(geo: Api.TypeGeoPoint, rest: Media["location"] = {}): Media {
  const point = geo.className === "GeoPoint"
    ? { latitude: geo.lat, longitude: geo.long, accuracy: geo.accuracyRadius || undefined }
    : {};
  const location = { ...point, ...rest };
  return { kind: "location", location: Object.keys(location).length > 0 ? location : undefined };
}

function mapContact(media: Api.MessageMediaContact): Media {
  return {
    kind: "contact",
    contact: {
      phone: media.phoneNumber,
      first_name: media.firstName,
      last_name: media.lastName || undefined,
      user_id: media.userId.isZero() ? undefined : markedId("user", media.userId),
      vcard: media.vcard || undefined,
    },
  };
}
