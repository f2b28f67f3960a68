/**
 * Where words of a message lead.
 * @module
 */
import type { Entity } from "../../model/message.ts";

const SCHEMES: ReadonlySet<string> = new Set(["http:", "https:", "tg:", "mailto:"]);

/** The address as a link may have it: absolute, of a scheme that only opens pages, chats and letters; else undefined. */
export function safeUrl(url: string): string | undefined {
  const parsed = URL.parse(url.trim());
  return parsed !== null && SCHEMES.has(parsed.protocol) ? parsed.href : undefined;
}

/** Where an entity leads, by what Telegram's apps do with it; undefined for one that is no link, or no safe one. */
export function linkOf(entity: Entity, text: string): string | undefined {
  switch (entity.type) {
    case "text_link":
      return safeUrl(entity.url ?? "");
    case "url":
      return safeUrl(/^[a-z][a-z\d+.-]*:/i.test(text.trim()) ? text : `http://${text.trim()}`);
    case "email":
      return safeUrl(`mailto:${text}`);
    case "mention":
      return /^@\w+$/.test(text) ? `https://t.me/${text.slice(1)}` : undefined;
    case "mention_name":
      return entity.user_id === undefined ? undefined : safeUrl(`tg://user?id=${entity.user_id}`);
    default:
      return undefined;
  }
}
