/**
 * What a builder of a chat hands over.
 * @module
 */
import type { WorldChat } from "../chat.ts";
import type { Timeline } from "../history.ts";
import type { Draft } from "../message.ts";

/** A chat, when its messages were sent, how each is written, and how it stands in the dialog list. */
export interface ChatSeed {
  readonly chat: WorldChat;
  /** Ids of a private chat or basic group are only an order; the account's common sequence replaces them. */
  readonly timeline: Timeline;
  /** The ids of this private chat or basic group are those of the common sequence, before all others. */
  readonly numbered?: boolean;
  readonly write: (id: number, date: number) => Draft;
  /** Absent: not in the dialog list. */
  readonly dialog?: {
    /** How many messages at the end we have not read. */
    readonly unread?: number;
    /** How many messages at the end the other side has not read. */
    readonly unseen?: number;
    readonly pinned?: number;
    readonly folder?: 0 | 1;
    readonly muted?: boolean;
    readonly unreadMark?: boolean;
  };
}

/** The messages of a timeline by their place: `[index, draft of the id]`, for posts that must exist. */
export function placed(
  timeline: Timeline,
  drafts: Readonly<Record<number, (idBefore: number) => Draft>>,
): ReadonlyMap<number, Draft> {
  const entries = Object.entries(drafts).map(([key, draft]): readonly [number, Draft] => {
    const index = Number(key);
    return [timeline.ids[index] ?? 0, draft(timeline.ids[index - 1] ?? 0)];
  });
  return new Map(entries);
}
