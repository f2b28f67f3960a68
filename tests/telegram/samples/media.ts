/** Golden samples of media that are no files. */
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { ANN, DATE, type Json, LONG, type Sample } from "../golden.ts";
import { bytes, file, photo } from "./tl.ts";

const geo = new Api.GeoPoint({ lat: 52.5, long: -13.25, accessHash: bigInt(1) });
const hidden = new Api.GeoPointEmpty();
const venue = { title: "Café", address: "Street 1", provider: "foursquare", venueId: "1", venueType: "food" };
const contact = { phoneNumber: "+4930123", firstName: "Bo", lastName: "", vcard: "", userId: bigInt(0) };
const invoice = { title: "Tea", description: "", currency: "EUR", totalAmount: bigInt(550), startParam: "" };
const game = { id: bigInt(1), accessHash: bigInt(1), shortName: "g", title: "Chess", photo: photo() };
const story = { id: 7, date: DATE, expireDate: DATE, media: new Api.MessageMediaEmpty() };
const item = (media: Api.TypeMessageMedia): Api.MessageExtendedMedia => new Api.MessageExtendedMedia({ media });
const UNTIL = "2025-03-01T08:12:33Z";

/** What the message's `media` becomes; undefined for none. */
const MEDIA: readonly (readonly [string, Api.TypeMessageMedia, Json | undefined])[] = [
  ["nothing", new Api.MessageMediaEmpty(), undefined],
  ["what this layer cannot show", new Api.MessageMediaUnsupported(), {
    kind: "other",
    tl_type: "MessageMediaUnsupported",
  }],
  ["a place", new Api.MessageMediaGeo({ geo }), { kind: "location", location: { latitude: 52.5, longitude: -13.25 } }],
  [
    "a place that is known to some metres",
    new Api.MessageMediaGeo({
      geo: new Api.GeoPoint({ lat: 0, long: 0, accessHash: bigInt(1), accuracyRadius: 30 }),
    }),
    { kind: "location", location: { latitude: 0, longitude: 0, accuracy: 30 } },
  ],
  ["a place that is held back", new Api.MessageMediaGeo({ geo: hidden }), { kind: "location" }],
  ["a live place", new Api.MessageMediaGeoLive({ geo, period: 900 }), {
    kind: "location",
    location: { latitude: 52.5, longitude: -13.25, live: true, period: 900 },
  }],
  ["a live place that moves", new Api.MessageMediaGeoLive({ geo, period: 900, heading: 270 }), {
    kind: "location",
    location: { latitude: 52.5, longitude: -13.25, live: true, period: 900, heading: 270 },
  }],
  ["a venue", new Api.MessageMediaVenue({ geo, ...venue }), {
    kind: "location",
    location: { latitude: 52.5, longitude: -13.25, title: "Café", address: "Street 1" },
  }],
  ["a venue whose place is held back", new Api.MessageMediaVenue({ geo: hidden, ...venue }), {
    kind: "location",
    location: { title: "Café", address: "Street 1" },
  }],
  ["a contact without an account", new Api.MessageMediaContact(contact), {
    kind: "contact",
    contact: { phone: "+4930123", first_name: "Bo" },
  }],
  [
    "a contact with all there is",
    new Api.MessageMediaContact({ ...contact, lastName: "Ek", userId: bigInt(77), vcard: "BEGIN:VCARD" }),
    {
      kind: "contact",
      contact: { phone: "+4930123", first_name: "Bo", last_name: "Ek", user_id: "77", vcard: "BEGIN:VCARD" },
    },
  ],
  ["a die", new Api.MessageMediaDice({ value: 6, emoticon: "🎲" }), { kind: "dice", emoji: "🎲", value: 6 }],
  ["a die that still rolls", new Api.MessageMediaDice({ value: 0, emoticon: "🎲" }), { kind: "dice", emoji: "🎲" }],
  ["a game", new Api.MessageMediaGame({ game: new Api.Game({ ...game, description: "" }) }), {
    kind: "game",
    title: "Chess",
  }],
  ["a game with a description", new Api.MessageMediaGame({ game: new Api.Game({ ...game, description: "Mate" }) }), {
    kind: "game",
    title: "Chess",
    description: "Mate",
  }],
  ["an invoice", new Api.MessageMediaInvoice(invoice), {
    kind: "invoice",
    title: "Tea",
    currency: "EUR",
    amount: 550,
  }],
  [
    "an invoice that was paid",
    new Api.MessageMediaInvoice({ ...invoice, description: "Green", receiptMsgId: 12, test: true }),
    { kind: "invoice", title: "Tea", description: "Green", currency: "EUR", amount: 550, receipt_id: 12 },
  ],
  ["a story", new Api.MessageMediaStory({ peer: ANN, id: 7 }), { kind: "story", id: "7", chat_id: "734201334" }],
  [
    "a story with words",
    new Api.MessageMediaStory({ peer: ANN, id: 7, story: new Api.StoryItem({ ...story, caption: "Look" }) }),
    { kind: "story", id: "7", description: "Look", chat_id: "734201334" },
  ],
  [
    "a story that is gone",
    new Api.MessageMediaStory({ peer: ANN, id: 7, story: new Api.StoryItemDeleted({ id: 7 }) }),
    { kind: "story", id: "7", chat_id: "734201334" },
  ],
  [
    "a story that was not loaded",
    new Api.MessageMediaStory({
      peer: ANN,
      id: 7,
      story: new Api.StoryItemSkipped({ id: 7, date: DATE, expireDate: DATE }),
    }),
    { kind: "story", id: "7", chat_id: "734201334" },
  ],
  [
    "a giveaway of Premium",
    new Api.MessageMediaGiveaway({
      channels: [bigInt(2000000001), bigInt(2000000002)],
      quantity: 5,
      months: 3,
      untilDate: DATE,
      onlyNewSubscribers: true,
      countriesIso2: ["DE", "NL"],
      prizeDescription: "and a mug",
    }),
    {
      kind: "giveaway",
      giveaway: {
        chat_ids: ["-1002000000001", "-1002000000002"],
        quantity: 5,
        months: 3,
        prize: "and a mug",
        countries: ["DE", "NL"],
        until: UNTIL,
        new_subscribers_only: true,
      },
    },
  ],
  [
    "a giveaway of Stars",
    new Api.MessageMediaGiveaway({ channels: [bigInt(7)], quantity: 1, stars: bigInt(500), untilDate: DATE }),
    { kind: "giveaway", giveaway: { chat_ids: ["-1000000000007"], quantity: 1, stars: 500, until: UNTIL } },
  ],
  [
    "a giveaway's results",
    new Api.MessageMediaGiveawayResults({
      channelId: bigInt(2000000001),
      launchMsgId: 12,
      winnersCount: 2,
      unclaimedCount: 1,
      winners: [bigInt(734201334), bigInt(77)],
      stars: bigInt(500),
      untilDate: DATE,
      onlyNewSubscribers: true,
    }),
    {
      kind: "giveaway_results",
      giveaway: {
        chat_ids: ["-1002000000001"],
        stars: 500,
        until: UNTIL,
        new_subscribers_only: true,
        message_id: 12,
        winners_count: 2,
        unclaimed_count: 1,
        winner_ids: ["734201334", "77"],
      },
    },
  ],
  [
    "a giveaway that was paid back",
    new Api.MessageMediaGiveawayResults({
      channelId: bigInt(2000000001),
      launchMsgId: 12,
      winnersCount: 0,
      unclaimedCount: 0,
      winners: [],
      months: 3,
      prizeDescription: "and a mug",
      untilDate: DATE,
      refunded: true,
    }),
    {
      kind: "giveaway_results",
      giveaway: {
        chat_ids: ["-1002000000001"],
        months: 3,
        prize: "and a mug",
        until: UNTIL,
        message_id: 12,
        winners_count: 0,
        refunded: true,
      },
    },
  ],
];

