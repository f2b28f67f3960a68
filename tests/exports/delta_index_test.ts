/**
 * What is kept of what an export had: the same bytes for the same messages, and refused when it is not as it was written.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { contentOf } from "../../src/exports/delta_content.ts";
import { type Known, openIndex } from "../../src/exports/delta_index.ts";
import { writeIndex } from "../../src/exports/delta_index_write.ts";
import type { Segment } from "../../src/exports/job.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { rejection } from "../mtproto/telegram.ts";
import { startDelta } from "./deltas.ts";
import { messageOf } from "./folder.ts";
import { openJobs } from "./jobs.ts";

const [ONE, TWO, THREE] = ["-1007", "-1008", "7"];

const segmentOf = (id: string, upTo: number): Segment => ({ id, kind: "channel", title: "x", range: {}, upTo });
const deletionOf = (id: number, chat_id: string): object => ({ schema: "deletion/1", chat_id, id });

interface Wanted {
  readonly records: readonly object[];
  readonly segments: readonly Segment[];
  readonly lost?: number;
  /** The index of the export before. */
  readonly before?: string;
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes an index of some records. @returns where it is */
async function written(folder: string, name: string, { records, segments, lost, before }: Wanted): Promise<string> {
  const [messages, path] = [join(folder, `${name}.ndjson`), join(folder, "indexes", name)];
  await Deno.writeTextFile(messages, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  using base = before === undefined ? undefined : await openIndex(before);
  const all = lost === undefined ? [] : [{ segment: lost, reason: "It is gone." }];
  await writeIndex(path, { messages, segments: [...segments], lost: all, base });
  return path;
}

async function idsIn(path: string, chat: string, after?: number): Promise<number[]> {
  using index = await openIndex(path);
  return (await (await index.known(chat, after)).take(Infinity, 1e6)).map(({ id }) => id);
}

const many = (chat: string, count: number): object[] =>
  Array.from({ length: count }, (_, index) => messageOf(index * 2 + 2, chat));

Deno.test("delta index: histories are found by their chat, from any message on, some at a time", () =>
  inFolder(async (folder) => {
    const records = [...many(ONE, 9000), ...many(THREE, 3)];
    const segments = [segmentOf(ONE, 20_000), segmentOf(TWO, 0), segmentOf(THREE, 6)];
    const path = await written(folder, "a", { records, segments });
    assert.equal((await Deno.stat(path)).mode ?? 0 & 0o777, (await Deno.stat(path)).mode);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    using index = await openIndex(path);
    assert.deepEqual(index.sections, [
      { chat: ONE, upTo: 20_000, count: 9000 },
      { chat: TWO, upTo: 0, count: 0 },
      { chat: THREE, upTo: 6, count: 3 },
    ]);
    for (const after of [0, 1, 2, 8190, 8191, 8192, 8193, 17_999, 18_000, 99_999]) {
      const expected = Array.from({ length: 9000 }, (_, at) => at * 2 + 2).filter((id) => id > after);
      assert.deepEqual(await idsIn(path, ONE, after), expected, `behind ${after}`);
    }
    assert.deepEqual([await idsIn(path, TWO), await idsIn(path, THREE, 2), await idsIn(path, "9")], [[], [4, 6], []]);
    const known = await index.known(ONE, 10);
    const taken: Known[][] = [await known.take(13, 9), await known.take(20, 2), await known.take(20, 2)];
    assert.deepEqual(taken.map((each) => each.map(({ id }) => id)), [[12], [14, 16], [18, 20]]);
    assert.deepEqual(taken[0]?.[0], { id: 12, ...contentOf(messageOf(12, ONE)) });
  }));

Deno.test("delta index: of the same messages it has the same bytes, and replaces what a crash left behind", () =>
  inFolder(async (folder) => {
    const wanted = { records: many(ONE, 500), segments: [segmentOf(ONE, 1000)] };
    const [a, b] = [await written(folder, "a", wanted), join(folder, "indexes", "b")];
    await Deno.writeTextFile(`${b}.part`, "half of it and more".repeat(9000));
    await written(folder, "b", wanted);
    assert.deepEqual(await Deno.readFile(a), await Deno.readFile(b));
    await written(folder, "a", wanted);
    assert.deepEqual(await Deno.readFile(a), await Deno.readFile(b));
    assert.deepEqual([...Deno.readDirSync(join(folder, "indexes"))].map(({ name }) => name).sort(), ["a", "b"]);
  }));

Deno.test("delta index of a delta: what was is kept, what changed replaced, what is gone left out, what came added", () =>
  inFolder(async (folder) => {
    const segments = [segmentOf(ONE, 20), segmentOf(TWO, 6)];
    const before = await written(folder, "a", { records: [...many(ONE, 10), ...many(TWO, 3)], segments });
    const edited = { ...messageOf(6, ONE), text: "Other words." };
    const records = [deletionOf(2, ONE), edited, deletionOf(20, ONE), messageOf(21, ONE), messageOf(3, THREE)];
    const path = await written(folder, "b", {
      records,
      segments: [segmentOf(ONE, 21), segmentOf(THREE, 3)],
      before,
    });
    assert.deepEqual(await idsIn(path, ONE), [4, 6, 8, 10, 12, 14, 16, 18, 21]);
    // A chat that cannot be read any more is still known.
    assert.deepEqual([await idsIn(path, TWO), await idsIn(path, THREE)], [[2, 4, 6], [3]]);
    using index = await openIndex(path);
    const [four, six] = await (await index.known(ONE)).take(6, 9);
    assert.deepEqual([four?.hash, six?.hash], [contentOf(messageOf(4, ONE)).hash, contentOf(edited).hash]);
    assert.deepEqual(index.sections.map(({ chat, upTo }) => [chat, upTo]), [[ONE, 21], [THREE, 3], [TWO, 6]]);
  }));

Deno.test("delta index: of a history that was lost amid it is known how far it was read", () =>
  inFolder(async (folder) => {
    const wanted = { records: many(ONE, 10), segments: [segmentOf(ONE, 500)], lost: 0 };
    const before = await written(folder, "a", wanted);
    using index = await openIndex(before);
    assert.equal(index.sections[0]?.upTo, 20);
    const next = { records: [messageOf(4, ONE)], segments: [segmentOf(ONE, 600)], lost: 0, before };
    using later = await openIndex(await written(folder, "b", next));
    assert.deepEqual([later.sections[0]?.upTo, later.sections[0]?.count], [20, 10]);
  }));

Deno.test("delta index: every bit of it counts", () =>
  inFolder(async (folder) => {
    const path = await written(folder, "a", { records: many(ONE, 20), segments: [segmentOf(ONE, 50)] });
    const bytes = await Deno.readFile(path);
    for (let at = 0; at < bytes.length; at++) {
      await Deno.writeFile(path, bytes.with(at, (bytes[at] ?? 0) ^ 1));
      assert.match((await rejection(openIndex(path), "INPUT_VALIDATION")).message, /damaged/, `byte ${at}`);
      await Deno.writeFile(path, bytes.slice(0, at));
      assert.match((await rejection(openIndex(path), "INPUT_VALIDATION")).message, /damaged/, `${at} bytes`);
    }
    await Deno.writeFile(path, bytes);
    assert.equal((await idsIn(path, ONE)).length, 20);
    await Deno.remove(path);
    assert.match((await rejection(openIndex(path), "INPUT_VALIDATION")).message, /not known any more/);
  }));

Deno.test("delta: without an index that is whole none is begun, and one that is under way fails and says why", async () => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox);
  const first = await jobs.start(["@sandbox_group"]);
  await jobs.end(first);
  const path = join(String(sandbox.environment["DATA_DIR"]), "exports-index", first);
  const bytes = await Deno.readFile(path);
  await sandbox.faults({ rules: [{ method: "messages.getHistory", after: 0, times: 1, delayMs: 500 }] });
  const id = await startDelta(jobs, first);
  await jobs.exports.drain();
  await Deno.truncate(path, bytes.length - 1);
  await rejection(startDelta(jobs, first), "INPUT_VALIDATION");
  await jobs[Symbol.asyncDispose]();
  await using again = openJobs(sandbox);
  const job = await again.end(id);
  assert.deepEqual([job.state, job.error?.code], ["failed", "INPUT_VALIDATION"]);
  assert.match(job.error?.message ?? "", /damaged/);
  assert.match(job.error?.hint ?? "", /without delta_of/);
});

