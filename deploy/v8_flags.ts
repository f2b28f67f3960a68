/**
 * V8 lets garbage of a long export pile up to four times what is held: with the first two it collects earlier, which costs no time that
 * could be measured. Not `--initial-heap-size`: with it V8 collects later, and an export took twice the memory. What is left over
 * when nothing is asked is given back by the collection that the last one makes reachable, see `src/observability/memory.ts`.
 */
export const V8_FLAGS = "--v8-flags=--heap-growing-percent=30,--max-semi-space-size=8,--expose-gc";
