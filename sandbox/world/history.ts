/**
 * One chat's messages: ids and dates in typed arrays, the messages themselves made when asked for.
 * @module
 */
import type { Draft, WorldMessage } from "./message.ts";

/** Where messages stand, the oldest first: ids ascend, dates never decrease. */
export interface Places {
  readonly length: number;
  idAt(index: number): number;
  /** How many messages have a smaller id. */
  countBelowId(id: number): number;
  /** How many messages are older than a date in seconds. */
  countBefore(date: number): number;
}

/** Messages in ascending order of id. */
export interface History extends Places, Iterable<WorldMessage> {
  /** Grows with every change; what was computed from an older version is stale. */
  readonly version: number;
  /** The message at an index from 0 (the oldest). */
  at(index: number): WorldMessage;
  /** The message with an id, if there is one. */
  byId(id: number): WorldMessage | undefined;
  dateAt(index: number): number;
}

/** A history that can change. */
export interface MutableHistory extends History {
  append(id: number, date: number, draft: Draft): WorldMessage;
  replace(message: WorldMessage): void;
  remove(id: number): boolean;
}

/** Where the messages of a chat stand, before any is written. */
export interface Timeline {
  readonly ids: Int32Array;
  readonly dates: Int32Array;
}

const KEPT = 4_096;

/** How many of the first `length` values, ascending, are smaller than the wanted one. */
export function lowerBound(values: Int32Array, length: number, wanted: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A history over a timeline.
 * @param write makes the message of an id without looking at any other, so that it can be made at any time.
 */
export function createHistory(timeline: Timeline, write: (id: number, date: number) => Draft): MutableHistory {
  // Copies: writers look up ids in the timeline as it was at first, whatever is removed later.
  let ids: Int32Array = timeline.ids.slice();
  let dates: Int32Array = timeline.dates.slice();
  let length = ids.length;
  let version = 0;
  const changed = new Map<number, WorldMessage>();
  const made = new Map<number, WorldMessage>();

  const idAt = (index: number): number => {
    const id = index < length ? ids[index] : undefined;
    if (id === undefined) throw new RangeError(`no message at ${index} of ${length}`);
    return id;
  };
  const dateAt = (index: number): number => (idAt(index), dates[index] ?? 0);
  const at = (index: number): WorldMessage => {
    const id = idAt(index);
    const known = changed.get(id) ?? made.get(id);
    if (known) return known;
    const date = dateAt(index);
    const message = { id, date, ...write(id, date) };
    if (made.size >= KEPT) made.clear();
    made.set(id, message);
    return message;
  };
  const countBelowId = (id: number): number => lowerBound(ids, length, id);
  const find = (id: number): number => {
    const index = countBelowId(id);
    return index < length && ids[index] === id ? index : -1;
  };
  const grow = (values: Int32Array): Int32Array => {
    const larger = new Int32Array(Math.max(16, values.length * 2));
    larger.set(values);
    return larger;
  };

  return {
    get length() {
      return length;
    },
    get version() {
      return version;
    },
    at,
    idAt,
    dateAt,
    countBelowId,
    countBefore: (date) => lowerBound(dates, length, date),
    byId: (id) => {
      const index = find(id);
      return index < 0 ? undefined : at(index);
    },
    append: (id, date, draft) => {
      if (length > 0 && id <= idAt(length - 1)) {
        throw new RangeError(`message ${id} does not follow ${idAt(length - 1)}`);
      }
      if (length === ids.length) [ids, dates] = [grow(ids), grow(dates)];
      ids[length] = id;
      dates[length] = date;
      length++;
      version++;
      const message = { ...draft, id, date };
      changed.set(id, message);
      return message;
    },
    replace: (message) => {
      if (find(message.id) < 0) throw new RangeError(`no message ${message.id}`);
      changed.set(message.id, message);
      version++;
    },
    remove: (id) => {
      const index = find(id);
      if (index < 0) return false;
      ids.copyWithin(index, index + 1, length);
      dates.copyWithin(index, index + 1, length);
      length--;
      version++;
      changed.delete(id);
      made.delete(id);
      return true;
    },
    *[Symbol.iterator](): Generator<WorldMessage> {
      for (let index = 0; index < length; index++) yield at(index);
    },
  };
}
