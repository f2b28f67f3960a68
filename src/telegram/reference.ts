/**
 * How people name a chat or a message: ids, usernames, links, titles (https://core.telegram.org/api/links). Pure.
 * @module
 */
import { AppError } from "../errors.ts";
import { asSent } from "../model/visible.ts";
import { markedId } from "./ids.ts";

/** What a name of a chat stands for. */
export type ChatReference =
  | { readonly kind: "me" }
  | { readonly kind: "username"; readonly username: string }
  | { readonly kind: "id"; readonly id: string }
  /** Digits without a sign: a user, else a channel, else a group. */
  | { readonly kind: "bare"; readonly digits: string }
  | { readonly kind: "invite"; readonly hash: string }
  /** Neither `@` nor link: an exact title, or the username of a chat. */
  | { readonly kind: "title"; readonly title: string };

/** The message that a link points to. */
export interface Target {
  readonly message?: number;
  readonly topic?: number;
  /** Message of the discussion group under the post. */
  readonly comment?: number;
  readonly single?: true;
}

/** A chat's name, taken apart. */
export interface Reference {
  readonly chat: ChatReference;
  readonly target?: Target;
  /** It was a link. */
  readonly link?: true;
}

const HOSTS = new Set(["t.me", "telegram.me", "telegram.dog"]);
/** First path segments of links that name no chat with a history. */
const OTHER_LINKS: ReadonlyMap<string, string> = new Map(Object.entries({
  addemoji: "an emoji set",
  addlist: "a folder",
  addstickers: "a sticker set",
  addtheme: "a theme",
  bg: "a background",
  boost: "a boost",
  confirmphone: "a phone confirmation",
  contact: "a contact",
  giftcode: "a gift code",
  invoice: "an invoice",
  login: "a login",
  m: "a business chat",
  nft: "a collectible",
  proxy: "a proxy",
  setlanguage: "a language",
  share: "a share dialog",
  socks: "a proxy",
}));

/** Links as they are often passed on, without the host. */
const SHORT_LINK = /^(\+[\w-]{8,64}|joinchat\/[\w-]{8,64}|c\/\d+(\/\d+)*|[A-Za-z]\w{3,31}(\/\d+){1,2})(\?[\w=&]*)?$/;

/** Whether a word can be a username (https://core.telegram.org/method/account.checkUsername). */
export function isUsername(word: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]{3,31}$/.test(word);
}

/**
 * Takes the name of a chat apart.
 * @throws AppError INPUT_VALIDATION for what cannot be a name, UNSUPPORTED for links to stories, stickers and phones
 */
export function readReference(text: string, field = "chat"): Reference {
  const trimmed = text.trim();
  if (trimmed === "") throw new AppError("INPUT_VALIDATION", `${field} is empty.`, { field });
  if (/^(me|saved messages)$/i.test(trimmed)) return { chat: { kind: "me" } };
  if (trimmed.startsWith("@")) return { chat: username(trimmed.slice(1), field) };
  if (/^\d{1,19}$/.test(trimmed)) return { chat: { kind: "bare", digits: BigInt(trimmed).toString() } };
  if (/^-\d{1,19}$/.test(trimmed)) return { chat: { kind: "id", id: BigInt(trimmed).toString() } };
  const url = asUrl(SHORT_LINK.test(trimmed) ? `https://t.me/${trimmed}` : trimmed, field);
  if (url === undefined) return { chat: { kind: "title", title: asSent(trimmed) } };
  return { ...(url.protocol === "tg:" ? readDeepLink(url, field) : readWebLink(url, field)), link: true };
}

/** What a name of a message stands for: an id in a chat that is named elsewhere, or a link that names both. */
export type MessageReference =
  | { readonly id: number }
  | { readonly chat: ChatReference; readonly target: Target & { readonly message: number } };

/**
 * Takes the name of a message apart: `812`, `#812`, or a link to it.
 * @throws AppError INPUT_VALIDATION for what names no message, UNSUPPORTED for links to stories, stickers and phones
 */
export function readMessageReference(text: string, field = "messages"): MessageReference {
  const shown = JSON.stringify(text.slice(0, 80));
  const hint = "Send ids together with chat, or links like https://t.me/NAME/ID and https://t.me/c/CHANNEL/ID.";
  const digits = /^\s*#?(-?\d+)\s*$/.exec(text)?.[1];
  if (digits !== undefined) {
    if (isMessageNumber(digits)) return { id: Number(digits) };
    throw new AppError("INPUT_VALIDATION", `${field}: ${shown} is no message id; ids are 1 to ${MOST}.`, {
      field,
      hint,
    });
  }
  const { chat, target, link } = readReference(text, field);
  if (target?.message !== undefined) return { chat, target: { ...target, message: target.message } };
  throw new AppError("INPUT_VALIDATION", `${field}: ${shown} names ${link ? "a chat but no message" : "no message"}.`, {
    field,
    hint,
  });
}

