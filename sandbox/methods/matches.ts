/**
 * The results of searches, kept so that neither their pages nor the counters need look through the whole chat again.
 * @module
 */
import { RpcError, type TlObject } from "../rpc.ts";
import type { History, World } from "../world/mod.ts";
import { type Filter, FILTERS, isFilter, matcher, type Search } from "../world/search.ts";

/** Enough for one search in every chat. */
const KEPT = 512;

/** The ids of the messages that match, newest first. */
export type Matches = (chatId: string, search: Search) => Int32Array;

interface Kept<Value> {
  readonly version: number;
  readonly value: Value;
}

/** Which filters each message of a history passes, one bit a filter. */
function bitsOf(history: History): Uint32Array {
  const tests = FILTERS.map((filter) => matcher({ filter }));
  const bits = new Uint32Array(history.length);
  for (let index = 0; index < bits.length; index++) {
    const message = history.at(index);
    tests.forEach((test, bit) => {
      if (test(message)) bits[index] = (bits[index] ?? 0) | 1 << bit;
    });
  }
  return bits;
}

/** Creates the search over a world. */
export function createMatches(world: World): Matches {
  const results = new Map<string, Kept<Int32Array>>();
  const bits = new Map<string, Kept<Uint32Array>>();

  const filtersOf = (chatId: string, history: History): Uint32Array => {
    const known = bits.get(chatId);
    if (known?.version === history.version) return known.value;
    const value = bitsOf(history);
    bits.set(chatId, { version: history.version, value });
    return value;
  };

  const find = (chatId: string, search: Search): Int32Array => {
    const history = world.messages(chatId);
    const { filter = "Empty" } = search;
    const passed = filter === "Empty" ? undefined : filtersOf(chatId, history);
    const bit = 1 << FILTERS.indexOf(filter);
    const test = matcher({ ...search, forum: world.chats.get(chatId)?.kind === "forum" });
    const ids: number[] = [];
    for (let index = history.length - 1; index >= 0; index--) {
      if (passed && ((passed[index] ?? 0) & bit) === 0) continue;
      if (test(history.at(index))) ids.push(history.idAt(index));
    }
    return Int32Array.from(ids);
  };

  return (chatId, search) => {
    const { version } = world.messages(chatId);
    const key = JSON.stringify([chatId, search]);
    const known = results.get(key);
    if (known?.version === version) return known.value;
    if (results.size >= KEPT) results.clear();
    const value = find(chatId, search);
    results.set(key, { version, value });
    return value;
  };
}

/**
 * The filter of a request.
 * @throws {RpcError} INPUT_FILTER_INVALID
 */
export function filterOf(input: TlObject): Filter {
  const name = input.className.replace(/^InputMessagesFilter/, "");
  if (!isFilter(name)) throw new RpcError(400, "INPUT_FILTER_INVALID");
  return name;
}
