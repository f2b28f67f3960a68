/**
 * A medium in the shape of Telegram Desktop's `result.json`.
 * @module
 */
import type { Media } from "../../model/media.ts";
import type { MediaRecord } from "../../model/media_record.ts";
import { bareId } from "../../telegram/ids.ts";
import type { Shown } from "./clock.ts";
import type { Fields } from "./json_fields.ts";

/** What Telegram Desktop writes in place of a path. */
export const NOT_INCLUDED = "(File not included. Change data exporting settings to download.)";

const FILE_TYPES: Partial<Record<Media["kind"], string>> = {
  sticker: "sticker",
  video_note: "video_message",
  voice: "voice_message",
  gif: "animation",
  video: "video_file",
  audio: "audio_file",
};

const TOO_LARGE = "(File exceeds maximum size. Change data exporting settings to download.)";
const UNAVAILABLE = "(File unavailable, please try again later)";

/** What stands for a file: its path, or Telegram Desktop's words for why there is none. */
function pathOf(record: MediaRecord | undefined): string {
  if (record === undefined) return NOT_INCLUDED;
  if ("file" in record) return record.file;
  if (record.skipped === "too_large") return TOO_LARGE;
  return ["limit", "quota", "protected"].includes(record.skipped) ? NOT_INCLUDED : UNAVAILABLE;
}

/**
 * The fields of a medium; a kind that has none in that shape is under its own name as it is in `message/1`.
 * @param record what became of its file, where files were downloaded
 */
export function jsonMedia(media: Media, clock: (date: string) => Shown, record?: MediaRecord): Fields {
  switch (media.kind) {
    case "photo":
      return { photo: pathOf(record), photo_file_size: media.size, ...frame(media) };
    case "video":
    case "document":
    case "audio":
    case "voice":
    case "video_note":
    case "gif":
    case "sticker":
      return {
        file: pathOf(record),
        file_name: media.file_name,
        file_size: media.size,
        media_type: FILE_TYPES[media.kind],
        sticker_emoji: media.emoji,
        performer: media.performer,
        title: media.title,
        mime_type: media.mime_type,
        duration_seconds: media.duration === undefined ? undefined : Math.trunc(media.duration),
        ...frame(media),
      };
    case "contact":
      return jsonContact(media.contact);
    case "location":
      return jsonLocation(media.location);
    case "poll":
      return { poll: jsonPoll(media.poll) };
    case "game":
      return { game_title: media.title, game_description: media.description };
    case "invoice":
      return {
        invoice_information: {
          title: media.title,
          description: media.description,
          amount: media.amount,
          currency: media.currency,
          receipt_message_id: media.receipt_id,
        },
      };
    case "giveaway":
      return { giveaway_information: jsonGiveaway(media.giveaway, clock) };
    case "giveaway_results":
      return { giveaway_results: jsonResults(media.giveaway, clock) };
    case "paid_media":
      return { paid_stars_amount: media.amount };
    default: {
      const { kind, ...rest } = media;
      return { media_type: kind, [kind]: rest };
    }
  }
}

function frame({ width, height, spoiler, ttl_seconds: ttl, locked }: Media): Fields {
  return { width, height, media_spoiler: spoiler, self_destruct_period_seconds: ttl, locked };
}

function jsonContact(contact: Media["contact"]): Fields {
  return {
    contact_information: {
      first_name: contact?.first_name ?? "",
      last_name: contact?.last_name ?? "",
      phone_number: contact?.phone ?? "",
      user_id: contact?.user_id,
      vcard: contact?.vcard,
    },
    contact_vcard: contact?.vcard === undefined ? undefined : NOT_INCLUDED,
  };
}

/** Null for a place that Telegram holds back. */
function jsonLocation(location: Media["location"]): Fields {
  const { latitude, longitude, accuracy, heading, title, address, period } = location ?? {};
  const isKnown = latitude !== undefined && longitude !== undefined;
  return {
    place_name: title,
    address,
    location_information: isKnown ? { latitude, longitude, accuracy, heading } : null,
    live_location_period_seconds: period,
  };
}

function jsonPoll(poll: Media["poll"]): Fields | undefined {
  if (poll === undefined) return undefined;
  const { question, options, closed, voters, id: _, ...rest } = poll;
  const answers = options.map(({ text, voters, correct }) => ({ text, voters, correct }));
  return { question, closed: closed ?? false, total_voters: voters, answers, ...rest };
}

function jsonGiveaway(giveaway: Media["giveaway"], clock: (date: string) => Shown): Fields | undefined {
  if (giveaway === undefined) return undefined;
  return {
    quantity: giveaway.quantity,
    months: giveaway.months,
    until_date: local(giveaway.until, clock),
    channels: giveaway.chat_ids.map(bareNumber),
    countries: giveaway.countries ?? [],
    additional_prize: giveaway.prize ?? "",
    stars: giveaway.stars,
    is_only_new_subscribers: giveaway.new_subscribers_only ?? false,
  };
}

function jsonResults(giveaway: Media["giveaway"], clock: (date: string) => Shown): Fields | undefined {
  if (giveaway === undefined) return undefined;
  const [channel] = giveaway.chat_ids;
  return {
    channel: channel === undefined ? undefined : bareNumber(channel),
    winners: (giveaway.winner_ids ?? []).map(bareNumber),
    additional_prize: giveaway.prize ?? "",
    until_date: local(giveaway.until, clock),
    launch_message_id: giveaway.message_id,
    winners_count: giveaway.winners_count,
    unclaimed_count: giveaway.unclaimed_count,
    months: giveaway.months,
    stars: giveaway.stars,
    is_refunded: giveaway.refunded ?? false,
    is_only_new_subscribers: giveaway.new_subscribers_only ?? false,
  };
}

/** Ids of chats and users stay below 2^52 (https://core.telegram.org/api/bots/ids). */
function bareNumber(id: string): number {
  return Number(bareId(id));
}

function local(date: string, clock: (date: string) => Shown): string {
  const { day, time } = clock(date);
  return `${day}T${time}`;
}
