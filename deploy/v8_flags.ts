/**
 * V8 lets garbage of a long export pile up to four times what is held: with these it collects earlier, which costs no time that
 * could be measured.
 */
export const V8_FLAGS = "--v8-flags=--heap-growing-percent=30,--max-semi-space-size=8";
