/**
 * Chats whose messages are written down one by one.
 * @module
 */
import type { WorldChat } from "../chat.ts";
import type { Draft } from "../message.ts";
import type { ChatSeed } from "./seed.ts";

/** A message and when it was sent, in seconds. */
export interface Listed {
  readonly date: number;
  readonly draft: Draft;
}

/**
 * A seed of listed messages: their ids are their places from 1, of private chats and basic groups in the common sequence.
 * @param messages in order of date
 */
export function listed(chat: WorldChat, messages: readonly Listed[], dialog?: ChatSeed["dialog"]): ChatSeed {
  const timeline = {
    ids: Int32Array.from(messages, (_, index) => index + 1),
    dates: Int32Array.from(messages, ({ date }) => date),
  };
  return {
    chat,
    timeline,
    write: (id) => messages[timeline.ids.indexOf(id)]?.draft ?? { text: "" },
    ...dialog && { dialog },
  };
}

/** Messages of one chat, from a date on, so many seconds apart. */
export function every(step: number, first: number, drafts: readonly Draft[]): readonly Listed[] {
  return drafts.map((draft, index) => ({ date: first + index * step, draft }));
}
