/** Golden samples of entities. */
import { Api, bigInt } from "../../../src/mtproto/gram.ts";
import { LONG, type Sample } from "../golden.ts";

const at = { offset: 0, length: 2 };

/** One of every constructor, with what it becomes. */
const ENTITIES: readonly (readonly [Api.TypeMessageEntity, Readonly<Record<string, unknown>>])[] = [
  [new Api.MessageEntityUnknown(at), { type: "unknown" }],
  [new Api.MessageEntityMention(at), { type: "mention" }],
  [new Api.MessageEntityHashtag(at), { type: "hashtag" }],
  [new Api.MessageEntityBotCommand(at), { type: "bot_command" }],
  [new Api.MessageEntityUrl(at), { type: "url" }],
  [new Api.MessageEntityEmail(at), { type: "email" }],
  [new Api.MessageEntityBold(at), { type: "bold" }],
  [new Api.MessageEntityItalic(at), { type: "italic" }],
  [new Api.MessageEntityCode(at), { type: "code" }],
  [new Api.MessageEntityPre({ ...at, language: "ts" }), { type: "pre", language: "ts" }],
  [new Api.MessageEntityPre({ ...at, language: "" }), { type: "pre" }],
  [new Api.MessageEntityTextUrl({ ...at, url: "https://example.org/" }), {
    type: "text_link",
    url: "https://example.org/",
  }],
  [new Api.MessageEntityMentionName({ ...at, userId: bigInt(734201334) }), {
    type: "mention_name",
    user_id: "734201334",
  }],
  [
    new Api.InputMessageEntityMentionName({ ...at, userId: new Api.InputUserSelf() }),
    { type: "mention_name" },
  ],
  [new Api.MessageEntityPhone(at), { type: "phone" }],
  [new Api.MessageEntityCashtag(at), { type: "cashtag" }],
  [new Api.MessageEntityUnderline(at), { type: "underline" }],
  [new Api.MessageEntityStrike(at), { type: "strike" }],
  [new Api.MessageEntityBankCard(at), { type: "bank_card" }],
  [new Api.MessageEntitySpoiler(at), { type: "spoiler" }],
  [new Api.MessageEntityCustomEmoji({ ...at, documentId: bigInt(LONG) }), {
    type: "custom_emoji",
    custom_emoji_id: LONG,
  }],
  [new Api.MessageEntityBlockquote(at), { type: "blockquote" }],
  [new Api.MessageEntityBlockquote({ ...at, collapsed: true }), { type: "blockquote", collapsed: true }],
];

export const entities: readonly Sample[] = [{
  title: "one message with every entity",
  sent: { message: "👍 ", entities: ENTITIES.map(([entity]) => entity) },
  expected: { text: "👍 ", entities: ENTITIES.map(([, expected]) => ({ ...at, ...expected })) },
}];
