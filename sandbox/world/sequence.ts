/**
 * The message ids that private chats and basic groups of one account share, https://core.telegram.org/api/offsets.
 * @module
 */
import type { ChatSeed } from "./chats/seed.ts";

/** The common sequence. */
export interface Sequence {
  /** The chat a message id was given to. */
  chatOf(id: number): string | undefined;
  /** The next id, given to a chat. */
  next(chatId: string): number;
}

/** Numbers the messages of all these chats by date, writing the ids into their timelines. */
export function createSequence(seeds: readonly ChatSeed[]): Sequence {
  const slots = seeds.flatMap(({ chat, timeline }, order) =>
    Array.from(timeline.dates, (date, index) => ({ chatId: chat.id, timeline, order, date, index }))
  );
  slots.sort((a, b) => a.date - b.date || a.order - b.order || a.index - b.index);
  const owners = new Map<number, string>();
  let last = 100;
  for (const { chatId, timeline, index } of slots) {
    // Messages deleted since leave gaps: every seventh id.
    last += last % 7 === 0 ? 2 : 1;
    timeline.ids[index] = last;
    owners.set(last, chatId);
  }
  return {
    chatOf: (id) => owners.get(id),
    next: (chatId) => {
      owners.set(++last, chatId);
      return last;
    },
  };
}
