/**
 * A group with a message of every kind that the other chats lack: media, formatting, reactions, buttons, service messages.
 * @module
 */
import { FRIENDS, MEMBERS, OWNER } from "../cast.ts";
import { bareId, channelId } from "../chat.ts";
import { photo, video } from "../media.ts";
import type { Draft, SchemaObject, WorldEntity, WorldFile, WorldMedia } from "../message.ts";
import { createRandom } from "../random.ts";
import { seconds } from "../timeline.ts";
import { channel, NEWS, PUBLIC } from "./channels.ts";
import { every, listed } from "./listed.ts";
import type { ChatSeed } from "./seed.ts";

/** The group. */
export const CURIOSITIES = channelId(2_000_000_014);

const [ADMIN = OWNER.id, BORIS = OWNER.id, ALI = OWNER.id] = FRIENDS.map(([user]) => user.id);
const FIRST = seconds("2024-06-01T10:00:00Z");
const random = createRandom(14);
const STAR = "XTR";

const other = (tl: SchemaObject): WorldMedia => ({ kind: "other", tl });
const emptyPhoto: SchemaObject = { _: "photoEmpty", id: "14" };

const file = (kind: WorldFile["kind"], mime: string, rest: Partial<WorldFile> = {}): WorldFile => ({
  kind,
  id: String(7_000_000_000n + BigInt(random.int(1_000_000))),
  mime,
  size: 12_345,
  ...rest,
});

const MEDIA: readonly Draft[] = [
  {
    text: "",
    media: {
      kind: "poll",
      id: "71",
      question: "Which bridge is the oldest?",
      options: [{ text: "North bridge", votes: 7 }, { text: "Mill bridge", votes: 21 }],
      right: 1,
      solution: "The Mill bridge dates from 1612.",
      chosen: [1],
      closed: true,
    },
  },
  {
    text: "",
    media: {
      kind: "poll",
      id: "72",
      question: "Which days suit you?",
      options: [{ text: "Monday", votes: 3 }, { text: "Tuesday", votes: 5 }, { text: "Friday", votes: 0 }],
      multiple: true,
      open: true,
      chosen: [0, 1],
    },
  },
  { text: "", media: { kind: "geo", latitude: 0, longitude: 0 } },
  {
    text: "",
    media: { kind: "venue", latitude: 52.52, longitude: 13.405, title: "Old Mill", address: "Mill Lane 4" },
  },
  { text: "", media: { kind: "geo_live", latitude: 48.2, longitude: 16.37, period: 3_600, heading: 90 } },
  { text: "", media: { kind: "contact", phone: "+9996620001", firstName: "Ann", lastName: "Lee", userId: ADMIN } },
  ...["🎲", "🎯", "🏀", "⚽", "🎰", "🎳"].map((emoji, index): Draft => ({
    text: "",
    media: { kind: "dice", emoji, value: index + 1 },
  })),
  {
    text: "",
    viaBot: "734201344",
    media: other({
      _: "messageMediaGame",
      game: {
        _: "game",
        id: "73",
        access_hash: 0,
        short_name: "sailing",
        title: "Sailing",
        description: "Round the buoys.",
        photo: emptyPhoto,
      },
    }),
    buttons: inline([{ _: "keyboardButtonGame", text: "Play" }]),
  },
  {
    text: "",
    media: other({
      _: "messageMediaInvoice",
      title: "Harbour tour",
      description: "Two hours, tea included.",
      currency: "EUR",
      total_amount: "2450",
      start_param: "tour",
    }),
    buttons: inline([{ _: "keyboardButtonBuy", text: "Pay 24.50 €" }]),
  },
  {
    text: "",
    media: other({
      _: "messageMediaGiveaway",
      winners_are_visible: true,
      channels: [bareId(NEWS)],
      countries_iso2: ["DE", "FR"],
      prize_description: "a mug",
      quantity: 3,
      months: 6,
      until_date: seconds("2025-06-10T12:00:00Z"),
    }),
    named: [NEWS],
  },
  {
    text: "",
    media: other({
      _: "messageMediaGiveawayResults",
      channel_id: bareId(NEWS),
      launch_msg_id: 9_000,
      winners_count: 2,
      unclaimed_count: 1,
      winners: [ADMIN, BORIS],
      stars: "500",
      until_date: seconds("2025-05-10T12:00:00Z"),
    }),
    named: [NEWS, ADMIN, BORIS],
  },
  {
    text: "Two pictures for the price of one.",
    media: other({
      _: "messageMediaPaidMedia",
      stars_amount: "25",
      extended_media: [
        { _: "messageExtendedMediaPreview", w: 800, h: 600 },
        { _: "messageExtendedMediaPreview", w: 1_280, h: 720, video_duration: 14 },
      ],
    }),
  },
  { text: "", media: { kind: "story", peer: NEWS, storyId: 12 } },
  { text: "What a view!", replyToStory: { peer: ADMIN, id: 5 } },
  { text: "Taken behind the mill.", media: photo(random), hidden: true },
  { text: "Not for the faint of heart.", media: video(random), hidden: true },
  { text: "", media: photo(random), mediaTtl: 30 },
  { text: "", media: { kind: "expired", of: "photo", ttl: 30 } },
  { text: "", media: { kind: "expired", of: "video_note", ttl: 60 } },
  { text: "", media: { kind: "expired", of: "voice", ttl: 60 } },
  { text: "", media: other({ _: "messageMediaUnsupported" }) },
  { text: "An empty medium.", media: other({ _: "messageMediaEmpty" }) },
  {
    text: "https://example.com/soon",
    entities: [{ type: "url", offset: 0, length: 24 }],
    media: other({
      _: "messageMediaWebPage",
      webpage: { _: "webPagePending", id: "74", url: "https://example.com/soon", date: FIRST },
    }),
  },
  { text: "", media: file("sticker", "application/x-tgsticker", { emoji: "🦊", width: 512, height: 512 }) },
  { text: "", media: file("sticker", "video/webm", { emoji: "🐙", width: 512, height: 512 }) },
  { text: "No name at all.", media: file("document", "application/octet-stream") },
  { text: "A page with pictures.", media: file("document", "image/png", { name: "plan \u202egpj.png" }) },
];

