import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import {
  digestOf,
  type FinishedExport,
  MANIFEST_FILE,
  manifestText,
  MESSAGES_FILE,
  writeManifest,
} from "../../src/exports/manifest.ts";
import { createTally } from "../../src/exports/tally.ts";
import { type Finding, verifyExport } from "../../src/exports/verify.ts";
import type { Deletion } from "../../src/model/deletion.ts";
import { type Manifest, manifestSchema } from "../../src/model/manifest.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { exportTo, FINISHED, messageOf, ndjson, withAccount } from "./folder.ts";

const CSV = "messages.csv";
const MEDIA = "media/0f1e.jpg";

/** Changes a folder, which is a copy of a good one. */
type Damage = (folder: string) => Promise<void> | void;

const failures = (findings: readonly Finding[]): string[] =>
  findings.filter(({ status }) => status === "fail").map(({ check, message }) => `${check}: ${message}`);

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const before = await Deno.readTextFile(path);
  const after = change(before);
  assert.notEqual(after, before, "the damage is one");
  await Deno.writeTextFile(path, after);
}

const lines = (change: (lines: string[]) => string[]): Damage => (folder) =>
  edit(
    join(folder, MESSAGES_FILE),
    (text) => change(text.split("\n").slice(0, -1)).map((line) => `${line}\n`).join(""),
  );

const bytes = (name: string, change: (bytes: Uint8Array) => Uint8Array): Damage => async (folder) =>
  await Deno.writeFile(join(folder, name), change(await Deno.readFile(join(folder, name))));

const flip = (name: string, at: number): Damage =>
  bytes(name, (bytes) => {
    const index = Math.floor(at * (bytes.length - 1));
    return bytes.with(index, (bytes[index] ?? 0) ^ 1);
  });

const text = (change: (text: string) => string): Damage => (folder) => edit(join(folder, MANIFEST_FILE), change);

/** Changes the manifest and computes its digest anew, as someone would who covers up. */
const sealed = (change: (manifest: Manifest) => void): Damage => (folder) =>
  edit(join(folder, MANIFEST_FILE), (text) => {
    const manifest = manifestSchema.parse(JSON.parse(text));
    change(manifest);
    const ordered = manifestSchema.parse(manifest);
    return manifestText({ ...ordered, digest: digestOf(ordered) });
  });

/** Changes lines, and describes the file anew, so that only what is in the lines can tell. */
const covered = (change: (lines: string[]) => string[]): Damage => async (folder) => {
  await lines(change)(folder);
  const data = await Deno.readFile(join(folder, MESSAGES_FILE));
  const digest = await crypto.subtle.digest("SHA-256", data);
  await sealed((manifest) => {
    const file = manifest.files.find(({ name }) => name === MESSAGES_FILE);
    assert.ok(file);
    manifest.totals.bytes += data.length - file.bytes;
    file.bytes = data.length;
    file.sha256 = new Uint8Array(digest).toHex();
    file.lines = data.filter((byte) => byte === 10).length;
  })(folder);
};

const swap = (at: number) => (lines: string[]): string[] =>
  lines.with(at, lines[at + 1] ?? "").with(at + 1, lines[at] ?? "");

function first<T>(values: readonly T[] | undefined): T {
  const [value] = values ?? [];
  assert.ok(value !== undefined);
  return value;
}

