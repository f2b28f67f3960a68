import assert from "node:assert/strict";
import { join } from "node:path";
import { deliver } from "../../src/exports/deliver.ts";
import { MANIFEST_FILE, writeManifest } from "../../src/exports/manifest.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { FINISHED } from "./folder.ts";
import { write } from "./house.ts";

/** A job's folder and one to deliver to, whose path ends with a slash. */
async function withFolders(test: (job: string, out: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "deliver-" });
  try {
    await test(join(root, "job"), `${join(root, "out")}/`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Makes a folder an export of nothing, which has these files besides. */
async function fill(folder: string, ...names: string[]): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const files = ["messages.ndjson", ...names];
  for (const name of files) await write(join(folder, name), name === "messages.ndjson" ? 0 : 10);
  await writeManifest(folder, { ...FINISHED, files });
}

async function namesIn(folder: string, below = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, below))) {
    if (isDirectory) names.push(...await namesIn(folder, `${below}${name}/`));
    else names.push(`${below}${name}`);
  }
  return names.sort();
}

const ALL = ["index.html", MANIFEST_FILE, "messages.ndjson"];

for (const isOwn of [true, false]) {
  const whose = isOwn ? "the command's own" : "somebody's";
  Deno.test(`deliver: ${whose} export is there whole, and the job has its files still`, () =>
    withFolders(async (job, out) => {
      await fill(job, "index.html");
      // As a kill amid an earlier delivery leaves it.
      await write(out + "x", 1);
      await Deno.link(join(job, "index.html"), `${out}.index.html.part`);
      await deliver(job, "html", { out, force: false, isOwn });
      await Deno.remove(out + "x");
      assert.deepEqual([await namesIn(out), await namesIn(job)], [ALL, ALL]);
      assert.equal((await Deno.stat(`${out}index.html`)).size, 10);
      // Killed before the job's files were removed, it is delivered once more.
      await deliver(job, "html", { out, force: true, isOwn });
      assert.deepEqual(await namesIn(out), ALL);
      const findings = await Array.fromAsync(verifyExport(out));
      assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
      const isSame = (await Deno.stat(`${out}index.html`)).ino === (await Deno.stat(join(job, "index.html"))).ino;
      assert.equal(isSame, isOwn, "what somebody else has is shared with nobody");
    }));
}

Deno.test("deliver: files that are removed meanwhile are said with the reason, and nothing half is left", () =>
  withFolders(async (job, out) => {
    await fill(job, "index.html", "page-0001.html");
    await Deno.remove(join(job, "page-0001.html"));
    const gone = { code: "NOT_FOUND", hint: /RESOURCE_MAX_AGE_HOURS.*run the same command again/ };
    await assert.rejects(deliver(job, "html", { out, force: false, isOwn: false }), gone);
    assert.deepEqual(await namesIn(out), []);
    await Deno.remove(job, { recursive: true });
    await assert.rejects(deliver(job, "html", { out, force: false, isOwn: false }), gone);
  }));

Deno.test("deliver: what fails amid it can be done again by the same command", () =>
  withFolders(async (job, out) => {
    await fill(job, "index.html", "media/b.bin");
    await write(`${out}media`, 3);
    const destination = { out, force: false, isOwn: true };
    await assert.rejects(deliver(job, "html", destination), { code: "INPUT_VALIDATION" });
    assert.deepEqual(await namesIn(out), ["media"]);
    await Deno.remove(`${out}media`);
    await deliver(job, "html", destination);
    assert.equal((await namesIn(out)).length, 4);
  }));

Deno.test("deliver: with force, files of the export before that the new one has not are removed, and no others", () =>
  withFolders(async (job, out) => {
    await fill(out, "index.html", "page-0001.html", "page-0002.html", "media/a.bin", "media/b.bin");
    await fill(job, "index.html", "media/b.bin");
    await deliver(job, "html", { out, force: true, isOwn: true });
    assert.deepEqual(await namesIn(out), ["index.html", MANIFEST_FILE, "media/b.bin", "messages.ndjson"]);
    const findings = await Array.fromAsync(verifyExport(out));
    assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);

    await write(join(out, "..", "mine"), 1);
    await write(`${out}notes.txt`, 1);
    const text = await Deno.readTextFile(join(out, MANIFEST_FILE));
    await Deno.writeTextFile(join(out, MANIFEST_FILE), text.replace('"media/b.bin"', '"../mine"'));
    await fill(job, "index.html", "media/b.bin");
    await deliver(job, "html", { out, force: true, isOwn: true });
    assert.equal((await Deno.stat(join(out, "..", "mine"))).size, 1);
    assert.ok((await namesIn(out)).includes("notes.txt"));

    await fill(job);
    await Deno.writeTextFile(join(out, MANIFEST_FILE), "{}");
    await deliver(job, "html", { out, force: true, isOwn: true });
    assert.ok((await namesIn(out)).includes("index.html"), "a manifest of another kind lists nothing");
  }));
