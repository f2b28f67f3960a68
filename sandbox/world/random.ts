/**
 * Numbers that look random and are the same on every machine: integer arithmetic only, no library mathematics whose last
 * bit may differ.
 * @module
 */

/** A stream of numbers. */
export interface Random {
  /** An integer from 0 up to, but not including, `bound`. */
  int(bound: number): number;
  /** True once in `bound` times on average. */
  oneIn(bound: number): boolean;
  /** One of the items. */
  pick<T>(items: readonly T[]): T;
}

/** Mixes integers into 32 bits (the finalizer of MurmurHash3 over a running state). */
export function mix(...parts: readonly number[]): number {
  let state = 0x9e3779b9;
  for (const part of parts) {
    state = Math.imul(state ^ (part | 0), 0x85ebca6b);
    state ^= state >>> 13;
    state = Math.imul(state ^ Math.floor(part / 0x100000000), 0xc2b2ae35);
    state ^= state >>> 16;
  }
  return state >>> 0;
}

/** A stream (mulberry32) from a seed of any number of integers. */
export function createRandom(...seed: readonly number[]): Random {
  let state = mix(...seed);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const int = (bound: number): number => Math.floor(next() / 0x100000000 * bound);
  return {
    int,
    oneIn: (bound) => int(bound) === 0,
    pick: (items) => {
      const item = items[int(items.length)];
      if (item === undefined) throw new RangeError("pick from an empty list");
      return item;
    },
  };
}

/** A fixed signed 64-bit number for a key, as access hashes and file ids are. */
export function long(...key: readonly number[]): bigint {
  return BigInt.asIntN(64, (BigInt(mix(1, ...key)) << 32n) | BigInt(mix(2, ...key)));
}
