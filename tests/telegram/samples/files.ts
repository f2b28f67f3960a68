/** Golden samples of photos and documents. */
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { channel, type Json, LONG, type Sample } from "../golden.ts";
import { bytes, document, file, photo } from "./tl.ts";

const ONCE = 2_147_483_647;
const stickerset = new Api.InputStickerSetEmpty();
const FILE = { id: LONG, size: 6_000_000_000 };
const VIDEO = { ...FILE, mime_type: "video/mp4", width: 640, height: 360, duration: 12.5 };

const name = (fileName: string): Api.DocumentAttributeFilename => new Api.DocumentAttributeFilename({ fileName });
const picture = (w: number, h: number): Api.DocumentAttributeImageSize => new Api.DocumentAttributeImageSize({ w, h });
const animated = new Api.DocumentAttributeAnimated();
const sticker = new Api.DocumentAttributeSticker({ alt: "🙂", stickerset });
const voice = new Api.DocumentAttributeAudio({ voice: true, duration: 3, waveform: bytes });

function video(more: { roundMessage?: boolean; nosound?: boolean } = {}): Api.DocumentAttributeVideo {
  return new Api.DocumentAttributeVideo({ duration: 12.5, w: 640, h: 360, ...more });
}

const PHOTOS: readonly (readonly [string, Api.TypeMessageMedia, Json])[] = [
  [
    "a photo is described by its largest size",
    new Api.MessageMediaPhoto({
      photo: photo(
        new Api.PhotoStrippedSize({ type: "i", bytes }),
        new Api.PhotoPathSize({ type: "j", bytes }),
        new Api.PhotoSize({ type: "m", w: 320, h: 240, size: 9000 }),
        new Api.PhotoSizeProgressive({ type: "y", w: 1280, h: 960, sizes: [100, 2000, 99_000] }),
        new Api.PhotoSize({ type: "x", w: 800, h: 600, size: 40_000 }),
      ),
    }),
    { kind: "photo", id: LONG, width: 1280, height: 960, size: 99_000 },
  ],
  [
    "a tall photo, the sizes of which are equally wide",
    new Api.MessageMediaPhoto({
      photo: photo(
        new Api.PhotoSize({ type: "m", w: 20, h: 320, size: 900 }),
        new Api.PhotoSize({ type: "x", w: 20, h: 800, size: 4000 }),
      ),
    }),
    { kind: "photo", id: LONG, width: 20, height: 800, size: 4000 },
  ],
  [
    "a photo so small that it comes along whole",
    new Api.MessageMediaPhoto({
      photo: photo(new Api.PhotoSizeEmpty({ type: "s" }), new Api.PhotoCachedSize({ type: "m", w: 9, h: 8, bytes })),
    }),
    { kind: "photo", id: LONG, width: 9, height: 8, size: 3 },
  ],
  ["a photo without sizes, behind a spoiler", new Api.MessageMediaPhoto({ photo: photo(), spoiler: true }), {
    kind: "photo",
    id: LONG,
    spoiler: true,
  }],
  ["a photo that was shown for ten seconds", new Api.MessageMediaPhoto({ ttlSeconds: 10 }), {
    kind: "photo",
    ttl_seconds: 10,
  }],
  ["a photo that is gone", new Api.MessageMediaPhoto({ photo: new Api.PhotoEmpty({ id: bigInt(1) }) }), {
    kind: "photo",
  }],
];

