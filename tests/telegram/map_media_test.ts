import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { ANN, assertGolden, channel, constructors, DATE, type Json, LONG } from "./golden.ts";

const bytes = Buffer.from([1, 2, 3]);
const stickers = new Api.InputStickerSetEmpty();
const text = (words: string): Api.TextWithEntities => new Api.TextWithEntities({ text: words, entities: [] });

function photo(...sizes: Api.TypePhotoSize[]): Api.Photo {
  return new Api.Photo({ id: bigInt(LONG), accessHash: bigInt(1), fileReference: bytes, date: DATE, sizes, dcId: 2 });
}

function file(mimeType: string, ...attributes: Api.TypeDocumentAttribute[]): Api.MessageMediaDocument {
  return new Api.MessageMediaDocument({ document: document(mimeType, attributes) });
}

function document(mimeType: string, attributes: Api.TypeDocumentAttribute[]): Api.Document {
  return new Api.Document({
    id: bigInt(LONG),
    accessHash: bigInt(1),
    fileReference: bytes,
    date: DATE,
    mimeType,
    size: bigInt("6000000000"),
    dcId: 2,
    attributes,
  });
}

const FILE = { id: LONG, size: 6_000_000_000 };
const name = (fileName: string): Api.DocumentAttributeFilename => new Api.DocumentAttributeFilename({ fileName });
const video = (more: { roundMessage?: boolean; duration?: number } = {}): Api.DocumentAttributeVideo =>
  new Api.DocumentAttributeVideo({ duration: 12.5, w: 640, h: 360, ...more });
const VIDEO = { ...FILE, mime_type: "video/mp4", width: 640, height: 360, duration: 12.5 };
const geo = new Api.GeoPoint({ lat: 52.5, long: -13.25, accessHash: bigInt(1) });
const contact = { phoneNumber: "+4930123", firstName: "Bo", lastName: "", vcard: "", userId: bigInt(0) };

const option = (number: number): Buffer => Buffer.from([number]);
const poll = (more: Partial<ConstructorParameters<typeof Api.Poll>[0]>): Api.Poll =>
  new Api.Poll({
    id: bigInt(LONG),
    question: text("Tea?"),
    answers: [
      new Api.PollAnswer({ text: text("yes"), option: option(0) }),
      new Api.PollAnswer({ text: text("no"), option: option(1) }),
    ],
    ...more,
  });

