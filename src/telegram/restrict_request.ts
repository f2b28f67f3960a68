/**
 * Which requests leave a view of some chats.
 * @module
 */
import { AppError } from "../errors.ts";
import { toTelegramError } from "../mtproto/errors.ts";
import type { BigInteger } from "../mtproto/gram.ts";
import { type IdSpace, markedId } from "./ids.ts";
import type { Sight } from "./restrict_sight.ts";

/** A TL object. */
type Tl = { readonly className: string };

/** Methods that a view may ask, if they name no other chat. Whatever else can be read must be thought about first. */
const ASKED: ReadonlySet<string> = new Set([
  "channels.GetForumTopics",
  "channels.GetForumTopicsByID",
  "channels.GetFullChannel",
  "channels.GetMessages",
  "channels.GetParticipants",
  "messages.GetChats",
  "messages.GetDiscussionMessage",
  "messages.GetFullChat",
  "messages.GetHistory",
  "messages.GetMessages",
  "messages.GetPeerDialogs",
  "messages.GetReplies",
  "messages.Search",
  "upload.GetFile",
  "users.GetFullUser",
  "users.GetUsers",
]);

/** Methods whose very question is a name, or the whole of the account: answered here, as if there were nothing. */
const NEVER_ASKED: ReadonlySet<string> = new Set([
  "contacts.ResolveUsername",
  "messages.CheckChatInvite",
  "messages.GetDialogFilters",
  "messages.GetDialogs",
]);

/** Fields that hold an id, whatever holds them. */
const ID_FIELDS: ReadonlyMap<string, IdSpace> = new Map([
  ["userId", "user"],
  ["chatId", "group"],
  ["channelId", "channel"],
]);

/** The request inside its envelopes. */
export function innermost(request: Tl): Tl {
  return "query" in request && isTl(request.query) ? innermost(request.query) : request;
}

/**
 * Lets requests pass that name chats of a view only; besides, a search may name as its sender whom the view has shown, and the
 * account may ask who it is.
 * @param request without envelopes
 * @throws RpcError CHAT_NOT_FOUND as of a chat that does not exist; AppError INPUT_VALIDATION for a search over all chats,
 * INTERNAL for a method that a view does not know
 */
export function assertSeen(request: Tl, sight: Sight): void {
  const { className } = request;
  if (className === "messages.SearchGlobal") throw chatMissing();
  if (NEVER_ASKED.has(className)) throw noSuchChat(className);
  if (!ASKED.has(className)) {
    throw new AppError("INTERNAL", `${className} is not on the list of methods that a view of some chats may ask.`);
  }
  const self = sight.peers.self()?.id;
  for (const [field, value] of fieldsOf(request)) {
    for (const id of namedBy(className, field, value)) {
      const isSender = className === "messages.Search" && field === "fromId";
      if (id === SELF && (isSender || className === "users.GetUsers")) continue;
      const marked = id === SELF ? self : id;
      if (marked === undefined || !(sight.allows(marked) || (isSender && sight.hasSeen(marked)))) {
        throw noSuchChat(className);
      }
    }
  }
}

/** Instead of a marked id: the account itself. */
const SELF = "self";

function namedBy(method: string, field: string, value: unknown): string[] {
  if (method === "messages.GetChats" && field === "id" && Array.isArray(value)) {
    return value.map((id: BigInteger) => markedId("group", id));
  }
  return namedIn(value, field);
}

/** The marked ids that a value names, in whatever way TL names users and chats in requests. */
export function namedIn(value: unknown, field = ""): string[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  if (Array.isArray(value)) return value.flatMap((each: unknown) => namedIn(each, field));
  if (!isTl(value)) {
    const space = ID_FIELDS.get(field);
    return space === undefined ? [] : [markedId(space, BigInt(String(value)))];
  }
  if (/^Input(Peer|User)Self$/.test(value.className)) return [SELF];
  // A folder stands for all chats in it.
  if (value.className === "InputDialogPeerFolder") return [""];
  return fieldsOf(value).flatMap(([name, inner]) => namedIn(inner, name));
}

function fieldsOf(value: object): [string, unknown][] {
  return Object.entries(value).filter(([name]) => name !== "originalArgs");
}

function isTl(value: unknown): value is Tl {
  return typeof value === "object" && value !== null && "className" in value && typeof value.className === "string";
}

/** What Telegram says of a chat that there is not. */
function noSuchChat(method: string): AppError {
  return toTelegramError({ code: 400, errorMessage: "PEER_ID_INVALID" }, method);
}

/** The refusal of a search over all chats: how much it finds, and where pages begin, would tell of chats that may not be seen. */
export function chatMissing(): AppError {
  return new AppError("INPUT_VALIDATION", "chat: this key may read some chats only, so a search must name one.", {
    field: "chat",
    hint: "Name a chat; list_chats lists those that this key may read.",
    suggest: { tool: "list_chats", arguments: {} },
  });
}
