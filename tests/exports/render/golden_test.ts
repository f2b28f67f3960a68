import assert from "node:assert/strict";
import { GOLDENS, renderGoldens } from "./goldens.ts";
import { reread } from "./rendered.ts";

Deno.test("renders: the nastiest messages become what the goldens have, byte for byte", async () => {
  const rendered = await renderGoldens();
  const kept = [...Deno.readDirSync(GOLDENS)].map(({ name }) => name).sort();
  assert.deepEqual([...rendered.keys()].sort(), kept);
  for (const [name, text] of rendered) {
    const golden = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await Deno.readFile(new URL(name, GOLDENS)));
    assert.equal(reread(text), golden, `${name}; after a wanted change: deno task goldens`);
  }
});
