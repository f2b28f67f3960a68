import assert from "node:assert/strict";
import { join } from "node:path";
import { type FinishedExport, MANIFEST_FILE, MESSAGES_FILE, writeManifest } from "../../src/exports/manifest.ts";
import { createTally } from "../../src/exports/tally.ts";
import type { Message } from "../../src/model/message.ts";
import { FINISHED, messageOf, ndjson } from "../exports/folder.ts";
import { command, run, until } from "./command.ts";

const CHAT = { id: "-1007", kind: "channel", title: "A", range: {}, upTo: 3, reasons: [] } as const;

async function withExport(test: (folder: string) => Promise<void>, more: Partial<FinishedExport> = {}): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const kept = [1, 3].map((id) => messageOf(id, CHAT.id));
    const tally = createTally([CHAT]);
    tally.add({ segment: 0, kept, looked: kept.map(({ id }) => ({ id, verdict: "kept" })), from: 1, to: 3 });
    await Deno.writeTextFile(join(folder, MESSAGES_FILE), ndjson(kept));
    await writeManifest(folder, { ...FINISHED, chats: [CHAT], counts: tally.counts(), ...more });
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("verify: a complete export is told as such, whatever is configured, and nothing is written", () =>
  withExport(async (folder) => {
    const { size } = await Deno.stat(join(folder, MESSAGES_FILE));
    const ran = await run(["verify", folder], { TELEGRAM_API_ID: "nonsense", DATA_DIR: "/dev/null/nowhere" });
    assert.deepEqual([ran.code, ran.err], [0, ""]);
    assert.deepEqual(ran.out.split("\n"), [
      'ok    manifest.json: export "abcdefghijklmnopqrstuvwxyz", finished 2025-06-01T00:01:00.000Z',
      `ok    messages.ndjson: ${size} bytes, 2 lines`,
      "ok    -1007: 2 messages of the ids 1 to 3; 1 deleted or never used, 0 service, 0 filtered, 0 unknown",
      "ok    complete: yes",
      "",
    ]);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [MANIFEST_FILE, MESSAGES_FILE]);
  }));

Deno.test("verify: one that is as it was written and not complete is warned of, with the reasons on one line", () =>
  withExport(async (folder) => {
    const { code, out } = await run(["verify", folder]);
    assert.equal(code, 0);
    assert.match(out, /^warn {2}complete: no\. A disk was full\. Then \u27e6U\+202E\u27e7it was not\.$/m);
  }, { reasons: ["A disk was full.\nThen \u202eit was not."] }));

Deno.test("verify: a file that nobody listed fails, its name made harmless", () =>
  withExport(async (folder) => {
    await Deno.writeTextFile(join(folder, "\u202efdp.\x1b[2J\nok x"), "");
    const { code, out } = await run(["verify", folder]);
    assert.equal(code, 1);
    assert.match(out, /^fail {2}folder: "⟦U\+202E⟧fdp\.\\u001b\[2J\\nok x" does not belong to the export$/m);
    assert.doesNotMatch(out, /complete/);
  }));

Deno.test("verify: what is no folder, or none, is said", () =>
  withExport(async (folder) => {
    const cases: readonly (readonly [string[], number, RegExp])[] = [
      [[join(folder, "none")], 2, /none is no folder\.\nName the folder of an export\./],
      [[join(folder, MESSAGES_FILE)], 2, /is no folder\./],
      [[], 2, /missing required argument 'folder'/],
    ];
    for (const [args, code, says] of cases) {
      const ran = await run(["verify", ...args]);
      assert.equal(ran.code, code, ran.err);
      assert.match(ran.err, says);
    }
    await Deno.remove(join(folder, MANIFEST_FILE));
    const ran = await run(["verify", folder]);
    assert.deepEqual([ran.code, ran.out], [1, "fail  manifest.json: it is missing\n"]);
  }));

/** An export of so many messages of 1,000 characters. */
async function fill(folder: string, count: number): Promise<void> {
  const chat = { ...CHAT, upTo: count };
  const tally = createTally([chat]);
  using file = await Deno.create(join(folder, MESSAGES_FILE));
  for (let from = 1; from <= count; from += 1000) {
    const kept = Array.from({ length: 1000 }, (_, at): Message => messageOf(from + at, CHAT.id, "x".repeat(1000)));
    tally.add({ segment: 0, kept, looked: kept.map(({ id }) => ({ id, verdict: "kept" })), from, to: from + 999 });
    const data = new TextEncoder().encode(ndjson(kept));
    for (let written = 0; written < data.length;) written += await file.write(data.subarray(written));
  }
  await writeManifest(folder, { ...FINISHED, chats: [chat], counts: tally.counts() });
}

/** The most memory that a process has had so far, in MiB; undefined once it has ended. */
async function peakOf(pid: number): Promise<number | undefined> {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test(
  "verify: memory stays flat over 120 MB of messages",
  { ignore: Deno.build.os !== "linux" },
  () =>
    withExport(async (folder) => {
      await fill(folder, 100_000);
      await using running = command(["verify", folder]);
      let peak = 0;
      await until(
        async () => {
          const now = await peakOf(running.pid);
          peak = now ?? peak;
          return now === undefined;
        },
        "it ends",
        60,
      );
      assert.equal(await running.ended(), 0, running.out.text());
      assert.match(running.out.text(), /100000 messages of the ids 1 to 100000; 0 deleted/);
      assert.ok(peak > 50 && peak < 180, `peak of ${peak} MiB`);
    }),
);
