/**
 * Which chats a call has really asked Telegram about, whatever it was told to do.
 * @module
 */
import { AppError } from "../errors.ts";
import type { Call } from "../mtproto/invoke.ts";
import type { Account } from "./account.ts";
import { FOLDER, namedBy, namedIn, SELF } from "./named_peers.ts";

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
const ME = "me";

/** Where a page begins and whose messages are wanted in it: of these chats nothing is asked. */
const NOT_ASKED: ReadonlySet<string> = new Set(["fromId", "offsetPeer"]);

/** A record of one call. */
export function createTouched(): Touched {
  /** Requests a chat is in, refused ones taken off again. */
  const counts = new Map<string, number>();
  const note = (ids: Iterable<string>, by = 1): void => {
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + by);
  };
  let self = (): string => ME;
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
      const ids = [...counts].filter(([, count]) => count > 0).map(([id]) => id === ME ? self() : id);
      return [...new Set(ids)];
    },
    noting: (account) => {
      self = () => account.peers.self()?.id ?? ME;
      return { ...account, call: noted(account.call), withDc: (dcId) => noted(account.withDc(dcId)) };
    },
  };
}

/** The chats that a request is about, as far as it names them. */
export function askedBy(request: { readonly className: string }): string[] {
  // Whose session this is: about no chat.
  if (request.className === "users.GetUsers") return [];
  return namedBy(request).flatMap(({ id, field }) => NOT_ASKED.has(field) ? [] : chatOf(id));
}

function chatOf(id: string): string[] {
  if (id === FOLDER) return [];
  return [id === SELF ? ME : id];
}

/** The chats that messages were found in. */
function chatsOf(answer: unknown): string[] {
  if (typeof answer !== "object" || answer === null || !("messages" in answer)) return [];
  const messages: unknown[] = Array.isArray(answer.messages) ? answer.messages : [];
  return messages.flatMap((message) =>
    typeof message === "object" && message !== null && "peerId" in message
      ? namedIn(message.peerId).flatMap(chatOf)
      : []
  );
}
