/** Golden samples of service actions about money. */
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { ANN, channel, DATE, type Json, type Sample } from "../golden.ts";
import { bytes, document, words } from "./tl.ts";

const price = { currency: "EUR", totalAmount: bigInt(550) };
const given = { currency: "EUR", amount: bigInt(550) };
const charge = new Api.PaymentCharge({ id: "1", providerChargeId: "1" });
const PRICE = { currency: "EUR", amount: 550 };
const UNTIL = "2025-03-01T08:12:33Z";
const news = channel(2000000001);

const gift = new Api.StarGift({
  id: bigInt(1),
  sticker: document("image/webp"),
  stars: bigInt(100),
  convertStars: bigInt(85),
});
const unique = new Api.StarGiftUnique({
  id: bigInt(1),
  title: "Plush Pepe",
  slug: "PlushPepe-7",
  num: 7,
  attributes: [],
  availabilityIssued: 10,
  availabilityTotal: 20,
});

const PAYMENTS: readonly (readonly [string, Api.TypeMessageAction, Json])[] = [
  ["a payment", new Api.MessageActionPaymentSent({ ...price, invoiceSlug: "s" }), { action: "payment_sent", ...PRICE }],
  [
    "a subscription begins",
    new Api.MessageActionPaymentSent({ ...price, recurringInit: true, subscriptionUntilDate: DATE }),
    { action: "payment_sent", ...PRICE, recurring: true, until: UNTIL },
  ],
  [
    "a subscription goes on",
    new Api.MessageActionPaymentSentMe({
      ...price,
      recurringUsed: true,
      subscriptionUntilDate: DATE,
      payload: bytes,
      charge,
    }),
    { action: "payment_sent_me", ...PRICE, recurring: true, until: UNTIL },
  ],
  [
    "a bot is paid",
    new Api.MessageActionPaymentSentMe({ ...price, recurringInit: true, payload: bytes, charge }),
    { action: "payment_sent_me", ...PRICE, recurring: true },
  ],
  ["a payment that goes on", new Api.MessageActionPaymentSent({ ...price, recurringUsed: true }), {
    action: "payment_sent",
    ...PRICE,
    recurring: true,
  }],
  ["a payment that is paid back", new Api.MessageActionPaymentRefunded({ ...price, peer: ANN, charge }), {
    action: "payment_refunded",
    chat_id: "734201334",
    ...PRICE,
  }],
  [
    "Premium is given",
    new Api.MessageActionGiftPremium({
      ...given,
      months: 3,
      message: words("For you"),
      cryptoCurrency: "TON",
      cryptoAmount: bigInt(9),
    }),
    { action: "gift_premium", message: "For you", ...PRICE, months: 3 },
  ],
  ["a gift code", new Api.MessageActionGiftCode({ months: 3, slug: "SECRET" }), { action: "gift_code", months: 3 }],
  [
    "a gift code that was won",
    new Api.MessageActionGiftCode({
      ...given,
      months: 3,
      slug: "SECRET",
      viaGiveaway: true,
      unclaimed: true,
      boostPeer: news,
      message: words("Well done"),
    }),
    {
      action: "gift_code",
      message: "Well done",
      chat_id: "-1002000000001",
      ...PRICE,
      months: 3,
      via_giveaway: true,
      unclaimed: true,
    },
  ],
  ["Stars are given", new Api.MessageActionGiftStars({ ...given, stars: bigInt(250), transactionId: "t" }), {
    action: "gift_stars",
    ...PRICE,
    stars: 250,
  }],
  [
    "Stars are won",
    new Api.MessageActionPrizeStars({
      stars: bigInt(250),
      transactionId: "t",
      boostPeer: news,
      giveawayMsgId: 12,
      unclaimed: true,
    }),
    { action: "prize_stars", chat_id: "-1002000000001", message_id: 12, stars: 250, unclaimed: true },
  ],
  ["a gift", new Api.MessageActionStarGift({ gift, saved: true, canUpgrade: true, convertStars: bigInt(85) }), {
    action: "star_gift",
    stars: 100,
  }],
  [
    "a gift to a channel, and what became of it",
    new Api.MessageActionStarGift({
      gift,
      message: words("For you"),
      nameHidden: true,
      converted: true,
      upgraded: true,
      upgradeMsgId: 12,
      refunded: true,
      fromId: ANN,
      peer: news,
      savedId: bigInt(1),
    }),
    {
      action: "star_gift",
      stars: 100,
      from_id: "734201334",
      to_id: "-1002000000001",
      refunded: true,
      message: "For you",
      name_hidden: true,
      converted: true,
      upgraded: true,
    },
  ],
  ["a gift that is the only one of its kind", new Api.MessageActionStarGiftUnique({ gift: unique, upgrade: true }), {
    action: "star_gift_unique",
    title: "Plush Pepe",
    number: 7,
    upgraded: true,
  }],
  [
    "such a gift passed on",
    new Api.MessageActionStarGiftUnique({
      gift: unique,
      transferred: true,
      refunded: true,
      fromId: ANN,
      peer: news,
      savedId: bigInt(1),
    }),
    {
      action: "star_gift_unique",
      title: "Plush Pepe",
      number: 7,
      from_id: "734201334",
      to_id: "-1002000000001",
      refunded: true,
      transferred: true,
    },
  ],
  ["a giveaway of Premium", new Api.MessageActionGiveawayLaunch({}), { action: "giveaway_launch" }],
  ["a giveaway of Stars", new Api.MessageActionGiveawayLaunch({ stars: bigInt(500) }), {
    action: "giveaway_launch",
    stars: 500,
  }],
  [
    "a giveaway's end",
    new Api.MessageActionGiveawayResults({ stars: true, winnersCount: 0, unclaimedCount: 2 }),
    { action: "giveaway_results", winners_count: 0, unclaimed_count: 2 },
  ],
];

export const payments: readonly Sample[] = PAYMENTS.map(([title, action, service]) => ({
  title,
  sent: { action },
  expected: { service },
}));
