import { BOT, DISPLAY, type Ledger } from "./entry.ts";

const CRYPTO = "the price is told in the currency already";
const price = { currency: "service.currency", totalAmount: "service.amount" };
const given = { currency: "service.currency", amount: "service.amount" };
const subscription = {
  recurringInit: "service.recurring",
  recurringUsed: "service.recurring",
  subscriptionUntilDate: "service.until",
};
const receivers = { fromId: "service.from_id", peer: "service.to_id", refunded: "service.refunded" };

/** Service actions about money. */
export const PAYMENTS: Ledger = {
  MessageActionPaymentSent: {
    kept: { ...price, ...subscription },
    left: { invoiceSlug: "reply_to names the invoice" },
  },
  MessageActionPaymentSentMe: {
    kept: { ...price, ...subscription },
    left: { "payload info shippingOptionId charge": BOT },
  },
  MessageActionPaymentRefunded: { kept: { ...price, peer: "service.chat_id" }, left: { "payload charge": BOT } },
  MessageActionGiftPremium: {
    kept: { ...given, months: "service.months", message: "service.message" },
    left: { "cryptoCurrency cryptoAmount": CRYPTO },
  },
  MessageActionGiftCode: {
    kept: {
      ...given,
      months: "service.months",
      message: "service.message",
      boostPeer: "service.chat_id",
      viaGiveaway: "service.via_giveaway",
      unclaimed: "service.unclaimed",
    },
    left: { slug: "whoever knows the code can use it up", "cryptoCurrency cryptoAmount": CRYPTO },
  },
  MessageActionGiftStars: {
    kept: { ...given, stars: "service.stars" },
    left: { "cryptoCurrency cryptoAmount": CRYPTO, transactionId: "a number in the account's books" },
  },
  MessageActionPrizeStars: {
    kept: {
      stars: "service.stars",
      boostPeer: "service.chat_id",
      giveawayMsgId: "service.message_id",
      unclaimed: "service.unclaimed",
    },
    left: { transactionId: "a number in the account's books" },
  },
  MessageActionStarGift: {
    kept: {
      ...receivers,
      gift: "service.stars",
      message: "service.message",
      nameHidden: "service.name_hidden",
      converted: "service.converted",
      upgraded: "service.upgraded",
    },
    left: {
      "saved savedId": "whether it is shown in a profile",
      "canUpgrade convertStars upgradeMsgId upgradeStars": "what the owner may still do with it",
    },
  },
  MessageActionStarGiftUnique: {
    kept: { ...receivers, gift: "service.title", upgrade: "service.upgraded", transferred: "service.transferred" },
    left: {
      "saved savedId": "whether it is shown in a profile",
      "canExportAt transferStars": "what the owner may still do with it",
    },
  },
  StarGift: {
    kept: { stars: "service.stars" },
    left: {
      "id sticker birthday": DISPLAY,
      "limited soldOut availabilityRemains availabilityTotal firstSaleDate lastSaleDate convertStars upgradeStars":
        "the shop's side of it",
    },
  },
  StarGiftUnique: {
    kept: { title: "service.title", num: "service.number" },
    left: {
      "id slug attributes": DISPLAY,
      "ownerId ownerName ownerAddress": "who owns it now, which changes",
      "availabilityIssued availabilityTotal": "the shop's side of it",
    },
  },
  MessageActionGiveawayLaunch: { kept: { stars: "service.stars" } },
  MessageActionGiveawayResults: {
    kept: { winnersCount: "service.winners_count", unclaimedCount: "service.unclaimed_count" },
    left: { stars: "the giveaway that it ends says what the prize was" },
  },
};
