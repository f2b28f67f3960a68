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

/** Ids below are left to chats that bring their own. */
const FIRST = 101;

/** Numbers the messages of all these chats by date, writing the ids into their timelines. */
export function createSequence(seeds: readonly ChatSeed[]): Sequence {
  const owners = new Map<number, string>();
  for (const { chat, timeline, numbered } of seeds) {
    if (numbered) { for (const id of timeline.ids) owners.set(id, chat.id); }
  }
  const slots = seeds.filter(({ numbered }) => !numbered).flatMap(({ chat, timeline }, order) =>
    Array.from(timeline.dates, (date, index) => ({ chatId: chat.id, timeline, order, date, index }))
  );
  slots.sort((a, b) => a.date - b.date || a.order - b.order || a.index - b.index);
  let last = FIRST - 1;
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
