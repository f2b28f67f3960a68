/**
 * Pagination by an offset, https://core.telegram.org/api/offsets.
 * @module
 */
import type { History, Places, WorldMessage } from "../world/mod.ts";
import type { Slice } from "./answers.ts";
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

/** What chooses a page of a history. */
export interface Offsets extends Window, Bounds {
  readonly offsetId: number;
  readonly offsetDate: number;
}

/**
 * A page of messages, newest first: `offset_id` or, without one, `offset_date` ("messages sent before the specified date", so
 * exclusive) chooses where the slice begins; `max_id` and `min_id` come after. That an id makes the date count for nothing is not
 * documented: clients that page by id send the last message's date along and miss nothing.
 * @param list the places of what is paged, a whole history or a part of it
 * @param history the messages themselves
 */
export function pageOf(list: Places, history: History, offsets: Offsets): Slice {
  const { offsetId, offsetDate } = offsets;
  const count = list.length;
  const before = offsetId > 0 ? list.countBelowId(offsetId) : offsetDate > 0 ? list.countBefore(offsetDate) : count;
  const offset = count - before;
  const { from, to } = placesOf(count, offset, offsets);
  const messages: WorldMessage[] = [];
  for (let place = from; place < to; place++) {
    const id = list.idAt(count - 1 - place);
    const message = within(offsets, id) ? history.byId(id) : undefined;
    if (message) messages.push(message);
  }
  return { messages, count, ...offset > 0 && { place: from } };
}
