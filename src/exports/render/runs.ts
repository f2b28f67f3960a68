/**
 * A text cut at the ends of its entities, for formats that know no overlap.
 * @module
 */
import type { Entity } from "../../model/message.ts";

/** A stretch of text that the same entities hold throughout. */
export interface Run {
  readonly text: string;
  /**
   * Outermost first. Opening and closing from one run to the next what they do not have in common at the front gives a
   * proper nesting: an entity that reaches out of another is closed with it and opened again.
   */
  readonly entities: readonly Entity[];
}

/**
 * Cuts a text; the texts of the runs together are the text. Ends that lie outside of it, or within a pair of surrogates
 * (offsets count UTF-16 units, https://core.telegram.org/api/entities#entity-length), are moved to where it can be cut.
 */
export function cutRuns(text: string, entities: readonly Entity[] = []): Run[] {
  const spans = entities.map((entity) => ({
    entity,
    start: boundary(text, entity.offset, "before"),
    end: boundary(text, entity.offset + entity.length, "after"),
  })).filter(({ entity, start, end }) => entity.length > 0 && start < end)
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const cuts = [...new Set([0, text.length, ...spans.flatMap(({ start, end }) => [start, end])])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, index) => {
    const start = cuts[index] ?? 0;
    const around = spans.filter((span) => span.start <= start && span.end >= end);
    return { text: text.slice(start, end), entities: around.map(({ entity }) => entity) };
  });
}

/** How many entities at the front two runs have in common: those stay open between them. */
export function sharedDepth(one: readonly Entity[], other: readonly Entity[]): number {
  const differs = one.findIndex((entity, index) => entity !== other[index]);
  return differs === -1 ? one.length : differs;
}

function boundary(text: string, at: number, side: "before" | "after"): number {
  const inside = Math.min(at, text.length);
  const tears = /[\uD800-\uDBFF]/.test(text.charAt(inside - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(inside));
  return !tears ? inside : side === "before" ? inside - 1 : inside + 1;
}
