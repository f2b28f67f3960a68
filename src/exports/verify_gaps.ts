/**
 * Holds the gaps of a manifest against the ids that are there.
 * @module
 */
import type { Gaps } from "../model/manifest.ts";

/** Takes the ids of a history, rising. */
export interface GapCheck {
  add(id: number): void;
  /** After the last id: what is wrong, in a clause. */
  problem(): string | undefined;
}

/** Every id of the whole is a message or in exactly one range, and the ranges add up to the counts. */
export function createGapCheck(gaps: Gaps): GapCheck {
  const { ranges, truncated = false } = gaps;
  const listed = { deleted: 0, service: 0, filtered: 0, unknown: 0 };
  let [next, index, kept] = [gaps.from, 0, 0];
  let found: string | undefined;
  /** The ids up to `to` are missing: ranges must begin and end with them. */
  const skip = (to: number): void => {
    while (next <= to) {
      const range = ranges[index];
      if (range === undefined && truncated) break;
      if (range?.from !== next || range.to > to || range.to < next) {
        found ??= `the gap ${next} to ${to} is not what the ranges say`;
        break;
      }
      listed[range.verdict] += range.to - range.from + 1;
      next = range.to + 1;
      index++;
    }
    next = to + 1;
  };
  return {
    add: (id) => {
      if (id < gaps.from || id > gaps.to) return;
      kept++;
      skip(id - 1);
      next = id + 1;
    },
    problem: () => {
      skip(gaps.to);
      if (found !== undefined) return found;
      if (index < ranges.length) return `the range from ${ranges[index]?.from} is no gap`;
      const verdicts = ["deleted", "service", "filtered", "unknown"] as const;
      const wrong = verdicts.find((each) => truncated ? listed[each] > gaps[each] : listed[each] !== gaps[each]);
      if (wrong !== undefined) return `its ranges have ${listed[wrong]} ids ${wrong} where ${gaps[wrong]} are counted`;
      const sum = verdicts.reduce((total, each) => total + gaps[each], kept);
      const all = gaps.to - gaps.from + 1;
      return sum === all ? undefined : `messages and gaps are ${sum} ids of ${all}`;
    },
  };
}