/** One or more of every constructor, with the media that it becomes; undefined for none. */
const MEDIA: readonly (readonly [string, Api.TypeMessageMedia, Json | undefined])[] = [
  ["nothing", new Api.MessageMediaEmpty(), undefined],
  [
    "a photo is described by its largest size",
    new Api.MessageMediaPhoto({
      photo: photo(
        new Api.PhotoStrippedSize({ type: "i", bytes }),
        new Api.PhotoSize({ type: "m", w: 320, h: 240, size: 9000 }),
        new Api.PhotoSizeProgressive({ type: "y", w: 1280, h: 960, sizes: [100, 2000, 99_000] }),
        new Api.PhotoSize({ type: "x", w: 800, h: 600, size: 40_000 }),
      ),
    }),
    { kind: "photo", id: LONG, width: 1280, height: 960, size: 99_000 },
  ],
  ["a photo without sizes", new Api.MessageMediaPhoto({ photo: photo(), spoiler: true }), {
    kind: "photo",
    id: LONG,
    spoiler: true,
  }],
  ["a photo that was shown once", new Api.MessageMediaPhoto({ ttlSeconds: 10 }), { kind: "photo" }],
  ["a photo that is gone", new Api.MessageMediaPhoto({ photo: new Api.PhotoEmpty({ id: bigInt(1) }) }), {
    kind: "photo",
  }],
  ["a document", file("application/pdf", name("plan.pdf")), {
    ...FILE,
    kind: "document",
    file_name: "plan.pdf",
    mime_type: "application/pdf",
  }],
  ["a picture sent as a file", file("image/png", new Api.DocumentAttributeImageSize({ w: 20, h: 10 }), name("a.png")), {
    ...FILE,
    kind: "document",
    file_name: "a.png",
    mime_type: "image/png",
    width: 20,
    height: 10,
  }],
  ["a video", file("video/mp4", video(), name("clip.mp4")), { ...VIDEO, kind: "video", file_name: "clip.mp4" }],
  [
    "a video behind a spoiler",
    new Api.MessageMediaDocument({ spoiler: true, document: document("video/mp4", [video()]) }),
    {
      ...VIDEO,
      kind: "video",
      spoiler: true,
    },
  ],
  ["a video note", file("video/mp4", video({ roundMessage: true })), { ...VIDEO, kind: "video_note" }],
  ["a gif, its attributes in either order", file("video/mp4", video(), new Api.DocumentAttributeAnimated()), {
    ...VIDEO,
    kind: "gif",
  }],
  ["a gif that is a picture", file("image/gif", new Api.DocumentAttributeAnimated()), {
    ...FILE,
    kind: "gif",
    mime_type: "image/gif",
  }],
  ["a track", file("audio/mpeg", new Api.DocumentAttributeAudio({ duration: 180, title: "Song", performer: "Band" })), {
    ...FILE,
    kind: "audio",
    mime_type: "audio/mpeg",
    duration: 180,
    title: "Song",
    performer: "Band",
  }],
  [
    "a voice message",
    file("audio/ogg", new Api.DocumentAttributeAudio({ voice: true, duration: 3, waveform: bytes })),
    {
      ...FILE,
      kind: "voice",
      mime_type: "audio/ogg",
      duration: 3,
    },
  ],
  ["a sticker", file("image/webp", new Api.DocumentAttributeSticker({ alt: "🙂", stickerset: stickers })), {
    ...FILE,
    kind: "sticker",
    mime_type: "image/webp",
    emoji: "🙂",
  }],
  [
    "a sticker that moves is still a sticker",
    file("video/webm", video(), new Api.DocumentAttributeSticker({ alt: "🙂", stickerset: stickers })),
    { ...VIDEO, kind: "sticker", mime_type: "video/webm", emoji: "🙂" },
  ],
  [
    "a custom emoji",
    file(
      "video/webm",
      new Api.DocumentAttributeCustomEmoji({ alt: "🔥", stickerset: stickers }),
      new Api.DocumentAttributeHasStickers(),
    ),
    { ...FILE, kind: "sticker", mime_type: "video/webm", emoji: "🔥" },
  ],
  ["a voice message that was heard once", new Api.MessageMediaDocument({ voice: true, ttlSeconds: 2147483647 }), {
    kind: "voice",
  }],
  ["a video note that was seen once", new Api.MessageMediaDocument({ round: true, video: true }), {
    kind: "video_note",
  }],
  ["a video that is gone", new Api.MessageMediaDocument({ video: true }), { kind: "video" }],
  ["a document that is gone", new Api.MessageMediaDocument({ document: new Api.DocumentEmpty({ id: bigInt(1) }) }), {
    kind: "document",
  }],
  [
    "a poll without results",
    new Api.MessageMediaPoll({ poll: poll({ publicVoters: true }), results: new Api.PollResults({}) }),
    { kind: "poll", poll: { id: LONG, question: "Tea?", options: [{ text: "yes" }, { text: "no" }] } },
  ],
  [
    "a quiz with results",
    new Api.MessageMediaPoll({
      poll: poll({ closed: true, quiz: true, multipleChoice: true }),
      results: new Api.PollResults({
        totalVoters: 4,
        results: [
          new Api.PollAnswerVoters({ option: option(1), voters: 4, correct: true }),
          new Api.PollAnswerVoters({ option: option(0), voters: 0 }),
        ],
      }),
    }),
    {
      kind: "poll",
      poll: {
        id: LONG,
        question: "Tea?",
        options: [{ text: "yes", voters: 0 }, { text: "no", voters: 4, correct: true }],
        voters: 4,
        closed: true,
        quiz: true,
        multiple: true,
        anonymous: true,
      },
    },
  ],
  ["a place", new Api.MessageMediaGeo({ geo }), { kind: "location", location: { latitude: 52.5, longitude: -13.25 } }],
  ["a place that is gone", new Api.MessageMediaGeo({ geo: new Api.GeoPointEmpty() }), { kind: "location" }],
  ["a live place", new Api.MessageMediaGeoLive({ geo, period: 900 }), {
    kind: "location",
    location: { latitude: 52.5, longitude: -13.25, live: true },
  }],
  [
    "a venue",
    new Api.MessageMediaVenue({ geo, title: "Café", address: "Street 1", provider: "", venueId: "", venueType: "" }),
    { kind: "location", location: { latitude: 52.5, longitude: -13.25, title: "Café", address: "Street 1" } },
  ],
  ["a contact without an account", new Api.MessageMediaContact(contact), {
    kind: "contact",
    contact: { phone: "+4930123", first_name: "Bo" },
  }],
  ["a contact", new Api.MessageMediaContact({ ...contact, lastName: "Ek", userId: bigInt(77) }), {
    kind: "contact",
    contact: { phone: "+4930123", first_name: "Bo", last_name: "Ek", user_id: "77" },
  }],
  ["a die", new Api.MessageMediaDice({ value: 6, emoticon: "🎲" }), { kind: "dice", emoji: "🎲", value: 6 }],
  [
    "a game",
    new Api.MessageMediaGame({
      game: new Api.Game({
        id: bigInt(1),
        accessHash: bigInt(1),
        shortName: "g",
        title: "Chess",
        description: "",
        photo: photo(),
      }),
    }),
    { kind: "game", title: "Chess" },
  ],
  [
    "an invoice",
    new Api.MessageMediaInvoice({
      title: "Tea",
      description: "",
      currency: "EUR",
      totalAmount: bigInt(5),
      startParam: "",
    }),
    { kind: "invoice", title: "Tea" },
  ],
  ["a story", new Api.MessageMediaStory({ peer: ANN, id: 7 }), { kind: "story", id: "7" }],
  ["what this layer cannot show", new Api.MessageMediaUnsupported(), {
    kind: "other",
    tl_type: "MessageMediaUnsupported",
  }],
  [
    "paid media",
    new Api.MessageMediaPaidMedia({ starsAmount: bigInt(5), extendedMedia: [new Api.MessageExtendedMediaPreview({})] }),
    { kind: "other", tl_type: "MessageMediaPaidMedia" },
  ],
  [
    "a giveaway",
    new Api.MessageMediaGiveaway({ channels: [bigInt(1)], quantity: 1, untilDate: DATE }),
    { kind: "other", tl_type: "MessageMediaGiveaway" },
  ],
  [
    "a giveaway's results",
    new Api.MessageMediaGiveawayResults({
      channelId: bigInt(1),
      launchMsgId: 1,
      winnersCount: 1,
      unclaimedCount: 0,
      winners: [bigInt(1)],
      untilDate: DATE,
    }),
    { kind: "other", tl_type: "MessageMediaGiveawayResults" },
  ],
];