const DOCUMENTS: readonly (readonly [string, Api.TypeMessageMedia, Json])[] = [
  ["a document", file("application/pdf", name("plan.pdf")), {
    ...FILE,
    kind: "document",
    file_name: "plan.pdf",
    mime_type: "application/pdf",
  }],
  ["a document about which nothing is known", file(""), { ...FILE, kind: "document" }],
  ["a picture sent as a file", file("image/png", picture(20, 10), name("a.png")), {
    ...FILE,
    kind: "document",
    file_name: "a.png",
    mime_type: "image/png",
    width: 20,
    height: 10,
  }],
  ["a video", file("video/mp4", video(), name("clip.mp4")), { ...VIDEO, kind: "video", file_name: "clip.mp4" }],
  ["a video without sound is no gif", file("video/mp4", video({ nosound: true })), { ...VIDEO, kind: "video" }],
  [
    "a video behind a spoiler",
    new Api.MessageMediaDocument({ spoiler: true, video: true, document: document("video/mp4", video()) }),
    { ...VIDEO, kind: "video", spoiler: true },
  ],
  ["a video note", file("video/mp4", video({ roundMessage: true })), { ...VIDEO, kind: "video_note" }],
  ["a video note without sound", file("video/mp4", animated, video({ roundMessage: true })), {
    ...VIDEO,
    kind: "video_note",
  }],
  ["a video note with its waveform", file("video/mp4", video({ roundMessage: true }), voice), {
    ...VIDEO,
    kind: "video_note",
  }],
  ["a gif, its attributes in one order", file("video/mp4", video(), animated), { ...VIDEO, kind: "gif" }],
  ["a gif, its attributes in the other", file("video/mp4", animated, video()), { ...VIDEO, kind: "gif" }],
  ["a gif with sound", file("video/mp4", animated, voice), {
    ...FILE,
    kind: "gif",
    mime_type: "video/mp4",
    duration: 3,
  }],
  ["a gif that is a picture", file("image/gif", animated), { ...FILE, kind: "gif", mime_type: "image/gif" }],
  ["a track", file("audio/mpeg", new Api.DocumentAttributeAudio({ duration: 180, title: "Song", performer: "Band" })), {
    ...FILE,
    kind: "audio",
    mime_type: "audio/mpeg",
    duration: 180,
    title: "Song",
    performer: "Band",
  }],
  ["a voice message", file("audio/ogg", voice), { ...FILE, kind: "voice", mime_type: "audio/ogg", duration: 3 }],
  ["a sticker", file("image/webp", sticker, picture(512, 512)), {
    ...FILE,
    kind: "sticker",
    mime_type: "image/webp",
    width: 512,
    height: 512,
    emoji: "🙂",
  }],
  ["a sticker that is a video", file("video/webm", video(), sticker, animated), {
    ...VIDEO,
    kind: "sticker",
    mime_type: "video/webm",
    emoji: "🙂",
  }],
  ["a sticker that is drawn, and named by its type alone", file("application/x-tgsticker"), {
    ...FILE,
    kind: "sticker",
    mime_type: "application/x-tgsticker",
  }],
  [
    "a custom emoji",
    file(
      "video/webm",
      new Api.DocumentAttributeCustomEmoji({ alt: "🔥", stickerset }),
      new Api.DocumentAttributeHasStickers(),
    ),
    { ...FILE, kind: "sticker", mime_type: "video/webm", emoji: "🔥" },
  ],
  ["a voice message that was heard once", new Api.MessageMediaDocument({ voice: true, ttlSeconds: ONCE }), {
    kind: "voice",
    ttl_seconds: ONCE,
  }],
  ["a video note that was seen once", new Api.MessageMediaDocument({ round: true, video: true }), {
    kind: "video_note",
  }],
  ["a video that is gone", new Api.MessageMediaDocument({ video: true }), { kind: "video" }],
  [
    "a document that is gone",
    new Api.MessageMediaDocument({ document: new Api.DocumentEmpty({ id: bigInt(1) }) }),
    { kind: "document" },
  ],
];

export const files: readonly Sample[] = [
  ...[...PHOTOS, ...DOCUMENTS].map(([title, media, expected]): Sample => ({
    title,
    sent: { message: "m", media },
    expected: { text: "m", media: expected },
  })),
  {
    title: "an item of an album carries the album's id",
    sent: { groupedId: bigInt(LONG), media: file("video/mp4", video()), fromId: channel(2000000001) },
    expected: {
      album_id: LONG,
      media: { ...VIDEO, kind: "video" },
      sender: { id: "-1002000000001", kind: "channel", name: "News", username: "sandbox_news" },
    },
  },
];