Deno.test("content: what passes without an edit is not in it, and everything else is", () => {
  const poll = { id: "1", question: "When?", options: [{ text: "Now", voters: 1 }, { text: "Later" }], voters: 1 };
  const message = {
    ...messageOf(5, ONE),
    text: "Words",
    sender: { id: "7", kind: "user", name: "Ann" },
    media: { kind: "poll", poll },
  };
  const same = [
    { ...message, views: 5, forwards: 1, replies: 2, reactions: [{ kind: "emoji", value: "x", count: 1 }] },
    { ...message, observed_at: "2026-01-01T00:00:00Z", pinned: true, edited: "2026-01-01T00:00:00Z" },
    { ...message, link: "https://t.me/other/5", noforwards: true, preview: { url: "https://a.example" } },
    { ...message, sender: { id: "7", kind: "user", name: "Anna", username: "anna" } },
    {
      ...message,
      media: {
        kind: "poll",
        poll: {
          ...poll,
          voters: 9,
          options: [{ text: "Now", voters: 5 }, { text: "Later", voters: 4, correct: true }],
          solution: "So",
          closed: true,
        },
      },
    },
  ];
  const other = [
    { ...message, text: "Word" },
    { ...message, entities: [{ type: "bold", offset: 0, length: 5 }] },
    { ...message, sender: { id: "8", kind: "user", name: "Ann" } },
    { ...message, buttons: [[{ text: "Go", kind: "url" }]] },
    { ...message, media: { kind: "poll", poll: { ...poll, question: "Where?" } } },
    { ...message, media: { kind: "photo", id: "1" } },
    { ...message, reply_to: { id: 3 } },
  ];
  const { hash } = contentOf(message);
  for (const each of same) assert.equal(contentOf(each).hash, hash, JSON.stringify(each));
  const hashes = other.map((each) => contentOf(each).hash);
  assert.equal(new Set([hash, ...hashes]).size, other.length + 1);
  assert.equal(contentOf({ ...message, edited: "2026-01-01T00:00:01Z" }).edited, 1_767_225_601);
});
