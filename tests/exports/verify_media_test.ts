/**
 * What `verify` finds of an export with files, once somebody has damaged it; the manifest's digest is computed anew where only
 * the records can tell.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { digestOf, MANIFEST_FILE, manifestText, MEDIA_FILE } from "../../src/exports/manifest.ts";
import { DEFAULT_LIMITS } from "../../src/exports/media.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { type Manifest, manifestSchema } from "../../src/model/manifest.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { openJobs } from "./jobs.ts";

const HALL = "-1002000000006";

type Damage = (folder: string) => Promise<void>;

async function readManifest(folder: string): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await Deno.readTextFile(join(folder, MANIFEST_FILE))));
}

const sealed = (change: (manifest: Manifest) => void): Damage => async (folder) => {
  const manifest = await readManifest(folder);
  change(manifest);
  manifest.totals.bytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const ordered = manifestSchema.parse(manifest);
  await Deno.writeTextFile(join(folder, MANIFEST_FILE), manifestText({ ...ordered, digest: digestOf(ordered) }));
};

/** Changes records, and describes their file anew. */
const covered = (change: (lines: string[]) => string[]): Damage => async (folder) => {
  const path = join(folder, MEDIA_FILE);
  const before = await Deno.readTextFile(path);
  const lines = change(before.split("\n").slice(0, -1));
  const text = lines.map((line) => `${line}\n`).join("");
  assert.notEqual(text, before, "the damage is one");
  await Deno.writeTextFile(path, text);
  await sealed(({ files }) => {
    const file = files.find(({ name }) => name === MEDIA_FILE);
    assert.ok(file);
    file.bytes = new TextEncoder().encode(text).length;
    file.sha256 = createHash("sha256").update(text).digest("hex");
    file.lines = lines.length;
  })(folder);
};

const replaced = (at: number, from: string | RegExp, to: string): Damage =>
  covered((lines) => lines.with(at, lines[at]?.replace(from, to) ?? ""));

const mediaOf = ({ files }: Manifest): Manifest["files"] => files.filter(({ name }) => name.startsWith("media/"));

/** Changes the bytes of the first media file. */
const bytes = (change: (data: Uint8Array) => Uint8Array): Damage => async (folder) => {
  const [file] = mediaOf(await readManifest(folder));
  const path = join(folder, file?.name ?? "");
  await Deno.writeFile(path, change(await Deno.readFile(path)));
};

const without = (name: RegExp): Damage =>
  sealed((manifest) => {
    manifest.files = manifest.files.filter((file) => !name.test(file.name));
  });

