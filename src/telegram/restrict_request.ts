/**
 * Which requests leave a view of some chats.
 * @module
 */
import { AppError } from "../errors.ts";
import { toTelegramError } from "../mtproto/errors.ts";
import { namedBy, SELF } from "./named_peers.ts";
import type { Sight } from "./restrict_sight.ts";
import { fieldsOf, isTl, type Tl } from "./tl.ts";

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
  if (leavesOpen(request)) throw noSuchChat(className);
  const self = sight.peers.self()?.id;
  for (const { id, field } of namedBy(request)) {
    const isSender = className === "messages.Search" && field === "fromId";
    if (id === SELF && (isSender || className === "users.GetUsers")) continue;
    const marked = id === SELF ? self : id;
    if (marked === undefined || !(sight.allows(marked) || (isSender && sight.hasSeen(marked)))) {
      throw noSuchChat(className);
    }
  }
}

/** Whether it leaves to Telegram which chat or message is meant: nobody instead of a peer, or what another message refers to. */
function leavesOpen(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(leavesOpen);
  if (!isTl(value)) return false;
  const { className } = value;
  const isOpen = /^Input(Peer|User|Channel)Empty$/.test(className) ||
    (/^InputMessage[A-Z]/.test(className) && className !== "InputMessageID");
  return isOpen || fieldsOf(value).some(([, inner]) => leavesOpen(inner));
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