const page = (more: object): Api.WebPage =>
  new Api.WebPage({ id: bigInt(1), url: "https://example.org/a", displayUrl: "example.org/a", hash: 0, ...more });

/** Previews of links. */
const PREVIEWS: readonly (readonly [string, Api.TypeWebPage, Json | undefined])[] = [
  ["a preview", page({ title: "Title", description: "Words", siteName: "Example" }), {
    url: "https://example.org/a",
    title: "Title",
    description: "Words",
  }],
  ["a preview with nothing to say", page({ title: "" }), { url: "https://example.org/a" }],
  ["a preview to come", new Api.WebPagePending({ id: bigInt(1), url: "https://example.org/b", date: DATE }), {
    url: "https://example.org/b",
  }],
  ["a preview to come without address", new Api.WebPagePending({ id: bigInt(1), date: DATE }), undefined],
  ["no preview to be had", new Api.WebPageEmpty({ id: bigInt(1), url: "https://example.org/c" }), {
    url: "https://example.org/c",
  }],
  ["no preview at all", new Api.WebPageEmpty({ id: bigInt(1) }), undefined],
  ["an unchanged preview", new Api.WebPageNotModified({}), undefined],
];

for (const [title, media, expected] of MEDIA) {
  Deno.test(`map media: ${title}`, () =>
    assertGolden({ title, sent: { message: "m", media }, expected: { text: "m", media: expected } }));
}

for (const [title, webpage, expected] of PREVIEWS) {
  Deno.test(`map preview: ${title}`, () =>
    assertGolden({
      title,
      sent: { media: new Api.MessageMediaWebPage({ webpage, safe: true }) },
      expected: { preview: expected },
    }));
}

Deno.test("map media: every constructor of the layer has a sample", () => {
  const sampled = new Set<string>([...MEDIA.map(([, { className }]) => className), "MessageMediaWebPage"]);
  assert.deepEqual(constructors("MessageMedia").filter((name) => !sampled.has(name)), []);
});

Deno.test("map media: an item of an album carries the album's id", () => {
  assertGolden({
    title: "album",
    sent: { groupedId: bigInt(LONG), media: file("video/mp4", video()), fromId: channel(2000000001) },
    expected: {
      album_id: LONG,
      media: { ...VIDEO, kind: "video" },
      sender: { id: "-1002000000001", kind: "channel", name: "News", username: "sandbox_news" },
    },
  });
});
