import assert from "node:assert/strict";
import { giveBackMemory } from "../../src/observability/memory.ts";
import { until } from "../cli/command.ts";

const MIB = 2 ** 20;

Deno.test("memory: what is worth it is given back once nobody waits for an answer, and not again", async () => {
  let [isIdle, unused, looks, collections] = [false, 17 * MIB, 0, 0];
  {
    using _memory = giveBackMemory({
      isIdle: () => isIdle,
      collect: () => {
        collections++;
        unused = MIB;
      },
      memory: () => {
        looks++;
        return { heapTotal: 30 * MIB + unused, heapUsed: 30 * MIB };
      },
      everyMs: 1,
    });
    await until(() => looks > 3, "it looks");
    assert.equal(collections, 0);
    isIdle = true;
    await until(() => collections > 0, "it collects");
    looks = 0;
    await until(() => looks > 3, "it looks on");
  }
  assert.equal(collections, 1);
});