const PAID: readonly Sample[] = [
  {
    title: "paid media that were paid for",
    sent: {
      media: new Api.MessageMediaPaidMedia({
        starsAmount: bigInt(5),
        extendedMedia: [
          item(new Api.MessageMediaPhoto({ photo: photo(new Api.PhotoSize({ type: "x", w: 9, h: 8, size: 7 })) })),
          item(file("video/mp4", new Api.DocumentAttributeVideo({ duration: 2, w: 4, h: 3 }))),
        ],
      }),
    },
    expected: {
      media: { kind: "paid_media", currency: "XTR", amount: 5 },
      media_items: [
        { kind: "photo", id: LONG, width: 9, height: 8, size: 7 },
        { kind: "video", id: LONG, mime_type: "video/mp4", size: 6_000_000_000, width: 4, height: 3, duration: 2 },
      ],
    },
  },
  {
    title: "paid media that were not",
    sent: {
      media: new Api.MessageMediaPaidMedia({
        starsAmount: bigInt(5),
        extendedMedia: [
          new Api.MessageExtendedMediaPreview({ w: 9, h: 8, thumb: new Api.PhotoStrippedSize({ type: "i", bytes }) }),
          new Api.MessageExtendedMediaPreview({ w: 4, h: 3, videoDuration: 2 }),
          new Api.MessageExtendedMediaPreview({}),
        ],
      }),
    },
    expected: {
      media: { kind: "paid_media", currency: "XTR", amount: 5 },
      media_items: [
        { kind: "photo", width: 9, height: 8, locked: true },
        { kind: "video", width: 4, height: 3, duration: 2, locked: true },
        { kind: "photo", locked: true },
      ],
    },
  },
  {
    title: "an invoice for a picture",
    sent: {
      media: new Api.MessageMediaInvoice({
        ...invoice,
        extendedMedia: new Api.MessageExtendedMediaPreview({ w: 9, h: 8 }),
      }),
    },
    expected: {
      media: { kind: "invoice", title: "Tea", currency: "EUR", amount: 550 },
      media_items: [{ kind: "photo", width: 9, height: 8, locked: true }],
    },
  },
];

export const media: readonly Sample[] = [
  ...MEDIA.map(([title, media, expected]): Sample => ({
    title,
    sent: { message: "m", media },
    expected: { text: "m", media: expected },
  })),
  ...PAID,
];
