import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Message } from "../../../src/model/message.ts";
import { FORMATS, RENDERS } from "../../../src/exports/render/mod.ts";
import { CONTEXT, message } from "./nasty.ts";

setFlagsFromString("--expose-gc");
const gc: unknown = runInNewContext("gc");

for (const format of FORMATS) {
  Deno.test(`${format}: a message is out before the next but one is asked for`, async () => {
    let asked = 0;
    const records = async function* (): AsyncGenerator<Message> {
      for (asked = 1; asked <= 20; asked++) yield await Promise.resolve(message(asked, { text: `text ${asked}.` }));
    };
    let shown = 0;
    for await (const { text } of RENDERS[format](CONTEXT, records())) {
      for (const [, number] of text.matchAll(/text (\d+)\\?\./g)) shown = Number(number);
      assert.ok(asked - shown <= 1, `${shown} of ${asked} are out`);
    }
    assert.equal(shown, 20);
  });

  Deno.test(`${format}: whoever stops reading stops the records too`, async () => {
    let closed = false;
    const records = async function* (): AsyncGenerator<Message> {
      try {
        for (let id = 1;; id++) yield await Promise.resolve(message(id));
      } finally {
        closed = true;
      }
    };
    let chunks = 0;
    for await (const _ of RENDERS[format](CONTEXT, records())) if (++chunks === 10) break;
    assert.ok(closed);
  });
}

Deno.test("renders: 40,000 messages take no more memory than the first 10,000", async () => {
  const heap = (): number => {
    assert.ok(typeof gc === "function");
    gc();
    return Deno.memoryUsage().heapUsed;
  };
  for (const format of FORMATS) {
    let early = 0;
    const records = async function* (): AsyncGenerator<Message> {
      for (let id = 1; id <= 40_000; id++) {
        if (id === 10_001) early = heap();
        yield await Promise.resolve(message(id, { text: `text ${id} ${"x".repeat(100)}` }));
      }
      const grown = heap() - early;
      assert.ok(grown < 1_000_000, `${format}: ${grown} bytes`);
    };
    let length = 0;
    for await (const { text } of RENDERS[format](CONTEXT, records())) length += text.length;
    assert.ok(length > 4_000_000);
  }
});