const DAMAGES: Readonly<Record<string, readonly [Damage, RegExp]>> = {
  "the first byte of a file flipped": [flip(CSV, 0), /^messages\.csv: its content has changed$/m],
  "the last byte of a file flipped": [flip(CSV, 1), /^messages\.csv: its content has changed$/m],
  "a byte of a medium flipped": [flip(MEDIA, 0.5), /^media\/0f1e\.jpg: its content has changed$/m],
  "a byte of the messages flipped": [flip(MESSAGES_FILE, 0.4), /^messages\.ndjson: its content has changed/m],
  "the last line feed gone": [bytes(MESSAGES_FILE, (all) => all.slice(0, -1)), /its last line has no end/],
  "a byte of the manifest flipped": [flip(MANIFEST_FILE, 0.9), /^manifest\.json: /m],
  "a byte added to a file": [bytes(CSV, (all) => new Uint8Array([...all, 10])), /messages\.csv: it has 11 bytes where/],
  "a line removed": [lines((all) => all.toSpliced(3, 1)), /it has \d+ lines where there were \d+/],
  "a line duplicated": [lines((all) => all.toSpliced(3, 0, all[3] ?? "")), /line 5 has the id 4, which does not come/],
  "two lines swapped": [lines(swap(3)), /line 5 has the id 4, which does not come behind 5/],
  "a line that is no message": [lines((all) => all.with(2, "{}")), /line 3 is no message\/1 and no deletion\/1/],
  "a line with a broken character": [
    bytes(MESSAGES_FILE, (all) => all.with(new TextDecoder("latin1").decode(all).indexOf("Good morning"), 0xff)),
    /line 2 is no message/,
  ],
  "a byte order mark": [
    bytes(MESSAGES_FILE, (all) => new Uint8Array([0xef, 0xbb, 0xbf, ...all])),
    /line 1 is no message/,
  ],
  "an empty line": [lines((all) => ["", ...all]), /line 1 is no message/],
  "a line beyond all measure": [lines((all) => [`${" ".repeat(1 << 24)}${all[0]}`, ...all.slice(1)]), /line 1 is no/],
  "a file added": [(folder) => Deno.writeTextFile(join(folder, "new.txt"), ""), /^folder: "new\.txt" does not belong/m],
  "a file added to a folder": [
    (folder) => Deno.writeTextFile(join(folder, "media/x.jpg"), ""),
    /^folder: "media\/x\.jpg" does not belong/m,
  ],
  "a part left": [
    (folder) => Deno.writeTextFile(join(folder, `${MESSAGES_FILE}.part`), ""),
    /"messages\.ndjson\.part" does not belong/,
  ],
  "a file missing": [(folder) => Deno.remove(join(folder, CSV)), /^messages\.csv: it is missing$/m],
  "a medium missing": [(folder) => Deno.remove(join(folder, MEDIA)), /^media\/0f1e\.jpg: it is missing$/m],
  "the messages missing": [(folder) => Deno.remove(join(folder, MESSAGES_FILE)), /^messages\.ndjson: it is missing$/m],
  "the manifest missing": [(folder) => Deno.remove(join(folder, MANIFEST_FILE)), /^manifest\.json: it is missing$/m],
  "a file replaced by a link to a copy": [
    async (folder) => {
      await Deno.rename(join(folder, CSV), join(dirname(folder), "copy"));
      await Deno.symlink(join(dirname(folder), "copy"), join(folder, CSV));
    },
    /^messages\.csv: it is missing$/m,
  ],
  "the manifest replaced by a link to a copy": [
    async (folder) => {
      await Deno.rename(join(folder, MANIFEST_FILE), join(dirname(folder), "copy"));
      await Deno.symlink(join(dirname(folder), "copy"), join(folder, MANIFEST_FILE));
    },
    /^manifest\.json: it is not a regular file$/m,
  ],
  "a folder replaced by a link to a copy": [
    async (folder) => {
      await Deno.rename(join(folder, "media"), join(dirname(folder), "copied"));
      await Deno.symlink(join(dirname(folder), "copied"), join(folder, "media"));
    },
    /^folder: "media" does not belong/m,
  ],
  "the manifest's title altered": [text((all) => all.replace("Live Desk", "Dead Desk")), /has been altered/],
  "the manifest's count altered": [text((all) => all.replace(/"messages": \d+/, '"messages": 1')), /has been altered/],
  "the manifest's query altered": [text((all) => all.replace('"format": "ndjson"', '"format": "csv"')), /been altered/],
  "white space in the manifest": [text((all) => `${all}\n`), /has been altered/],
  "a key added to the manifest": [text((all) => all.replace("{", '{"extra": 1,')), /it is no manifest\/1/],
  "a manifest that is no JSON": [text((all) => all.slice(0, 100)), /it is no JSON/],
  "a manifest of another kind": [text((all) => all.replace("manifest/1", "manifest/2")), /it is no manifest\/1/],
  "a name that leads elsewhere": [text((all) => all.replace(CSV, `../${CSV}`)), /it is no manifest\/1/],
  "a name from the root": [text((all) => all.replace(CSV, "/etc/passwd")), /it is no manifest\/1/],
  "a name with a step back": [text((all) => all.replace(MEDIA, "media/../../x")), /it is no manifest\/1/],
  "a hash, covered up": [sealed(({ files }) => void (first(files).sha256 = "0".repeat(64))), /its content has changed/],
  "a size, covered up": [
    sealed(({ files, totals }) => {
      first(files).bytes++;
      totals.bytes++;
    }),
    /bytes where there were/,
  ],
  "the totals, covered up": [sealed(({ totals }) => void totals.messages++), /its totals are not the sums/],
  "the total size, covered up": [sealed(({ totals }) => void totals.bytes++), /its totals are not the sums/],
  "a file listed twice, covered up": [sealed(({ files }) => void files.push(first(files))), /lists a file twice/],
  "the messages not listed, covered up": [
    sealed((manifest) => void (manifest.files = manifest.files.filter(({ name }) => name !== MESSAGES_FILE))),
    /does not list messages\.ndjson/,
  ],
  "a completeness, covered up": [sealed((manifest) => void (manifest.complete = false)), /complete does not agree/],
  "a reason, covered up": [sealed(({ chats }) => void first(chats).reasons.push("No.")), /complete does not agree/],
  "the messages of a file, covered up": [
    sealed(({ files }) => files.forEach((file) => file.messages !== undefined && file.messages++)),
    /messages\.ndjson: it has \d+ messages/,
  ],
  "a kind, covered up": [
    sealed(({ chats, totals }) => [first(chats), totals].forEach(({ by_kind }) => by_kind["photo"] = 7)),
    /its count by kind is not what the file has/,
  ],
  "the first message, covered up": [
    sealed(({ chats }) => void (first(chats).first = first(chats).last)),
    /its first message is not what the file has/,
  ],
  "the last message's date, covered up": [
    sealed(({ chats }) => first(chats).last && (first(chats).last = { id: 12, date: "2025-01-01T00:00:00Z" })),
    /its last message is not what the file has/,
  ],
  "deletions, covered up": [
    sealed(({ chats, totals }) => [first(chats), totals].forEach((each) => each.deletions = 1)),
    /its number of deletions is not what the file has/,
  ],
  "the number of gaps, covered up": [
    sealed(({ chats: [chat] }) => chat?.gaps && chat.gaps.deleted++),
    /its ranges have 2 ids deleted where 3 are counted/,
  ],
  "a range moved, covered up": [
    sealed(({ chats: [chat] }) => first(chat?.gaps?.ranges).from--),
    /the gap 7 to 8 is not what the ranges say/,
  ],
  "a range too long, covered up": [
    sealed(({ chats: [chat] }) => first(chat?.gaps?.ranges).to++),
    /the gap 7 to 8 is not what the ranges say/,
  ],
  "a range gone, covered up": [
    sealed(({ chats: [chat] }) => chat?.gaps && (chat.gaps.ranges = [])),
    /the gap 7 to 8 is not what the ranges say/,
  ],
  "a range too many, covered up": [
    sealed(({ chats: [chat] }) => chat?.gaps?.ranges.push({ from: 13, to: 13, verdict: "deleted" })),
    /the range from 13 is no gap/,
  ],
  "a verdict, covered up": [
    sealed(({ chats: [chat] }) => first(chat?.gaps?.ranges).verdict = "service"),
    /its ranges have 0 ids deleted where 2 are counted/,
  ],
  "gaps said to be more than listed, covered up": [
    sealed(({ chats: [chat] }) => chat?.gaps && Object.assign(chat.gaps, { truncated: true, deleted: 3 })),
    /messages and gaps are 13 ids of 12/,
  ],
  "the gaps gone, covered up": [
    sealed(({ chats: [chat] }) => chat && delete chat.gaps),
    /its gaps are not told/,
  ],
  "a shorter span, covered up": [
    sealed(({ chats: [chat] }) => chat?.gaps && (chat.gaps.to = 11)),
    /its gaps do not span its bounds/,
  ],
  "another kind of chat, covered up": [
    sealed(({ chats: [chat] }) => chat && (chat.kind = "group")),
    /it has gaps, but its ids are not its own/,
  ],
  "narrower dates, covered up": [
    sealed(({ chats }) => first(chats.slice(-1)).bounds.from = "2030-01-01T00:00:00Z"),
    /has the message \d+ beyond the bounds/,
  ],
  "a lower end, covered up": [
    sealed(({ chats }) => first(chats.slice(-1)).bounds.up_to = 1),
    /has the message \d+ beyond the bounds/,
  ],
  "the chats' order, covered up": [sealed(({ chats }) => void chats.reverse()), /whose turn it is not/],
  "a line removed, covered up": [covered((all) => all.toSpliced(3, 1)), /^-1002000000017: its number of messages is/m],
  "a line duplicated, covered up": [covered((all) => all.toSpliced(3, 0, all[3] ?? "")), /line 5 has the id 4/],
  "two lines swapped, covered up": [covered(swap(3)), /line 5 has the id 4/],
  "a line with another id, covered up": [
    covered((all) => all.with(5, all[5]?.replace('"id":6', '"id":7') ?? "")),
    /-1002000000017: the gap 6 to 6 is not what the ranges say/,
  ],
  "a line of a foreign chat, covered up": [
    covered((all) => all.map((line) => line.replace('"chat_id":"-1002000000017"', '"chat_id":"5"'))),
    /line 1 is of the chat 5, whose turn it is not/,
  ],
};

