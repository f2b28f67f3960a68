/**
 * TL service actions about money: payments, gifts, prizes and Telegram Stars (https://core.telegram.org/api/gifts,
 * https://core.telegram.org/api/giveaways, https://core.telegram.org/api/payments).
 * @module
 */
import type { Service } from "../../model/service.ts";
import type { Api, BigInteger } from "../../mtproto/gram.ts";
import { formatPoint } from "../dates.ts";
import { peerIdIfTold } from "../ids.ts";

/** The actions that {@link describePayment} takes apart. */
export type PaymentAction =
  | Api.MessageActionPaymentSent
  | Api.MessageActionPaymentSentMe
  | Api.MessageActionPaymentRefunded
  | Api.MessageActionGiftPremium
  | Api.MessageActionGiftCode
  | Api.MessageActionGiftStars
  | Api.MessageActionPrizeStars
  | Api.MessageActionStarGift
  | Api.MessageActionStarGiftUnique
  | Api.MessageActionGiveawayLaunch
  | Api.MessageActionGiveawayResults;

type Details = Omit<Service, "action" | "tl_type">;

/** The details of an action that moves money, or something bought. */
export function describePayment(action: PaymentAction): Details {
  switch (action.className) {
    case "MessageActionPaymentSent":
    case "MessageActionPaymentSentMe":
      return {
        ...price(action.currency, action.totalAmount),
        recurring: action.recurringInit || action.recurringUsed || undefined,
        until: action.subscriptionUntilDate ? formatPoint({ seconds: action.subscriptionUntilDate }) : undefined,
      };
    case "MessageActionPaymentRefunded":
      return { chat_id: peerIdIfTold(action.peer), ...price(action.currency, action.totalAmount) };
    case "MessageActionGiftPremium":
      return { message: words(action.message), ...price(action.currency, action.amount), months: action.months };
    case "MessageActionGiftCode":
      return {
        message: words(action.message),
        chat_id: peerIdIfTold(action.boostPeer),
        ...price(action.currency, action.amount),
        months: action.months,
        via_giveaway: action.viaGiveaway || undefined,
        unclaimed: action.unclaimed || undefined,
      };
    case "MessageActionGiftStars":
      return { ...price(action.currency, action.amount), stars: action.stars.toJSNumber() };
    case "MessageActionPrizeStars":
      return {
        chat_id: peerIdIfTold(action.boostPeer),
        message_id: action.giveawayMsgId,
        stars: action.stars.toJSNumber(),
        unclaimed: action.unclaimed || undefined,
      };
    case "MessageActionStarGift":
      return {
        ...gift(action),
        message: words(action.message),
        name_hidden: action.nameHidden || undefined,
        converted: action.converted || undefined,
        upgraded: action.upgraded || undefined,
      };
    case "MessageActionStarGiftUnique":
      return { ...gift(action), upgraded: action.upgrade || undefined, transferred: action.transferred || undefined };
    case "MessageActionGiveawayLaunch":
      return { stars: action.stars?.toJSNumber() };
    case "MessageActionGiveawayResults":
      return { winners_count: action.winnersCount, unclaimed_count: action.unclaimedCount || undefined };
  }
}

function price(currency: string | undefined, amount: BigInteger | undefined): Details {
  return { currency: currency || undefined, amount: amount?.toJSNumber() };
}

function words(text: Api.TypeTextWithEntities | undefined): string | undefined {
  return text?.text || undefined;
}

/** A gift is known by what it cost or, once it is the only one of its kind, by its name and number. */
function gift(
  { gift, fromId, peer, refunded }: Api.MessageActionStarGift | Api.MessageActionStarGiftUnique,
): Details {
  return {
    ...(gift.className === "StarGift" ? { stars: gift.stars.toJSNumber() } : { title: gift.title, number: gift.num }),
    from_id: peerIdIfTold(fromId),
    to_id: peerIdIfTold(peer),
    refunded: refunded || undefined,
  };
}
