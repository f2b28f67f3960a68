/**
 * The chats of an export, and names for ids.
 * @module
 */
import type { ChatKind } from "../../model/chat.ts";
import type { Message } from "../../model/message.ts";
import { spaceOf } from "../../telegram/ids.ts";
import type { RenderChat, RenderContext } from "./render.ts";

/** What is known of chats and people. */
export interface Names {
  /** The chat of a message: the known one, or what the message itself tells. */
  chatOf(message: Message): RenderChat;
  /** A chat's or person's name; the id of one that is not known. */
  nameOf(id: string, message: Message): string;
  /** `@name`, or the id of one that is not known to have any. */
  usernameOf(id: string): string;
}

/** Names by the context, and by what messages say of their own senders. */
export function createNames({ chats, self }: Pick<RenderContext, "chats" | "self">): Names {
  const known = new Map(chats.map((chat) => [chat.id, chat]));
  return {
    chatOf: ({ chat_id: id, ...message }) =>
      known.get(id) ?? { ...guessChat({ ...message, chat_id: id }, self), title: id },
    nameOf: (id, { sender }) => known.get(id)?.title ?? (sender?.id === id ? sender.name : id),
    usernameOf: (id) => {
      const username = known.get(id)?.username;
      return username === undefined ? id : `@${username}`;
    },
  };
}

/**
 * What one message tells of its chat.
 * @param self the account's own marked id
 */
export function guessChat(message: Message, self?: string): Omit<RenderChat, "title"> {
  const { chat_id: id, sender } = message;
  const username = /^https:\/\/t\.me\/(?!c\/)(\w+)\//.exec(message.link ?? "")?.[1];
  const kind = (): ChatKind => {
    if (id === self) return "saved";
    const space = spaceOf(BigInt(id));
    if (space === "user") return sender?.id === id && sender.kind === "bot" ? "bot" : "user";
    return space === "group" ? "group" : message.post ? "channel" : "supergroup";
  };
  return { id, kind: kind(), ...(username === undefined ? {} : { username }) };
}
