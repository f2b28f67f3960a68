/**
 * When messages were sent: ids with gaps, dates that never decrease, and runs of messages within one second.
 * @module
 */
import type { Timeline } from "./history.ts";
import { createRandom } from "./random.ts";

/** Seconds of a UTC date such as `2023-01-02` or a full RFC 3339 one. */
export function seconds(date: string): number {
  return Date.parse(date) / 1000;
}

/** The shape of a timeline. */
export interface TimelineOptions {
  readonly seed: number;
  readonly count: number;
  /** Seconds of the first and of the last message. */
  readonly first: number;
  readonly last: number;
  /** One message in so many is followed by deleted ones; 0: none. */
  readonly gapEvery?: number;
  /** One message in so many begins a run of 2 to 30 with one date; 0: none. */
  readonly runEvery?: number;
  /** Whether a message was sent in the same second as the one before it, as the parts of an album are. */
  readonly joined?: (id: number) => boolean;
}

/** The timeline; ids begin at 1. */
export function createTimeline(options: TimelineOptions): Timeline {
  const { count, first, last, gapEvery = 0, runEvery = 0 } = options;
  const random = createRandom(options.seed, 0x71e);
  const ids = new Int32Array(count);
  const steps = new Int32Array(count);
  let id = 0;
  let run = 0;
  let total = 0;
  for (let index = 0; index < count; index++) {
    id += gapEvery > 0 && index > 1 && random.oneIn(gapEvery) ? 2 + random.int(5) : 1;
    ids[index] = id;
    if (run > 0) run--;
    else if (index > 0 && !options.joined?.(id)) {
      // A quarter of the steps is twenty times longer: chats sleep at times.
      total += 1 + random.int(200) * (random.oneIn(4) ? 20 : 1);
      if (runEvery > 0 && random.oneIn(runEvery)) run = 1 + random.int(29);
    }
    steps[index] = total;
  }
  const span = last - first;
  const dates = steps.map((step) => first + (total === 0 ? 0 : Math.floor(step / total * span)));
  return { ids, dates };
}
