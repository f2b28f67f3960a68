/**
 * Pagination by an offset, https://core.telegram.org/api/offsets.
 * @module
 */
import { limited } from "./method.ts";

/** The parameters that choose a slice. */
export interface Window {
  readonly addOffset: number;
  readonly limit: number;
}

/** The parameters that thin out a slice once it is chosen. */
export interface Bounds {
  readonly maxId: number;
  readonly minId: number;
}

/**
 * The places of a slice in a list with the newest first: `from` inclusive, `to` exclusive. It begins at
 * `offsetFromID(offset_id) + add_offset`; what a negative `add_offset` would take from before the beginning is cut off.
 * @param offset how many results there are down to the offset, inclusive
 */
export function placesOf(
  count: number,
  offset: number,
  window: Window,
): { readonly from: number; readonly to: number } {
  const start = offset + window.addOffset;
  const from = Math.min(count, Math.max(0, start));
  return { from, to: Math.max(from, Math.min(count, start + limited(window.limit))) };
}

/** Whether an id is within the bounds, both exclusive; they come after the slice, so a page may be short, or empty. */
export function within({ maxId, minId }: Bounds, id: number): boolean {
  return (maxId <= 0 || id < maxId) && (minId <= 0 || id > minId);
}
