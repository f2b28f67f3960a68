import assert from "node:assert/strict";
import { createRandom } from "../../../sandbox/world/random.ts";
import type { Entity } from "../../../src/model/message.ts";
import { cutRuns, sharedDepth } from "../../../src/exports/render/runs.ts";
import { drawMessage } from "./draw.ts";

const entity = (type: string, offset: number, length: number): Entity => ({ type, offset, length });

function shown(text: string, entities: readonly Entity[]): string {
  return cutRuns(text, entities).map((run) => `${run.text}(${run.entities.map(({ type }) => type)})`).join(" ");
}

Deno.test("cutRuns: entities that overlap are cut where either ends, the one that began first outside", () => {
  assert.equal(shown("abcdef", [entity("i", 2, 4), entity("b", 0, 4)]), "ab(b) cd(b,i) ef(i)");
});

Deno.test("cutRuns: of entities with one beginning the longer is outside, of equal ones the first", () => {
  assert.equal(shown("abc", [entity("i", 0, 1), entity("b", 0, 3)]), "a(b,i) bc(b)");
  assert.equal(shown("abc", [entity("i", 0, 3), entity("b", 0, 3)]), "abc(i,b)");
});

Deno.test("cutRuns: ends within a pair of surrogates, beyond the text, or at their own beginning tear nothing", () => {
  assert.equal(shown("a😀b", [entity("b", 2, 1)]), "a() 😀(b) b()");
  assert.equal(shown("a😀b", [entity("b", 0, 2)]), "a😀(b) b()");
  assert.equal(shown("ab", [entity("b", 1, 900), entity("i", 900, 1), entity("u", 1, 0)]), "a() b(b)");
  assert.equal(shown("", [entity("b", 0, 1)]), "");
  assert.equal(shown("ab", []), "ab()");
});

Deno.test("cutRuns: whatever the entities, nothing is lost, torn, twice or wrongly nested", () => {
  const random = createRandom(11);
  for (let index = 0; index < 3000; index++) {
    const { text, entities = [] } = drawMessage(random, 1);
    const runs = cutRuns(text, entities);
    assert.equal(runs.map((run) => run.text).join(""), text);
    assert.ok(runs.every((run) => run.text !== "" && run.text.isWellFormed()));
    let at = 0;
    let open: readonly Entity[] = [];
    for (const run of runs) {
      const depth = sharedDepth(open, run.entities);
      assert.deepEqual(open.slice(0, depth), run.entities.slice(0, depth));
      for (const { offset, length } of run.entities) {
        assert.ok(offset <= at + 1 && offset + length >= at + run.text.length - 1, "an entity holds the whole run");
      }
      open = run.entities;
      at += run.text.length;
    }
  }
});
