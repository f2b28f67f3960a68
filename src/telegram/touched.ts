/**
 * Which chats a call has really asked Telegram about, whatever it was told to do.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Call } from "../mtproto/invoke.ts";
import type { Account } from "./account.ts";
import { markedId } from "./ids.ts";

/** The chats that one call touches, while it goes on. */
export interface Touched {
  /** Their marked ids, each once. */
  chats(): string[];
  /** Notes chats that are read without asking Telegram. */
  note(ids: Iterable<string>): void;
  /** The account, with every request noted. */
  noting(account: Account): Account;
}

/** The account's own chat, before its id is known. */
const SELF = "me";

/** Where a page begins and whose messages are wanted in it: of these chats nothing is asked. */
const NOT_ASKED: ReadonlySet<string> = new Set(["fromId", "offsetPeer"]);

/** A record of one call. */
export function createTouched(): Touched {
  /** Requests a chat is in, refused ones taken off again. */
  const counts = new Map<string, number>();
  const note = (ids: Iterable<string>, by = 1): void => {
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + by);
  };
  let self = (): string => SELF;
  const noted = (call: Call): Call => async (request, options) => {
    const asked = askedBy(request);
    const ids = options?.chat === undefined ? asked : [...asked, options.chat];
    note(ids);
    try {
      const answer = await call(request, options);
      if (request.className === "messages.SearchGlobal") note(chatsOf(answer));
      return answer;
    } catch (error) {
      // It is no chat, or for this principal it is none.
      if (error instanceof AppError && error.code === "CHAT_NOT_FOUND") note(ids, -1);
      throw error;
    }
  };
  return {
    note: (ids) => note(ids),
    chats: () => {
      const ids = [...counts].filter(([, count]) => count > 0).map(([id]) => id === SELF ? self() : id);
      return [...new Set(ids)];
    },
    noting: (account) => {
      self = () => account.peers.self()?.id ?? SELF;
      return { ...account, call: noted(account.call), withDc: (dcId) => noted(account.withDc(dcId)) };
    },
  };
}

/** The chats that a request is about, as far as it names them. */
export function askedBy(request: { readonly className: string }): string[] {
  switch (request.className) {
    // Whose session this is: about no chat.
    case "users.GetUsers":
      return [];
    case "messages.GetChats":
      return "id" in request && Array.isArray(request.id) ? request.id.flatMap((id) => bare("group", id)) : [];
    case "messages.GetFullChat":
      return "chatId" in request ? bare("group", request.chatId) : [];
    default:
      return namedIn(request);
  }
}

/** Every input peer in a piece of TL (https://core.telegram.org/api/peers). */
function namedIn(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(namedIn);
  if (typeof part !== "object" || part === null || !("className" in part)) return [];
  return [
    ...peerOf(part),
    ...Object.entries(part).flatMap(([name, value]) => NOT_ASKED.has(name) ? [] : namedIn(value)),
  ];
}

function peerOf(part: object & { readonly className: unknown }): string[] {
  switch (part.className) {
    case "InputPeerSelf":
    case "InputUserSelf":
      return [SELF];
    case "PeerUser":
    case "InputPeerUser":
    case "InputUser":
    case "InputPeerUserFromMessage":
    case "InputUserFromMessage":
      return "userId" in part ? bare("user", part.userId) : [];
    case "PeerChat":
    case "InputPeerChat":
      return "chatId" in part ? bare("group", part.chatId) : [];
    case "PeerChannel":
    case "InputPeerChannel":
    case "InputChannel":
    case "InputPeerChannelFromMessage":
    case "InputChannelFromMessage":
      return "channelId" in part ? bare("channel", part.channelId) : [];
    default:
      return [];
  }
}

/** Ids are `bigint`s of the language or of a library. */
function bare(space: "user" | "group" | "channel", id: unknown): string[] {
  const digits = String(id);
  return /^\d+$/.test(digits) ? [markedId(space, BigInt(digits))] : [];
}

/** The chats that messages were found in. */
function chatsOf(answer: unknown): string[] {
  if (typeof answer !== "object" || answer === null || !("messages" in answer)) return [];
  const messages: unknown[] = Array.isArray(answer.messages) ? answer.messages : [];
  return messages.flatMap((message) =>
    typeof message === "object" && message !== null && "peerId" in message ? namedIn(message.peerId) : []
  );
}
