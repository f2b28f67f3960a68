import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Api, bigInt } from "../../src/mtproto/gram.ts";
import { localMatcher, type MessageType, messageTypeSchema, serverFilter } from "../../src/telegram/filters.ts";
import type { TlMessage } from "../../src/telegram/map/message.ts";
import { ANN, DATE, received } from "./golden.ts";

const FILTERS: Readonly<Partial<Record<MessageType, string>>> = {
  photo: "InputMessagesFilterPhotos",
  video: "InputMessagesFilterVideo",
  document: "InputMessagesFilterDocument",
  audio: "InputMessagesFilterMusic",
  voice: "InputMessagesFilterVoice",
  video_note: "InputMessagesFilterRoundVideo",
  gif: "InputMessagesFilterGif",
  link: "InputMessagesFilterUrl",
  location: "InputMessagesFilterGeo",
  contact: "InputMessagesFilterContacts",
  pinned: "InputMessagesFilterPinned",
  mention: "InputMessagesFilterMyMentions",
};

Deno.test("filters: Telegram sorts a type out, or this program does, never both and never neither", () => {
  for (const type of messageTypeSchema.options) {
    assert.equal(serverFilter(type)?.className, FILTERS[type], type);
    assert.equal(localMatcher(type) === undefined, FILTERS[type] !== undefined, type);
  }
});

const base = { id: 1, peerId: ANN, date: DATE, message: "words" };
const sticker = new Api.Document({
  id: bigInt(1),
  accessHash: bigInt(1),
  fileReference: Buffer.of(1),
  date: DATE,
  mimeType: "image/webp",
  size: bigInt(1),
  dcId: 2,
  attributes: [new Api.DocumentAttributeSticker({ alt: "", stickerset: new Api.InputStickerSetEmpty() })],
});
const words = new Api.TextWithEntities({ text: "Tea?", entities: [] });
const poll = new Api.Poll({ id: bigInt(1), question: words, answers: [] });

const MESSAGES: Readonly<Record<string, TlMessage>> = {
  words: new Api.Message(base),
  preview: new Api.Message({
    ...base,
    media: new Api.MessageMediaWebPage({ webpage: new Api.WebPageEmpty({ id: bigInt(1) }) }),
  }),
  dice: new Api.Message({ ...base, media: new Api.MessageMediaDice({ value: 1, emoticon: "🎲" }) }),
  sticker: new Api.Message({ ...base, media: new Api.MessageMediaDocument({ document: sticker }) }),
  poll: new Api.Message({
    ...base,
    media: new Api.MessageMediaPoll({ poll, results: new Api.PollResults({}) }),
  }),
  service: new Api.MessageService({ ...base, action: new Api.MessageActionPinMessage() }),
};

const MATCHING: Readonly<Partial<Record<MessageType, readonly string[]>>> = {
  text: ["words", "preview"],
  media: ["dice", "sticker", "poll"],
  sticker: ["sticker"],
  poll: ["poll"],
  service: ["service"],
};

for (const type of messageTypeSchema.options) {
  const expected = MATCHING[type];
  if (expected === undefined) continue;
  Deno.test(`filters: ${type} is recognised here`, () => {
    const matches = localMatcher(type) ?? assert.fail(`${type} has no matcher`);
    const found = Object.entries(MESSAGES).filter(([, message]) => matches(received(message))).map(([name]) => name);
    assert.deepEqual(found, expected);
  });
}