Deno.test("verify: what is as it was written is ok, and every damage is found", async (test) => {
  await using sandbox = await startSandbox();
  const folder = await Deno.makeTempDir({ dir: sandbox.directory });
  await sandbox.remove("-1002000000017", [7, 8]);
  await withAccount(sandbox, async (account) => {
    await Deno.writeTextFile(join(folder, CSV), "id,text\n1,");
    await Deno.mkdir(join(folder, "media"));
    await Deno.writeFile(join(folder, MEDIA), new Uint8Array(70_000).fill(7));
    const wanted = [{ chat: "@sandbox_live" }, { chat: "@annlee", from: "2025-01-01T00:00:00Z" }];
    await exportTo(folder, account, wanted, { files: [MESSAGES_FILE, CSV, MEDIA] });
  });
  const copy = async (): Promise<string> => {
    const place = join(await Deno.makeTempDir({ dir: sandbox.directory }), "export");
    await Deno.mkdir(join(place, "media"), { recursive: true });
    for (const name of [MANIFEST_FILE, MESSAGES_FILE, CSV, MEDIA]) {
      await Deno.copyFile(join(folder, name), join(place, name));
    }
    return place;
  };
  const good = await Array.fromAsync(verifyExport(await copy()));
  assert.deepEqual(
    good.map(({ check, status }) => `${status} ${check}`),
    [MANIFEST_FILE, MEDIA, CSV, MESSAGES_FILE, "-1002000000017", "734201334", "complete"].map((each) => `ok ${each}`),
  );
  assert.match(good[4]?.message ?? "", /^10 messages of the ids 1 to 12; 2 deleted or never used, 0 service/);
  for (const [name, [damage, expected]] of Object.entries(DAMAGES)) {
    await test.step(name, async () => {
      const place = await copy();
      await damage(place);
      const findings = await Array.fromAsync(verifyExport(place));
      assert.match(failures(findings).join("\n"), expected);
      assert.ok(findings.every(({ check }) => check !== "complete"), "it is not called complete");
    });
  }
});

