/**
 * Loaded before every file of `deno task test:binary`: a test that passes without having started the binary says nothing about it, and
 * fails here. It must be registered by `ofSources`.
 * @module
 */
import { startedCount } from "../cli/product.ts";

let before = 0;

Deno.test.beforeEach(() => {
  before = startedCount();
});

Deno.test.afterEach(() => {
  if (startedCount() === before) throw new Error("this test has not started the binary: register it by ofSources");
});
