import assert from "node:assert/strict";
import { whenDone } from "../../src/mcp/messages.ts";

/** A response whose body never ends by itself. */
function endless(): Response {
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array([97])) }));
}

/** The response, and how often it has told that it is over. */
function counted(response: Response, until?: AbortSignal): { readonly answer: Response; readonly told: () => number } {
  let told = 0;
  return { answer: whenDone(response, () => told++, { until, first: ":" }), told: () => told };
}

Deno.test("whenDone: a body that is read to its end comes after what is first, and tells once", async () => {
  const { answer, told } = counted(new Response("body"));
  assert.equal(told(), 0);
  assert.equal(await answer.text(), ":body");
  assert.equal(told(), 1);
});

Deno.test("whenDone: one that is given up tells once, read or not", async () => {
  for (const isRead of [false, true]) {
    const { answer, told } = counted(endless());
    const reader = answer.body?.getReader();
    if (isRead) await reader?.read();
    await reader?.cancel();
    assert.equal(told(), 1);
  }
});

Deno.test("whenDone: one that is ended early is over for its reader, and tells once", async () => {
  for (const isBefore of [true, false]) {
    const ending = new AbortController();
    if (isBefore) ending.abort();
    const { answer, told } = counted(endless(), ending.signal);
    ending.abort();
    assert.equal(told(), 1);
    assert.equal(await answer.text(), ":");
    assert.equal(told(), 1);
  }
});
