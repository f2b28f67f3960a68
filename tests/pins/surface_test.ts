import assert from "node:assert/strict";
import { z } from "zod";
import { configurationPage, configurationUrl, pinUrl, readSurface } from "./surface.ts";

/** Characters that the tools may take of every conversation. */
const MOST_FOR_TOOLS = 16_200;

Deno.test("surface: it is what the pins say; a change on purpose goes with `deno task pins`", async (test) => {
  for (const [name, value] of Object.entries(await readSurface())) {
    await test.step(name, async () => {
      const pinned: unknown = JSON.parse(await Deno.readTextFile(pinUrl(name)));
      assert.deepEqual(JSON.parse(JSON.stringify(value)), pinned);
    });
  }
});

Deno.test(`surface: all tools together take at most ${MOST_FOR_TOOLS} characters`, async () => {
  const sizes = z.record(z.string(), z.int()).parse(JSON.parse(await Deno.readTextFile(pinUrl("tools_size.json"))));
  assert.ok((sizes["tools/list"] ?? Infinity) <= MOST_FOR_TOOLS, JSON.stringify(sizes));
});

Deno.test("configuration: the reference in the documents is the table's", async () => {
  assert.equal(await Deno.readTextFile(configurationUrl), configurationPage());
});
