/**
 * Who reads the files of which export at the moment: those stay where they are.
 * @module
 */

/** The readers of all exports. */
export interface Leases {
  /** Keeps an export's files until it is disposed of, which may happen more than once. */
  hold(id: string): Disposable;
  /** Whether anybody keeps them. */
  isHeld(id: string): boolean;
}

/** Leases in this process: it alone removes files. */
export function createLeases(): Leases {
  const readers = new Map<string, Set<symbol>>();
  return {
    hold: (id) => {
      const reader = Symbol();
      const all = readers.get(id) ?? new Set();
      readers.set(id, all.add(reader));
      return {
        [Symbol.dispose]: () => {
          all.delete(reader);
          if (all.size === 0 && readers.get(id) === all) readers.delete(id);
        },
      };
    },
    isHeld: (id) => readers.has(id),
  };
}