function entity(type: WorldEntity["type"], words: string, rest: Partial<WorldEntity> = {}): Draft {
  const text = `See ${words} there.`;
  return { text, entities: [{ type, offset: 4, length: words.length, ...rest }] };
}

const TEXTS: readonly Draft[] = [
  entity("bot_command", "/start@sandbox_menu_bot"),
  entity("phone", "+49 30 901820"),
  entity("cashtag", "$EUR"),
  entity("bank_card", "4111 1111 1111 1111"),
  entity("unknown", "something"),
  entity("blockquote", "a long quotation ".repeat(20).trim(), { collapsed: true }),
  entity("mention", "@sandbox_renamed"),
  entity("mention", "@sandbox_moved"),
  entity("custom_emoji", "🦊", { documentId: "5368324170671202286" }),
  {
    text: "bold italic both",
    entities: [{ type: "bold", offset: 0, length: 16 }, { type: "italic", offset: 5, length: 11 }],
  },
  { text: "👨‍👩‍👧‍👦 family", entities: [{ type: "bold", offset: 12, length: 6 }] },
  {
    text: "Liked in every way.",
    reactions: [
      { emoji: "", paid: true, count: 50 },
      { emoji: "👍", count: 4, chosen: true },
      { emoji: "", custom: "5368324170671202286", count: 2 },
    ],
  },
  { text: "This may not be copied.", protected: true },
  { text: "Gone in a week.", ttl: 604_800 },
  { text: "Sent on time.", scheduled: true, from: OWNER.id, out: true },
  { text: "Quietly.", silent: true },
  { text: "The last word: «dates before 1970».", replyTo: { id: 5, quote: "dates before 1970", quoteAt: 16 } },
  { text: "As was said in the news.", replyTo: { id: 2_503, chat: NEWS } },
  { text: "Written long ago.", forward: { name: "Old Friend", date: seconds("2013-09-01T08:00:00Z") } },
  { text: "From elsewhere.", forward: { from: PUBLIC, postId: 12, date: FIRST - 9_000, author: "The ferry desk" } },
  {
    text: "Choose:",
    from: "734201344",
    buttons: inline(
      [{ _: "keyboardButtonUrl", text: "Map", url: "https://example.com/map?from=buttons" }],
      [
        { _: "keyboardButtonCallback", text: "Vote", data: new Uint8Array([1, 2, 3]) },
        { _: "keyboardButtonSwitchInline", text: "Share", query: "harbour" },
      ],
    ),
  },
];