const DAMAGES: Readonly<Record<string, readonly [Damage, RegExp]>> = {
  "a byte of a file flipped": [
    bytes((all) => all.with(500, (all[500] ?? 0) ^ 1)),
    /^media\/\w+\.\w+: its content has changed/m,
  ],
  "a file cut": [bytes((all) => all.subarray(1)), /^media\/\w+\.\w+: it has \d+ bytes where there were/m],
  "a file missing": [
    async (folder) => await Deno.remove(join(folder, mediaOf(await readManifest(folder))[0]?.name ?? "")),
    /^media\/\w+\.\w+: it is missing/m,
  ],
  "a file that nobody wrote": [
    (folder) => Deno.writeTextFile(join(folder, "media", "x.jpg"), ""),
    /^folder: "media\/x\.jpg" does not belong to the export/m,
  ],
  "a part left over": [
    (folder) => Deno.writeTextFile(join(folder, "media", ".d1-5.part"), ""),
    /^folder: "media\/\.d1-5\.part" does not belong/m,
  ],
  "the records missing": [(folder) => Deno.remove(join(folder, MEDIA_FILE)), /^media\.ndjson: it is missing/m],
  "a record altered": [
    async (folder) => {
      const path = join(folder, MEDIA_FILE);
      await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("document", "sticker "));
    },
    /^media\.ndjson: its content has changed/m,
  ],
  "a record removed, covered up": [
    covered((lines) => lines.slice(0, -1)),
    /^media: media\.ndjson does not tell of a file/m,
  ],
  "a record removed amid others, covered up": [
    covered((lines) => lines.toSpliced(1, 1)),
    /^media: line 2 .*whose turn it is$/m,
  ],
  "a record twice, covered up": [
    covered((lines) => [...lines, lines.at(-1) ?? ""]),
    /^media: media\.ndjson has more lines/m,
  ],
  "two records swapped, covered up": [
    covered(([a = "", b = "", ...rest]) => [b, a, ...rest]),
    /^media: line 1 of media\.ndjson is not of the message/m,
  ],
  "a record of another message, covered up": [
    replaced(0, /"id":\d+/, '"id":77'),
    /^media: line 1 .* is not of the message/m,
  ],
  "a record of another kind, covered up": [
    replaced(0, '"document"', '"sticker"'),
    /^media: line 1 .* is not of the message/m,
  ],
  "a record that is none, covered up": [
    replaced(0, "media/1", "media/2"),
    /^media: line 1 of media\.ndjson is no media\/1/m,
  ],
  "a record with a path, covered up": [
    replaced(0, '"media/', '"media/../'),
    /^media: line 1 of media\.ndjson is no media\/1/m,
  ],
  "a record of a file that is not listed, covered up": [
    replaced(0, /media\/[0-9a-f]{4}/, "media/0000"),
    /^media: line 1 of media\.ndjson names media\/0000\w+\.\w+, which the manifest does not list/m,
  ],
  "a record's hash, covered up": [
    replaced(0, /"sha256":"[0-9a-f]{4}/, '"sha256":"0000'),
    /^media: line 1 .* otherwise/m,
  ],
  "a record's size, covered up": [replaced(0, /"bytes":\d+/, '"bytes":5'), /^media: line 1 .* otherwise/m],
  "a file told as skipped, covered up": [
    replaced(1, /"file".*$/, '"skipped":"gone"}'),
    /^media: media\/\w+\.\w+ is of no message/m,
  ],
  "another file in its place, covered up": [
    covered(([first = "", second = "", ...rest]) => {
      const file = /"file":.*/.exec(second)?.[0] ?? "";
      return [first.replace(/"file":.*/, file), second, ...rest];
    }),
    /^media: line 1 of media\.ndjson has \d+ bytes where the message has \d+/m,
  ],
  "the sums, covered up": [
    sealed(({ media }) => media && media.bytes++),
    /^media: its sums are not those of the records/m,
  ],
  "a file that failed, covered up": [
    sealed(({ media }) => media && (media.skipped["failed"] = 1)),
    /^manifest\.json: it does not say that files of messages are missing/m,
  ],
  "the last record removed of an export that lacks files, covered up": [
    async (folder) => {
      await sealed((manifest) => {
        if (manifest.media !== undefined) manifest.media.skipped["failed"] = 1;
        manifest.reasons = ["Files of messages could not be downloaded: 1 failed."];
        manifest.complete = false;
      })(folder);
      await covered((lines) => lines.slice(0, -1))(folder);
    },
    /^media: media\.ndjson does not tell of a file/m,
  ],
  "a reason's count, covered up": [
    sealed(({ media }) => media && (media.skipped["too_large"] = 5)),
    /^media: its sums are not those of the records/m,
  ],
  "a file not listed, covered up": [without(/^media\/.*pdf$/), /^folder: "media\/\w+\.pdf" does not belong/m],
  "the records not listed, covered up": [
    without(/^media\.ndjson$/),
    /^manifest\.json: it tells of media\.ndjson in one place/m,
  ],
  "nothing of files told, covered up": [
    sealed((manifest) => {
      manifest.files = manifest.files.filter(({ name }) => name !== MEDIA_FILE);
      delete manifest.media;
    }),
    /^manifest\.json: it does not list media\.ndjson/m,
  ],
  "a name that leads elsewhere": [
    async (folder) => {
      const path = join(folder, MANIFEST_FILE);
      await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace('"media/', '"media/../'));
    },
    /it is no manifest\/1/,
  ],
};

Deno.test("verify: of an export with files what is as it was written is ok, and every damage is found", async (test) => {
  await using sandbox = await startSandbox();
  await using jobs = openJobs(sandbox, { limits: { ...DEFAULT_LIMITS, maxFileBytes: 5000 } });
  for (
    const [id, size, mime] of [["1", 1000, "application/pdf"], ["2", 2000, "text/plain"], ["3", 9000, ""]] as const
  ) {
    await sandbox.append(HALL, "", { id, size, mime });
  }
  const job = await jobs.end(await jobs.start([HALL], { download_media: true }));
  const folder = jobs.exports.folder(job.id);
  const copy = async (): Promise<string> => {
    const place = await Deno.makeTempDir({ dir: sandbox.directory });
    await Deno.mkdir(join(place, "media"));
    const { files } = await readManifest(folder);
    for (const name of [MANIFEST_FILE, ...files.map(({ name }) => name)]) {
      await Deno.copyFile(join(folder, name), join(place, name));
    }
    return place;
  };
  const good = await Array.fromAsync(verifyExport(await copy()));
  assert.ok(good.every(({ status }) => status === "ok"), JSON.stringify(good));
  assert.deepEqual(good.find(({ check }) => check === "media")?.message, "2 files, 3000 bytes");
  for (const [name, [damage, expected]] of Object.entries(DAMAGES)) {
    await test.step(name, async () => {
      const place = await copy();
      await damage(place);
      const findings = await Array.fromAsync(verifyExport(place));
      const failures = findings.filter(({ status }) => status === "fail");
      assert.match(failures.map(({ check, message }) => `${check}: ${message}`).join("\n"), expected);
      assert.ok(findings.every(({ check }) => check !== "complete"), "it is not called complete");
    });
  }
});
