/**
 * A chat's history from its oldest message on, with several requests under way: what `history.ts` reads, sooner. It is for
 * chats whose message ids are their own, so that a guess can be made at where the next page begins.
 *
 * Each request asks for the messages from an id on, so its answer names all there are up to the newest in it, however many ids
 * were deleted. A guess that lies too near costs messages that are answered twice, of which each is taken once; one that lies
 * too far is thrown away and asked again. How many requests are under way grows while guesses are good and is halved by a bad
 * one: where ids are sparse it comes down to one page after another.
 * @module
 */
import type { Api } from "../mtproto/gram.ts";
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import { isMessage, type Slice, sliceRequest, startingPoint } from "./history.ts";
import { peersOf } from "./peers.ts";
import { type HistoryQuery, isBeyond, matcher } from "./query.ts";

/** Options of {@link readHistoryAhead}. */
export interface AheadOptions {
  /** Goes on behind this message id. */
  readonly after?: number;
  /** Nothing is asked for behind this message id, though messages behind it may come along. */
  readonly last: number;
  /** Pages under way or waiting to be taken, 1 or more. */
  readonly pages: number;
  readonly callOptions?: CallOptions;
}

/** Messages a request, the most that Telegram gives. */
const PAGE_SIZE = 100;

interface Page {
  /** The id that it was asked from. */
  readonly from: number;
  readonly answer: Promise<Api.messages.TypeMessages>;
}

/**
 * Walks the messages of a query that is read whole, oldest first, each of them once.
 * @throws whatever a request failed with, after all that lies before it was yielded; what is under way then, or when the walk
 * is left, is given up
 */
export async function* readHistoryAhead(
  call: Call,
  query: HistoryQuery,
  { after, last, pages: most, callOptions }: AheadOptions,
): AsyncGenerator<Pick<Slice, "messages" | "seen" | "peers" | "reached">, void, undefined> {
  const { chat } = query;
  const matches = matcher(query);
  const start = after ?? await startingPoint(call, query, callOptions);
  if (start === undefined) return;
  const pages: Page[] = [];
  const guess = createGuess(most);
  /** All up to `at` is known; the next request begins with `next`. */
  let [at, next] = [start, start + 1];
  let stop = createStop(callOptions?.signal);
  const ask = (from: number): Page => {
    const request = sliceRequest(query, { offsetId: from, addOffset: -PAGE_SIZE, limit: PAGE_SIZE });
    const answer = call(request, { ...callOptions, signal: stop.signal });
    // Its turn to be waited for may come after it has failed, or never.
    answer.catch(() => {});
    return { from, answer };
  };
  const fill = (): void => {
    for (
      next = pages.length === 0 ? at + 1 : Math.max(next, at + 1);
      pages.length < guess.atOnce() && next <= last;
      next += guess.stride()
    ) {
      pages.push(ask(next));
    }
  };
  const giveUp = async (): Promise<void> => {
    stop.abort();
    await Promise.allSettled(pages.splice(0).map(({ answer }) => answer));
  };
  try {
    for (fill(); pages[0] !== undefined && at < last; fill()) {
      const { from, answer } = pages[0];
      if (from > at + 1) {
        await giveUp();
        guess.isBad();
        [stop, next] = [createStop(callOptions?.signal), at + 1];
        continue;
      }
      const page = readPage(await answer, from);
      pages.shift();
      const ahead = page.messages.filter(({ id }) => id > at);
      at = Math.max(at, page.end);
      guess.learn(page.end - from + 1);
      if (ahead.length * 2 < page.messages.length) guess.isBad();
      else guess.isGood();
      const seen = ahead.filter(isMessage);
      const newest = seen.at(-1);
      if (newest === undefined) continue;
      // While these are written the next ones are on their way.
      fill();
      yield {
        messages: seen.filter(matches),
        seen,
        peers: new Map(peersOf(page.answer).map((peer) => [peer.id, peer])),
        reached: { chat: chat.id, id: newest.id, date: newest.date },
      };
      if (isBeyond(query, newest)) return;
    }
  } finally {
    await giveUp();
  }
}

/** A signal that is aborted here, or with another one. */
function createStop(signal: AbortSignal | undefined): { readonly signal: AbortSignal; readonly abort: () => void } {
  const stop = new AbortController();
  const signals = [stop.signal, ...(signal === undefined ? [] : [signal])];
  return { signal: AbortSignal.any(signals), abort: () => stop.abort() };
}

/** The messages of an answer, oldest first, and the id up to which it names all there are. */
function readPage(answer: Api.messages.TypeMessages, from: number): {
  readonly answer: Api.messages.TypeMessages;
  readonly messages: readonly Api.TypeMessage[];
  readonly end: number;
} {
  const all = answer.className === "messages.MessagesNotModified" ? [] : answer.messages;
  const messages = all.filter(({ id }) => id >= from).sort((a, b) => a.id - b.id);
  const isRest = answer.className === "messages.Messages" && all.length < PAGE_SIZE;
  return { answer, messages, end: isRest ? Infinity : messages.at(-1)?.id ?? Infinity };
}

/** So many of the latest answers say how dense the ids are. */
const REMEMBERED = 8;

/** Where the next pages begin, and how many are asked for at once. */
interface Guess {
  readonly atOnce: () => number;
  /** Ids from the beginning of one page to that of the next. */
  readonly stride: () => number;
  /** An answer reached over so many ids. */
  learn(reach: number): void;
  isGood(): void;
  isBad(): void;
}

/** The first page is alone: nothing is known before it. */
function createGuess(most: number): Guess {
  const reaches: number[] = [];
  let atOnce = 1;
  return {
    atOnce: () => atOnce,
    stride: () => {
      const least = Math.min(...reaches);
      // A little less than the shortest reach, but a whole page can have no fewer ids than messages.
      return reaches.length === 0 ? PAGE_SIZE : Math.min(least, Math.max(PAGE_SIZE, Math.floor(least * 0.9)));
    },
    learn: (reach) => {
      if (reaches.push(reach) > REMEMBERED) reaches.shift();
    },
    isGood: () => void (atOnce = Math.min(most, atOnce + 1)),
    isBad: () => void (atOnce = Math.max(1, atOnce >> 1)),
  };
}
