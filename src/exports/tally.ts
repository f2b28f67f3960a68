/**
 * What an export has so far, counted a page at a time: by kind, first and last, and the ids that are missing. It is stored
 * with every checkpoint, so that a job that goes on later goes on counting. Pure.
 * @module
 */
import * as z from "zod";
import type { ChatKind } from "../model/chat.ts";
import type { Deletion } from "../model/deletion.ts";
import { type Counts, countsSchema } from "../model/manifest.ts";
import type { Message } from "../model/message.ts";
import type { Range } from "../telegram/dates.ts";
import { beginGaps, closeGaps, cover, gapStateSchema, tell } from "./gaps.ts";

/** A history that is counted: a chat, or what it was before. */
export interface Segment {
  readonly kind: ChatKind;
  readonly range: Range;
  /** Of a delta: ids up to this one are those of the export that it continues. */
  readonly since?: number;
  /** The newest message id when the export began. */
  readonly upTo: number;
}

/** What became of one answer of Telegram's. */
export interface Page {
  /** Index of the segment. */
  readonly segment: number;
  /** What is written. */
  readonly kept: readonly Message[];
  /**
   * Every message of the segment's range that was read, ids rising; what is kept is among it. Of a delta, up to `since` only
   * what is kept.
   */
  readonly looked: readonly { readonly id: number; readonly verdict: "kept" | "service" | "filtered" }[];
  /** Written too: messages found to be gone, ids rising. */
  readonly deletions?: readonly Deletion[];
  /**
   * The span of ids that the answer covered completely, both ends inclusive: whatever Telegram has there is in `looked`.
   * Absent after a search, which names matches only.
   */
  readonly from?: number;
  readonly to?: number;
}

const stateSchema = z.strictObject({
  ...countsSchema.omit({ gaps: true, deletions: true }).shape,
  deletions: z.int(),
  since: z.int().optional(),
  /** The highest id that was told of. */
  reached: z.int(),
  /** No id lies above it. */
  limit: z.int(),
  gaps: gapStateSchema.optional(),
});
type State = z.infer<typeof stateSchema>;

const snapshotSchema = z.strictObject({ segments: z.array(stateSchema) });

/** A tally as JSON. */
export type TallySnapshot = z.infer<typeof snapshotSchema>;

/** See the module's text. */
export interface Tally {
  /**
   * Counts a page, all of it or nothing.
   * @throws RangeError for one that was counted already, or that lies outside of its segment
   */
  add(page: Page): void;
  /** What there is, one for each segment; ids that nothing was heard of are unknown. */
  counts(): Counts[];
  snapshot(): TallySnapshot;
}

/** Kinds of chats whose message ids are their own, so that a missing one means something. */
export function hasOwnIds(kind: ChatKind): boolean {
  return kind === "channel" || kind === "supergroup" || kind === "forum";
}

/** The kind that a message is counted under: its service action, its media's kind or text. */
export function countedAs({ service, media }: Pick<Message, "service" | "media">): string {
  return service === undefined ? media?.kind ?? "text" : `service:${service.action}`;
}

/** Begins at nothing. */
export function createTally(segments: readonly Segment[]): Tally {
  return tallyOf(segments.map(({ kind, range, since, upTo }) => {
    const limit = range.to !== undefined && "id" in range.to ? Math.min(range.to.id - 1, upTo) : upTo;
    const gaps = hasOwnIds(kind) ? beginGaps(range, upTo, since) : undefined;
    return {
      messages: 0,
      by_kind: {},
      deletions: 0,
      ...(since === undefined ? {} : { since }),
      reached: 0,
      limit,
      gaps,
    };
  }));
}

/**
 * Goes on from a snapshot.
 * @throws ZodError when it is none
 */
export function restoreTally(snapshot: unknown): Tally {
  return tallyOf(snapshotSchema.parse(snapshot).segments);
}

function tallyOf(states: State[]): Tally {
  return {
    add: (page) => {
      const state = states[page.segment];
      if (state === undefined) throw new RangeError(`the export has no segment ${page.segment}`);
      const reached = assertFits(state, page);
      const { kept, looked, deletions = [], from, to } = page;
      const { since = 0 } = state;
      for (const message of kept) countMessage(state, message, since);
      state.deletions += deletions.length;
      state.reached = reached;
      if (state.gaps === undefined) return;
      if (from !== undefined && to !== undefined) cover(state.gaps, from, to);
      for (const { id, verdict } of looked) if (id > since) tell(state.gaps, id, verdict);
    },
    counts: () => states.map(countsOf),
    snapshot: () => structuredClone({ segments: states }),
  };
}

/** The highest id of the state and the page. */
function assertFits({ reached, limit }: State, { kept, looked, deletions = [] }: Page): number {
  const ids = looked.map(({ id }) => id);
  for (const rising of [ids, deletions.map(({ id }) => id)]) {
    rising.reduce((before, id) => {
      if (id > before) return id;
      throw new RangeError(`message ${id} does not come behind ${before}`);
    }, reached);
  }
  const wanted = looked.filter(({ verdict }) => verdict === "kept");
  if (wanted.length !== kept.length || kept.some(({ id }, index) => id !== wanted[index]?.id)) {
    throw new RangeError("what is kept is not what was looked at");
  }
  const highest = Math.max(reached, ids.at(-1) ?? 0, deletions.at(-1)?.id ?? 0);
  if (highest > limit) throw new RangeError(`message ${highest} lies above ${limit}`);
  return highest;
}

/** Counts of a history, as they grow. */
export type Counting = Pick<Counts, "messages" | "edited" | "by_kind" | "first" | "last">;

/** Counts one message more, the newest so far. */
export function countMessage(
  counting: Counting,
  message: Pick<Message, "id" | "date" | "service" | "media">,
  since: number,
): void {
  const kind = countedAs(message);
  const end = { id: message.id, date: message.date };
  counting.messages++;
  if (message.id <= since) counting.edited = (counting.edited ?? 0) + 1;
  counting.by_kind[kind] = (counting.by_kind[kind] ?? 0) + 1;
  counting.first ??= end;
  counting.last = end;
}

function countsOf({ messages, edited, by_kind, deletions, first, last, gaps }: State): Counts {
  return {
    messages,
    edited,
    deletions: deletions || undefined,
    by_kind: sortedByName(by_kind),
    first,
    last,
    gaps: gaps && closeGaps(gaps),
  };
}

/** The same counts in one order, whatever order they came in. */
export function sortedByName(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a < b ? -1 : 1));
}
