/**
 * Media as TL objects.
 * @module
 */
import { image, stripped } from "../world/images.ts";
import type { WorldFile, WorldMedia, WorldMessage } from "../world/mod.ts";
import type { TlField, TlPlain } from "./encode.ts";
import { flag, peer } from "./map_peer.ts";

const text = (value: string): TlPlain => ({ _: "textWithEntities", text: value, entities: [] });

/**
 * A photo in the usual sizes, the largest being the original. What photos and documents are fetched with is put in by
 * `files.ts`.
 */
export function photo(id: string, date: number, width = 640, height = 640, size = 60_000): TlPlain {
  const all = [["m", 320], ["x", 800], ["y", 1280]] as const;
  const smaller = all.filter(([, edge]) => edge < Math.max(width, height));
  const sizes = all.slice(0, smaller.length + 1).map(([type, edge]): TlPlain => {
    const scale = Math.min(1, edge / Math.max(width, height));
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    return { _: "photoSize", type, w, h, size: scale === 1 ? size : Math.floor(size * scale * scale) };
  });
  return { _: "photo", id, date, sizes: [small(width, height), ...sizes] };
}

function attributes(file: WorldFile): readonly TlPlain[] {
  const { kind, width = 0, height = 0, duration = 0 } = file;
  const name: readonly TlPlain[] = file.name ? [{ _: "documentAttributeFilename", file_name: file.name }] : [];
  const moving: TlPlain = { _: "documentAttributeVideo", duration, w: width, h: height };
  switch (kind) {
    case "video":
      return [{ ...moving, supports_streaming: true }, ...name];
    case "video_note":
      return [{ ...moving, round_message: true }, ...name];
    case "gif":
      return [{ ...moving, nosound: true }, { _: "documentAttributeAnimated" }, ...name];
    case "audio":
      return [{ _: "documentAttributeAudio", duration, title: file.title, performer: file.performer }, ...name];
    case "voice":
      return [{ _: "documentAttributeAudio", voice: true, duration }, ...name];
    case "sticker":
      return [
        { _: "documentAttributeImageSize", w: width, h: height },
        { _: "documentAttributeSticker", alt: file.emoji ?? "", stickerset: { _: "inputStickerSetEmpty" } },
        ...name,
      ];
    default:
      return name;
  }
}

/** A picture of forty pixels at most, inside the message. */
function small(width: number, height: number): TlPlain {
  const scale = 40 / Math.max(width, height);
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  return { _: "photoStrippedSize", type: "i", bytes: stripped(size) };
}

/** Moving pictures have a frame, a track its cover, a paper its first page, small enough to be inside the message. */
function thumbs(file: WorldFile): readonly TlPlain[] | undefined {
  switch (file.kind) {
    case "video":
    case "gif":
    case "video_note":
      return [small(320, 180), { _: "photoSize", type: "m", w: 320, h: 180, size: 9_000 }];
    case "audio":
      return [{ _: "photoCachedSize", type: "s", w: 90, h: 90, bytes: image("jpeg", { width: 90, height: 90 }, 224) }];
    default:
      return file.mime === "application/pdf" ? [small(280, 400)] : undefined;
  }
}

function document(file: WorldFile, { date, hidden, mediaTtl }: Carrier): TlPlain {
  return {
    _: "messageMediaDocument",
    spoiler: flag(hidden),
    ttl_seconds: mediaTtl,
    video: flag(file.kind === "video"),
    round: flag(file.kind === "video_note"),
    voice: flag(file.kind === "voice"),
    document: {
      _: "document",
      id: file.id,
      date,
      mime_type: file.mime,
      size: file.size,
      thumbs: thumbs(file),
      attributes: attributes(file),
    },
  };
}

function poll(media: Extract<WorldMedia, { kind: "poll" }>): TlPlain {
  const option = (index: number): Uint8Array => new Uint8Array([48 + index]);
  return {
    _: "messageMediaPoll",
    poll: {
      _: "poll",
      id: media.id,
      closed: flag(media.closed),
      public_voters: flag(media.open),
      multiple_choice: flag(media.multiple),
      quiz: flag(media.right !== undefined),
      question: text(media.question),
      answers: media.options.map((each, index) => ({ _: "pollAnswer", text: text(each.text), option: option(index) })),
    },
    results: {
      _: "pollResults",
      results: media.options.map(({ votes }, index) => ({
        _: "pollAnswerVoters",
        chosen: flag(media.chosen?.includes(index)),
        correct: flag(index === media.right),
        option: option(index),
        voters: votes,
      })),
      total_voters: media.options.reduce((sum, { votes }) => sum + votes, 0),
      solution: media.solution,
      solution_entities: media.solution === undefined ? undefined : [],
    },
  };
}

/** What a medium takes from its message. */
type Carrier = Pick<WorldMessage, "date" | "hidden" | "mediaTtl">;

function expired({ of, ttl }: Extract<WorldMedia, { kind: "expired" }>): TlPlain {
  if (of === "photo") return { _: "messageMediaPhoto", ttl_seconds: ttl };
  return {
    _: "messageMediaDocument",
    video: flag(of === "video"),
    round: flag(of === "video_note"),
    voice: flag(of === "voice"),
    ttl_seconds: ttl,
  };
}

const point = ({ latitude, longitude }: { readonly latitude: number; readonly longitude: number }): TlPlain => ({
  _: "geoPoint",
  long: longitude,
  lat: latitude,
  access_hash: 0,
});

/** The medium of a message. */
export function media(value: WorldMedia, carrier: Carrier): TlField {
  const { date, hidden, mediaTtl } = carrier;
  switch (value.kind) {
    case "photo":
      return {
        _: "messageMediaPhoto",
        spoiler: flag(hidden),
        photo: photo(value.id, date, value.width, value.height, value.size),
        ttl_seconds: mediaTtl,
      };
    case "webpage":
      return {
        _: "messageMediaWebPage",
        webpage: {
          _: "webPage",
          id: value.id,
          url: value.url,
          display_url: value.url.replace(/^https?:\/\//, ""),
          hash: 0,
          type: "article",
          site_name: value.site,
          title: value.title,
          description: value.description,
        },
      };
    case "geo":
      return { _: "messageMediaGeo", geo: point(value) };
    case "venue":
      return {
        _: "messageMediaVenue",
        geo: point(value),
        title: value.title,
        address: value.address,
        provider: "foursquare",
        venue_id: "0123456789",
        venue_type: "food/default",
      };
    case "geo_live":
      return { _: "messageMediaGeoLive", geo: point(value), heading: value.heading, period: value.period };
    case "dice":
      return { _: "messageMediaDice", value: value.value, emoticon: value.emoji };
    case "story":
      return { _: "messageMediaStory", peer: peer(value.peer), id: value.storyId };
    case "expired":
      return expired(value);
    case "other":
      return value.tl;
    case "contact":
      return {
        _: "messageMediaContact",
        phone_number: value.phone,
        first_name: value.firstName,
        last_name: value.lastName,
        vcard: "",
        user_id: value.userId ?? 0,
      };
    case "poll":
      return poll(value);
    default:
      return document(value, carrier);
  }
}