/** An inline keyboard of rows of buttons. */
export function inline(...rows: readonly (readonly SchemaObject[])[]): SchemaObject {
  return { _: "replyInlineMarkup", rows: rows.map((buttons) => ({ _: "keyboardButtonRow", buttons })) };
}

const call: SchemaObject = { _: "inputGroupCall", id: "75", access_hash: 0 };
const user = (id: string): SchemaObject => ({ _: "peerUser", user_id: id });

/** Service messages of groups. */
const ACTIONS: readonly (readonly [SchemaObject, ...string[]])[] = [
  [{ _: "messageActionEmpty" }],
  [{ _: "messageActionChatDeletePhoto" }],
  [{ _: "messageActionHistoryClear" }],
  [{ _: "messageActionGameScore", game_id: "73", score: 812 }],
  [{ _: "messageActionCustomAction", message: "The clock of the tower was set." }],
  [{ _: "messageActionGeoProximityReached", from_id: user(BORIS), to_id: user(ALI), distance: 120 }, BORIS, ALI],
  [{ _: "messageActionGroupCallScheduled", call, schedule_date: FIRST + 86_400 }],
  [{ _: "messageActionGroupCall", call }],
  [{ _: "messageActionInviteToGroupCall", call, users: [BORIS] }, BORIS],
  [{ _: "messageActionGroupCall", call, duration: 1_260 }],
  [{ _: "messageActionSetMessagesTTL", period: 604_800 }],
  [{ _: "messageActionSetChatTheme", emoticon: "🐥" }],
  [{ _: "messageActionChatJoinedByRequest" }],
  [{ _: "messageActionGiveawayLaunch" }],
  [{ _: "messageActionGiveawayResults", winners_count: 2, unclaimed_count: 1 }],
  [{ _: "messageActionBoostApply", boosts: 4 }],
  [
    {
      _: "messageActionPrizeStars",
      stars: "500",
      transaction_id: "t-500",
      boost_peer: { _: "peerChannel", channel_id: bareId(NEWS) },
      giveaway_msg_id: 9_000,
    },
    NEWS,
  ],
  [
    {
      _: "messageActionPaymentRefunded",
      peer: user(BORIS),
      currency: STAR,
      total_amount: "25",
      charge: { _: "paymentCharge", id: "c-1", provider_charge_id: "p-1" },
    },
    BORIS,
  ],
];

const WRITERS = [ADMIN, ...MEMBERS.slice(30, 36).map(({ id }) => id)];

/** The group's seed. */
export function curiosities(): ChatSeed {
  const drafts: readonly Draft[] = [
    { text: "", from: ADMIN, service: { action: "channel_create", title: "Curiosities" } },
    { text: "Venue of the month, in every shape.", from: ADMIN, pinned: true },
    { text: "", from: ADMIN, service: { action: "pin" }, replyTo: { id: 2 } },
    { text: "Anything goes here.", from: BORIS },
    { text: "Does it read dates before 1970?", from: ALI },
    ...MEDIA,
    ...TEXTS,
    ...ACTIONS.map(([tl, ...named]): Draft => ({ text: "", named, service: { action: "other", tl } })),
    { text: "That was all of it.", from: ADMIN },
  ];
  const members = [...WRITERS, BORIS, ALI, OWNER.id];
  return listed(
    channel({
      id: CURIOSITIES,
      title: "Curiosities",
      kind: "supergroup",
      username: "sandbox_curiosities",
      about: "One of each.",
      size: members.length,
      members,
    }, FIRST),
    every(290_000, FIRST, drafts.map((draft, index) => ({ from: WRITERS[index % WRITERS.length] ?? ADMIN, ...draft }))),
    { unread: 2 },
  );
}
