import assert from "node:assert/strict";
import { readWindow, WIDEST, type Window } from "../../src/mcp/resources/window.ts";

interface Subject extends Disposable {
  readonly size: number;
  read(offset: number, limit: number): Promise<Window>;
  /** Every window from the start on. */
  all(limit: number): Promise<Window[]>;
}

async function subject(content: string | Uint8Array): Promise<Subject> {
  const path = await Deno.makeTempFile();
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(path, bytes);
  const file = await Deno.open(path);
  const size = bytes.length;
  const read = (offset: number, limit: number): Promise<Window> => readWindow(file, { offset, limit, size });
  return {
    size,
    read,
    all: async (limit) => {
      const windows = [await read(0, limit)];
      for (let last = windows[0]; last !== undefined && last.end < size; last = windows.at(-1)) {
        assert.ok(last.end > last.start, "it goes on");
        windows.push(await read(last.end, limit));
      }
      return windows;
    },
    [Symbol.dispose]: () => {
      file.close();
      Deno.removeSync(path);
    },
  };
}

Deno.test("window: it ends at the last line that fits, to the byte", async () => {
  using on = await subject("one\ntwo\nthree\n");
  assert.deepEqual(await on.read(0, 8), { start: 0, end: 8, text: "one\ntwo\n" });
  assert.deepEqual(await on.read(0, 7), { start: 0, end: 4, text: "one\n" });
  assert.deepEqual(await on.read(0, 9), { start: 0, end: 8, text: "one\ntwo\n" });
  assert.deepEqual(await on.read(4, 4), { start: 4, end: 8, text: "two\n" });
  assert.deepEqual(await on.read(8, 6), { start: 8, end: 14, text: "three\n" });
  assert.deepEqual(await on.read(0, 99), { start: 0, end: 14, text: "one\ntwo\nthree\n" });
  assert.deepEqual(await on.read(14, 99), { start: 14, end: 14, text: "" });
});

Deno.test("window: a line longer than the limit is whole, also the last one without its end", async () => {
  using on = await subject("long line\nx\nthe last");
  assert.deepEqual(await on.read(0, 1), { start: 0, end: 10, text: "long line\n" });
  assert.deepEqual(await on.read(12, 1), { start: 12, end: 20, text: "the last" });
});

Deno.test("window: a mark at the start of the file stays", async () => {
  using on = await subject("\ufeffid\n");
  assert.equal((await on.read(0, 99)).text, "\ufeffid\n");
});

Deno.test("window: an offset inside a character means its end", async () => {
  using on = await subject("😀b\n");
  for (const offset of [1, 2, 3, 4]) assert.deepEqual(await on.read(offset, 99), { start: 4, end: 6, text: "b\n" });
});

Deno.test("window: one after the other they are the file, whatever its lines and characters are", async () => {
  const texts = [
    "",
    "\n",
    "no end",
    "\n\n\n",
    Array.from({ length: 5000 }, (_, id) => `{"id":${id},"text":"${"ж😀é".repeat(id % 40)}"}\n`).join(""),
    // Lines without an end in sight, cut at each of the four places of a character.
    ...["", "a", "ab", "abc"].map((start) => `${start}${"😀".repeat(80_000)}\n${"ж".repeat(120_000)}`),
    `${"é".repeat(WIDEST / 2)}\n${"x".repeat(WIDEST)}`,
    `${"x".repeat(WIDEST - 1)}\n${"y".repeat(WIDEST)}\n`,
  ];
  for (const text of texts) {
    using on = await subject(text);
    for (const limit of [1, 7, 1000, 32_000, WIDEST, 10 * WIDEST]) {
      const windows = limit < 1000 && text.length > 10_000 ? await on.all(1000) : await on.all(limit);
      assert.equal(windows.map((each) => each.text).join(""), text);
      for (const { start, end, text } of windows) {
        assert.ok(end - start <= WIDEST && text.length <= WIDEST);
        assert.ok(!text.includes("\ufffd"));
      }
    }
  }
});

Deno.test("window: bytes that are no text are read to their end", async () => {
  using on = await subject(new Uint8Array(250_000).fill(0x80));
  const windows = await on.all(1000);
  assert.equal(windows.at(-1)?.end, on.size);
});
