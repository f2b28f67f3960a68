/**
 * How the messages' file is read again for files: no more of it than that, and not after the export was stopped.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Job } from "../../src/exports/job.ts";
import { restoreKnownFiles } from "../../src/exports/media_known.ts";
import { readBatches } from "../../src/exports/media_messages.ts";
import type { Message } from "../../src/model/message.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { messageOf, ndjson } from "./folder.ts";
import { ME, openJobs } from "./jobs.ts";

const [HALL, ELSEWHERE] = ["-1002000000006", "-1002000000007"];

const paperOf = (id: number, chat = HALL): Message => ({
  ...messageOf(id, chat),
  media: { kind: "document", id: String(id), size: 3 },
});
const textsOf = (from: number, count: number): Message[] =>
  Array.from({ length: count }, (_, index) => messageOf(from + index, HALL, 'He wrote "media": and more'));

async function inFolder(records: readonly unknown[], test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "messages.ndjson.part"), ndjson(records));
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("media of exports: stopped amid messages without files, the job stays where it was", async () => {
  await using sandbox = await startSandbox();
  await sandbox.fill(HALL, [{ skip: 0, count: 6000 }], { date: 1_750_000_000 });
  let id: string;
  {
    await using jobs = openJobs(sandbox);
    const { save } = jobs.store;
    let draining: Promise<void> | undefined;
    Reflect.set(jobs.store, "save", (job: Job) => {
      save(job);
      if (job.position?.media !== undefined) draining ??= jobs.exports.drain();
    });
    id = await jobs.start([HALL], { download_media: true });
    await jobs.until(id, () => draining !== undefined, "it looks for files");
    await draining;
    const { state, position } = jobs.exports.get(id, ME).job;
    assert.deepEqual([state, position?.media?.at, position?.written], ["running", 0, 6000]);
  }
  await using jobs = openJobs(sandbox);
  assert.equal((await jobs.end(id)).state, "completed");
});

Deno.test("media of exports: files that are known are found again without reading messages that have none", () =>
  inFolder([...textsOf(1, 500), paperOf(501), ...textsOf(502, 500), paperOf(1002)], async (folder) => {
    const sha256 = "a".repeat(64);
    const records = [501, 1002].map((id) => ({
      ...{ schema: "media/1", chat_id: HALL, id, kind: "document" },
      ...{ file: `media/${sha256.slice(0, 32)}.bin`, bytes: 3, sha256 },
    }));
    const text = ndjson(records);
    await Deno.writeTextFile(join(folder, "media.ndjson.part"), text);
    await Deno.mkdir(join(folder, "media"));
    await Deno.writeTextFile(join(folder, records[0]?.file ?? ""), "abc");
    const position = { at: 0, items: 0, bytes: text.length, done: 2, total: 2 };
    const { parse } = JSON;
    let parsed = 0;
    JSON.parse = (...args) => {
      parsed++;
      return parse(...args);
    };
    try {
      const known = await restoreKnownFiles(folder, position, new AbortController().signal);
      assert.deepEqual([known?.count(), known?.find("d1002-3")?.bytes], [2, 3]);
    } finally {
      JSON.parse = parse;
    }
    assert.equal(parsed, 4, "two messages and their records");
    const stopped = AbortSignal.abort(new Error("stopped"));
    await assert.rejects(restoreKnownFiles(folder, position, stopped), /stopped/);
  }));

Deno.test("media of exports: messages with files come in batches of one chat, and what lies between them is passed", () =>
  inFolder(
    [
      ...textsOf(1, 9000),
      { schema: "deletion/1", chat_id: HALL, id: 9001, detected_at: "2026-01-01T00:00:00Z", verdict: "empty" },
      ...Array.from({ length: 101 }, (_, index) => paperOf(9002 + index)),
      paperOf(5, ELSEWHERE),
      ...textsOf(9200, 2),
    ],
    async (folder) => {
      const { signal } = new AbortController();
      const batches = await Array.fromAsync(readBatches(folder, { signal }));
      const sizes = batches.map(({ pending }) => pending.length);
      assert.deepEqual(sizes.filter((size) => size > 0), [100, 1, 1]);
      const places = batches.map(({ end }) => end);
      assert.ok(
        sizes.indexOf(100) > 0 && places.every((end, at) => end > (places[at - 1] ?? 0)),
        "it is told how far it is",
      );
      for (const [at, from] of places.entries()) {
        const rest = await Array.fromAsync(readBatches(folder, { from, signal }));
        const idsOf = (all: typeof batches): number[] =>
          all.flatMap(({ pending }) => pending.map(({ message }) => message.id));
        assert.deepEqual(idsOf(rest), idsOf(batches.slice(at + 1)), "from each place the rest comes");
      }
    },
  ));
