/**
 * Memory that nobody uses is given back. V8 keeps what a start or a burst of work has taken, for hours if nothing is asked; on a small
 * machine others have a use for it.
 * @module
 */

/** Times what the last collection left: a smaller heap is not worth the pause of another one, of some fifty milliseconds. */
const WORTH = 1.3;
const EVERY_MS = 5000;

/** What {@link giveBackMemory} takes. */
export interface GiveBackOptions {
  /** Whether nobody waits for an answer. */
  readonly isIdle: () => boolean;
  /** V8's most thorough collection; without its `--expose-gc` there is none. */
  readonly collect?: (() => void) | undefined;
  /** In bytes. */
  readonly memory?: () => { readonly heapTotal: number };
  readonly everyMs?: number;
}

/** Looks from time to time whether there is something to give back, until it is disposed. */
export function giveBackMemory(
  { isIdle, collect = collector(), memory = Deno.memoryUsage, everyMs = EVERY_MS }: GiveBackOptions,
): Disposable {
  if (collect === undefined) return { [Symbol.dispose]: () => {} };
  let left = 0;
  const timer = setInterval(() => {
    if (memory().heapTotal <= left * WORTH || !isIdle()) return;
    collect();
    left = memory().heapTotal;
  }, everyMs);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function collector(): (() => void) | undefined {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc !== "function") return undefined;
  // Any other flavour leaves emptied pages with V8.
  return () => gc({ type: "major", execution: "sync", flavor: "last-resort" });
}
