/**
 * TL message entities to `message/1` entities (https://core.telegram.org/api/entities).
 * @module
 */
import type { Entity } from "../../model/message.ts";
import type { Api } from "../../mtproto/gram.ts";

const TYPES: Readonly<Record<Api.TypeMessageEntity["className"], string>> = {
  InputMessageEntityMentionName: "mention_name",
  MessageEntityBankCard: "bank_card",
  MessageEntityBlockquote: "blockquote",
  MessageEntityBold: "bold",
  MessageEntityBotCommand: "bot_command",
  MessageEntityCashtag: "cashtag",
  MessageEntityCode: "code",
  MessageEntityCustomEmoji: "custom_emoji",
  MessageEntityEmail: "email",
  MessageEntityHashtag: "hashtag",
  MessageEntityItalic: "italic",
  MessageEntityMention: "mention",
  MessageEntityMentionName: "mention_name",
  MessageEntityPhone: "phone",
  MessageEntityPre: "pre",
  MessageEntitySpoiler: "spoiler",
  MessageEntityStrike: "strike",
  MessageEntityTextUrl: "text_link",
  MessageEntityUnderline: "underline",
  MessageEntityUnknown: "unknown",
  MessageEntityUrl: "url",
};

/** One entity; offset and length stay in UTF-16 units. */
export function mapEntity(entity: Api.TypeMessageEntity): Entity {
  const { offset, length } = entity;
  const base = { type: TYPES[entity.className], offset, length };
  switch (entity.className) {
    case "MessageEntityTextUrl":
      return { ...base, url: entity.url };
    case "MessageEntityMentionName":
      return { ...base, user_id: entity.userId.toString() };
    case "MessageEntityPre":
      return entity.language ? { ...base, language: entity.language } : base;
    case "MessageEntityCustomEmoji":
      return { ...base, custom_emoji_id: entity.documentId.toString() };
    case "MessageEntityBlockquote":
      return entity.collapsed ? { ...base, collapsed: true } : base;
    default:
      return base;
  }
}
