/**
 * TL giveaways to `message/1` media (https://core.telegram.org/api/giveaways).
 * @module
 */
import type { Media } from "../../model/media.ts";
import type { Api } from "../../mtproto/gram.ts";
import { formatPoint } from "../dates.ts";
import { markedId, markedIdIfTold } from "../ids.ts";

/** A giveaway that was announced. */
export function mapGiveaway(media: Api.MessageMediaGiveaway): Media {
  return {
    kind: "giveaway",
    giveaway: {
      chat_ids: media.channels.map((id) => markedId("channel", id)),
      quantity: media.quantity,
      ...prize(media),
      countries: media.countriesIso2?.length ? media.countriesIso2 : undefined,
      until: formatPoint({ seconds: media.untilDate }),
      new_subscribers_only: media.onlyNewSubscribers || undefined,
    },
  };
}

/** What became of a giveaway; `message_id` is the message that announced it. */
export function mapGiveawayResults(media: Api.MessageMediaGiveawayResults): Media {
  return {
    kind: "giveaway_results",
    giveaway: {
      chat_ids: [markedIdIfTold("channel", media.channelId) ?? []].flat(),
      ...prize(media),
      until: formatPoint({ seconds: media.untilDate }),
      new_subscribers_only: media.onlyNewSubscribers || undefined,
      message_id: media.launchMsgId || undefined,
      winners_count: media.winnersCount,
      unclaimed_count: media.unclaimedCount || undefined,
      winner_ids: media.winners?.length > 0 ? media.winners.map((id) => markedId("user", id)) : undefined,
      refunded: media.refunded || undefined,
    },
  };
}

function prize(
  { months, stars, prizeDescription }: Api.MessageMediaGiveaway | Api.MessageMediaGiveawayResults,
): { readonly months?: number; readonly stars?: number; readonly prize?: string } {
  return { months: months || undefined, stars: stars?.toJSNumber(), prize: prizeDescription || undefined };
}
