import assert from "node:assert/strict";
import { giveBackMemory } from "../../src/observability/memory.ts";
import { until } from "../cli/command.ts";

Deno.test("memory: it is given back once nobody waits for an answer, and again only when there is much more of it", async () => {
  let [isIdle, heapTotal, looks, collections] = [false, 50, 0, 0];
  const lookOn = async (): Promise<void> => {
    looks = 0;
    await until(() => looks > 3, "it looks");
  };
  using _memory = giveBackMemory({
    isIdle: () => isIdle,
    collect: () => {
      collections++;
      heapTotal = 30;
    },
    memory: () => {
      looks++;
      return { heapTotal };
    },
    everyMs: 1,
  });
  await lookOn();
  assert.equal(collections, 0);
  isIdle = true;
  await lookOn();
  assert.equal(collections, 1);
  heapTotal = 38;
  await lookOn();
  assert.equal(collections, 1);
  heapTotal = 40;
  await lookOn();
  assert.equal(collections, 2);
});
