/**
 * Message ids that an export does not have, and why. Ids come in rising order; what lies between them is decided by the spans
 * that Telegram answered completely. Pure.
 * @module
 */
import * as z from "zod";
import { gapRangeSchema, type Gaps, type GapVerdict } from "../model/manifest.ts";
import type { Range } from "../telegram/dates.ts";

/** More ranges than this are counted, not listed. */
export const MOST_RANGES = 1000;

/** What is known so far. */
export const gapStateSchema = z.strictObject({
  /** The first id of the whole; absent until a message shows it, where a date is the bound. */
  from: z.int().optional(),
  /** The last id of the whole; absent where a date is the bound: then it is the last one read. */
  to: z.int().optional(),
  /** The first id that is not decided. */
  next: z.int().optional(),
  /** Spans that were answered completely, by where they begin. */
  covered: z.array(z.tuple([z.int(), z.int()])),
  deleted: z.int(),
  service: z.int(),
  filtered: z.int(),
  unknown: z.int(),
  ranges: z.array(gapRangeSchema),
  truncated: z.literal(true).optional(),
});

/** See {@link gapStateSchema}. */
export type GapState = z.infer<typeof gapStateSchema>;

/**
 * The beginning: nothing is decided.
 * @param upTo the newest message id that belongs to it
 * @param since ids up to this one belong to an earlier export
 */
export function beginGaps({ from, to }: Range, upTo: number, since = 0): GapState {
  const low = from === undefined ? since + 1 : "id" in from ? Math.max(from.id, since + 1) : undefined;
  const high = to === undefined ? upTo : "id" in to ? Math.min(to.id - 1, upTo) : undefined;
  const none = { covered: [], deleted: 0, service: 0, filtered: 0, unknown: 0, ranges: [] };
  return { from: low, to: high, next: low, ...none };
}

/** Notes that Telegram named every message from `from` to `to`, both inclusive. */
export function cover(state: GapState, from: number, to: number): void {
  const last = state.covered.at(-1);
  if (last !== undefined && last[0] <= from && from <= last[1] + 1) last[1] = Math.max(last[1], to);
  else if (from <= to) state.covered = [...state.covered, [from, to] as [number, number]].sort(([a], [b]) => a - b);
}

/** Notes a message, which decides all ids below it. One below the whole, looked at again, is no part of it. */
export function tell(state: GapState, id: number, verdict: "kept" | "service" | "filtered"): void {
  state.from ??= id;
  if (id < state.from) return;
  decide(state, id - 1);
  if (verdict !== "kept") note(state, id, id, verdict);
  state.next = id + 1;
}

/** What it comes to if nothing more follows; undefined when there are no ids to speak of. The state is left as it is. */
export function closeGaps(state: GapState): Gaps | undefined {
  const closed = structuredClone(state);
  if (closed.to !== undefined) decide(closed, closed.to);
  const { from, next = 0, to = next - 1, deleted, service, filtered, unknown, ranges, truncated } = closed;
  if (from === undefined || to < from) return undefined;
  return { from, to, deleted, service, filtered, unknown, ranges, truncated };
}

/** Decides all up to an id. */
function decide(state: GapState, to: number): void {
  let next = state.next ?? to + 1;
  for (const [start, end] of state.covered) {
    const [first, last] = [Math.max(start, next), Math.min(end, to)];
    if (first > last) continue;
    note(state, next, first - 1, "unknown");
    note(state, first, last, "deleted");
    next = last + 1;
  }
  note(state, next, to, "unknown");
  state.next = Math.max(next, to + 1);
  state.covered = state.covered.filter(([, end]) => end > to);
}

function note(state: GapState, from: number, to: number, verdict: GapVerdict): void {
  if (from > to) return;
  state[verdict] += to - from + 1;
  const last = state.ranges.at(-1);
  if (last?.verdict === verdict && last.to === from - 1) last.to = to;
  else if (state.ranges.length < MOST_RANGES) state.ranges.push({ from, to, verdict });
  else state.truncated = true;
}