const CHANNEL = { id: "-1007", kind: "channel", title: "A", reasons: [] } as const;

/** Whatever fails of an export with these records. */
async function failuresOf(
  folder: string,
  records: readonly unknown[],
  more: Partial<FinishedExport>,
): Promise<string[]> {
  await Deno.writeTextFile(join(folder, MESSAGES_FILE), ndjson(records));
  await writeManifest(folder, { ...FINISHED, ...more });
  return failures(await Array.fromAsync(verifyExport(folder)));
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("verify: a delta has older messages and deletions, and is held against what it says of the export before", () =>
  inFolder(async (folder) => {
    const chats = [{ ...CHANNEL, range: {}, since: 4, upTo: 7 }];
    const [old, fresh] = [messageOf(2, CHANNEL.id), messageOf(6, CHANNEL.id)];
    const detected_at = "2025-06-01T00:00:00Z";
    const deletionOf = (id: number): Deletion => {
      return { schema: "deletion/1", chat_id: CHANNEL.id, id, detected_at, verdict: "deleted_after_seen" };
    };
    const tally = createTally(chats);
    const kept = [old, fresh];
    const looked = kept.map(({ id }) => ({ id, verdict: "kept" as const }));
    tally.add({ segment: 0, kept, looked, deletions: [deletionOf(3)], from: 1, to: 7 });
    const said = { chats, counts: tally.counts(), delta_of: "b", query: { delta_of: "b" } };
    assert.deepEqual(said.counts[0]?.gaps?.ranges, [
      { from: 5, to: 5, verdict: "deleted" },
      { from: 7, to: 7, verdict: "deleted" },
    ]);
    const records = [old, deletionOf(3), fresh];
    assert.deepEqual(await failuresOf(folder, records, said), []);
    const findings = await Array.fromAsync(verifyExport(folder));
    assert.match(findings.find(({ check }) => check === CHANNEL.id)?.message ?? "", /^2 messages \(1 of them edited\)/);
    const after = async (change: (manifest: Manifest) => void): Promise<string[]> => {
      await failuresOf(folder, records, said);
      await sealed(change)(folder);
      return failures(await Array.fromAsync(verifyExport(folder)));
    };
    const [chat, apart] = [(manifest: Manifest) => first(manifest.chats), "what it says of the export before it"];
    assert.deepEqual(await after((manifest) => delete manifest.delta_of), [`manifest.json: ${apart} does not agree`]);
    assert.deepEqual(await after((manifest) => manifest.delta_of = "c"), [`manifest.json: ${apart} does not agree`]);
    assert.deepEqual(await after((manifest) => delete chat(manifest).bounds.since), [
      `manifest.json: ${apart} does not agree`,
      "messages.ndjson: line 2 has the deletion of 3, which no earlier export can have had",
      "-1007: its number of edited ones is not what the file has",
    ]);
    assert.deepEqual(await after((manifest) => chat(manifest).edited = 2), [
      "-1007: its number of edited ones is not what the file has",
    ]);
    assert.deepEqual(await after((manifest) => chat(manifest).bounds.since = 5), [
      "-1007: its gaps do not span its bounds",
    ]);
    assert.deepEqual(await failuresOf(folder, [old, deletionOf(5), fresh], said), [
      "messages.ndjson: line 2 has the deletion of 5, which no earlier export can have had",
    ]);
    assert.deepEqual(await failuresOf(folder, [deletionOf(3), old, fresh], said), [
      "messages.ndjson: line 2 has the id 2, which does not come behind 3; it has 1 messages",
      "-1007: its number of messages is not what the file has",
    ]);
    assert.deepEqual(await failuresOf(folder, [old, { ...deletionOf(3), verdict: "?" }, fresh], said), [
      "messages.ndjson: line 2 is no message/1 and no deletion/1",
      "-1007: its number of deletions is not what the file has",
    ]);
  }));

Deno.test("verify: more gaps than are listed still add up, and a count that is wrong is found", () =>
  inFolder(async (folder) => {
    const chats = [{ ...CHANNEL, range: {}, upTo: 6000 }];
    const kept = Array.from({ length: 3000 }, (_, index) => messageOf(index * 2 + 2, CHANNEL.id));
    const tally = createTally(chats);
    tally.add({ segment: 0, kept, looked: kept.map(({ id }) => ({ id, verdict: "kept" })), from: 1, to: 6000 });
    assert.deepEqual(await failuresOf(folder, kept, { chats, counts: tally.counts() }), []);
    const after = async (deleted: number, unknown: number): Promise<string[]> => {
      await sealed(({ chats: [chat] }) => chat?.gaps && Object.assign(chat.gaps, { deleted, unknown }))(folder);
      return failures(await Array.fromAsync(verifyExport(folder)));
    };
    assert.deepEqual(await after(2999, 2), ["-1007: messages and gaps are 6001 ids of 6000"]);
    assert.deepEqual(await after(999, 2001), ["-1007: its ranges have 1000 ids deleted where 999 are counted"]);
  }));