function username(name: string, field: string): ChatReference {
  if (isUsername(name)) return { kind: "username", username: name };
  throw new AppError("INPUT_VALIDATION", `${field}: ${JSON.stringify(`@${name.slice(0, 40)}`)} cannot be a username.`, {
    field,
    hint: "Usernames have 4 to 32 letters, digits and underscores. For a title leave the @ out.",
  });
}

function asUrl(text: string, field: string): URL | undefined {
  if (/^tg:(\/\/|[a-z]+\?)/i.test(text)) return URL.parse(text) ?? undefined;
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  if (url === null || /\s/.test(text)) return undefined;
  const host = url.hostname.replace(/^www\./, "");
  const isTelegram = HOSTS.has(host) || /^[a-z][a-z0-9_-]{3,31}\.t\.me$/.test(host);
  if (isTelegram && (text.includes("/") || host !== text.toLowerCase() || !HOSTS.has(host))) return url;
  if (/^https?:\/\//i.test(text)) {
    throw new AppError("UNSUPPORTED", "The link does not lead to Telegram.", {
      field,
      hint: "Send a t.me link, an @name or an id.",
    });
  }
  return undefined;
}

function readWebLink(url: URL, field: string): Omit<Reference, "link"> {
  const host = url.hostname.replace(/^www\./, "");
  const path = url.pathname.split("/").filter(Boolean).map((segment) => decoded(segment, field));
  const segments = HOSTS.has(host) ? path : [host.slice(0, -".t.me".length), ...path];
  const [first = "", ...rest] = segments[0] === "s" && segments.length > 1 ? segments.slice(1) : segments;
  if (first === "joinchat") return { chat: invite(rest[0] ?? "", field) };
  if (first.startsWith("+")) return { chat: invite(first.slice(1).trim(), field) };
  if (first === "c") {
    return { chat: { kind: "id", id: channelId(rest[0], field) }, ...target(rest.slice(1), url, field) };
  }
  const other = OTHER_LINKS.get(first.toLowerCase());
  if (other !== undefined) throw unsupported(other, field);
  if (rest[0] === "s" && rest[1] !== undefined) throw unsupported("a story", field);
  return { chat: username(first.replace(/^@/, ""), field), ...target(rest, url, field) };
}

function decoded(segment: string, field: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new AppError("INPUT_VALIDATION", `${field}: the link has a malformed percent-encoding.`, { field, cause });
  }
}

function readDeepLink(url: URL, field: string): Omit<Reference, "link"> {
  const action = (url.host || url.pathname).replaceAll("/", "").toLowerCase();
  const query = url.searchParams;
  const post = query.get("post");
  const segments = post === null ? [] : [post];
  if (action === "resolve") {
    if (query.has("phone")) throw unsupported("a phone number", field);
    if (query.has("story")) throw unsupported("a story", field);
    return { chat: username(query.get("domain") ?? "", field), ...target(segments, url, field) };
  }
  if (action === "privatepost") {
    const id = channelId(query.get("channel") ?? undefined, field);
    return { chat: { kind: "id", id }, ...target(segments, url, field) };
  }
  if (action === "join") return { chat: invite(query.get("invite") ?? "", field) };
  throw unsupported(JSON.stringify(`tg://${action.slice(0, 40)}`), field);
}

function invite(hash: string, field: string): ChatReference {
  if (/^\d+$/.test(hash)) throw unsupported("a phone number", field);
  if (/^[\w-]{8,64}$/.test(hash)) return { kind: "invite", hash };
  throw new AppError("INPUT_VALIDATION", `${field}: the invite link is not whole.`, { field });
}

function channelId(digits: string | undefined, field: string): string {
  if (digits !== undefined && /^\d{1,13}$/.test(digits)) return markedId("channel", BigInt(digits));
  throw new AppError("INPUT_VALIDATION", `${field}: the link has no channel id.`, { field });
}

/** What follows the chat in a link: `MSG` or `TOPIC/MSG`, with `?thread=`, `?comment=` and `?single`. */
function target(segments: readonly string[], url: URL, field: string): { readonly target?: Target } {
  const [first, second] = segments.map((segment) => messageNumber(segment, field));
  const query = url.searchParams;
  const number = (name: string): number | undefined => {
    const value = query.get(name);
    return value === null ? undefined : messageNumber(value, field);
  };
  const message = second ?? first;
  const topic = second === undefined ? number("thread") : first;
  const comment = number("comment");
  if (message === undefined) return {};
  return {
    target: {
      message,
      ...(topic === undefined ? {} : { topic }),
      ...(comment === undefined ? {} : { comment }),
      ...(query.has("single") ? { single: true } : {}),
    },
  };
}

/** The highest message id that TL can say. */
const MOST = 0x7fffffff;

function isMessageNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST;
}

function messageNumber(text: string, field: string): number {
  if (isMessageNumber(text)) return Number(text);
  throw new AppError("INPUT_VALIDATION", `${field}: the link has no message number where one belongs.`, { field });
}

function unsupported(what: string, field: string): AppError {
  return new AppError("UNSUPPORTED", `${field} is a link to ${what}, which has no history.`, {
    field,
    hint: "Send the @name, id or title of a chat, or a link to one of its messages.",
  });
}
