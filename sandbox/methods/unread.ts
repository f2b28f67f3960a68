/**
 * What we have not read.
 * @module
 */
import type { World, WorldChat, WorldMessage } from "../world/mod.ts";
import { topicOf } from "../world/threads.ts";

/** How far we have read in the chat, or in the topic of a forum, that a message is in. */
export function readUpTo(world: World, chat: WorldChat, message: WorldMessage): number {
  const topic = chat.topics && topicOf(message);
  return chat.topics?.find(({ id }) => id === topic)?.readInbox ?? world.dialogs.get(chat.id)?.readInbox ?? 0;
}

/** Received messages that we have not read, and mentions among them. */
export interface Unread {
  readonly messages: number;
  readonly mentions: number;
}

/** The unread ones of a chat or, if a topic is given, of that topic. */
export function unreadOf(world: World, chatId: string, topicId?: number): Unread {
  const chat = world.chats.get(chatId);
  const readInbox = world.dialogs.get(chatId)?.readInbox;
  let [messages, mentions] = [0, 0];
  if (!chat || readInbox === undefined) return { messages, mentions };
  const history = world.messages(chatId);
  const least = Math.min(readInbox, ...(chat.topics ?? []).map((topic) => topic.readInbox));
  for (let index = history.length - 1; index >= 0 && history.idAt(index) > least; index--) {
    const message = history.at(index);
    if (topicId !== undefined && topicOf(message) !== topicId) continue;
    if (message.id <= readUpTo(world, chat, message)) continue;
    if (!message.out) messages++;
    if (message.mentioned) mentions++;
  }
  return { messages, mentions };
}
