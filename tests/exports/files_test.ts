import assert from "node:assert/strict";
import { join } from "node:path";
import { type ExportFile, type ExportFolder, openExportFile, readExportFolder } from "../../src/exports/files.ts";
import { writeManifest } from "../../src/exports/manifest.ts";
import { measure } from "../../src/exports/measure.ts";

interface Folder extends ExportFolder, Disposable {}

const listed = (name: string, bytes: number): ExportFile => ({ name, bytes, sha256: "0".repeat(64), mime: "text/csv" });

/** A folder with `messages.csv`, `media/1.jpg` and `secret`, of which the first two are listed, and whatever a test names. */
async function folder(...more: ExportFile[]): Promise<Folder> {
  const root = await Deno.makeTempDir({ prefix: "export-" });
  const dir = join(root, "here");
  await Deno.mkdir(join(dir, "media"), { recursive: true });
  for (const [name, text] of [["messages.csv", "id\n"], ["media/1.jpg", "jpg"], ["secret", "abc"], ["../out", "abc"]]) {
    await Deno.writeTextFile(join(dir, name ?? ""), text ?? "");
  }
  const files = [listed("messages.csv", 3), listed("media/1.jpg", 3), ...more];
  return { dir, files, [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }) };
}

async function textOf(folder: ExportFolder, name: string): Promise<string | undefined> {
  using opened = await openExportFile(folder, name);
  return opened && await new Response(opened.file.readable).text();
}

Deno.test("export file: listed ones are opened, in a folder of it too, and closed", async () => {
  using at = await folder();
  for (const [name, text] of [["messages.csv", "id\n"], ["media/1.jpg", "jpg"]] as const) {
    const opened = await openExportFile(at, name);
    assert.equal(opened?.about.name, name);
    const buffer = new Uint8Array(9);
    const count = await opened.file.read(buffer);
    assert.equal(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), text);
    opened[Symbol.dispose]();
    assert.throws(() => opened.file.statSync(), Deno.errors.BadResource);
  }
});

Deno.test("export file: what the list has not is not there, however it is spelled", async () => {
  using at = await folder();
  const names = ["secret", "", ".", "..", "media", "../out", "/etc/passwd", "./messages.csv", "media/../messages.csv"];
  for (const name of [...names, "messages.csv\0", "media\\1.jpg", "MESSAGES.CSV", "messages.csv/", "//messages.csv"]) {
    assert.equal(await textOf(at, name), undefined, name);
  }
});

Deno.test("export file: a list that names what is outside, or deeper than a folder, is not believed", async () => {
  const names = [
    "../out",
    "/etc/hostname",
    "media/../secret",
    "media/../../out",
    ".",
    "..",
    "a/b/c",
    "media\\..\\out",
    "x\0",
  ];
  using at = await folder(...names.map((name) => listed(name, 3)));
  await Deno.mkdir(join(at.dir, "a/b"), { recursive: true });
  await Deno.writeTextFile(join(at.dir, "a/b/c"), "abc");
  for (const name of names) assert.equal(await textOf(at, name), undefined, name);
});

Deno.test("export file: no link is followed, as a file, as a folder, or to a file of the same folder", async () => {
  const names = ["link", "outside", "elsewhere/out", "gone"];
  using at = await folder(...names.map((name) => listed(name, 3)));
  await Deno.symlink("secret", join(at.dir, "link"));
  await Deno.symlink("../out", join(at.dir, "outside"));
  await Deno.symlink("..", join(at.dir, "elsewhere"));
  await Deno.symlink("nowhere", join(at.dir, "gone"));
  for (const name of names) assert.equal(await textOf(at, name), undefined, name);
  // The export's folder itself may be reached by one: its owner put it there.
  await Deno.symlink("here", join(at.dir, "../there"));
  assert.equal(await textOf({ ...at, dir: join(at.dir, "../there") }, "messages.csv"), "id\n");
});

Deno.test("export file: gone, of another size, a folder or a pipe is not there", async () => {
  using at = await folder(
    listed("gone", 3),
    listed("media", 3),
    listed("secret", 4),
    listed("pipe", 0),
    listed("secret/x", 3),
  );
  assert.ok((await new Deno.Command("mkfifo", { args: [join(at.dir, "pipe")] }).output()).success);
  for (const name of ["gone", "media", "secret", "pipe", "secret/x"]) {
    assert.equal(await textOf(at, name), undefined, name);
  }
  assert.equal(await textOf({ ...at, dir: join(at.dir, "nowhere") }, "messages.csv"), undefined);
});

Deno.test("export folder: it is what the manifest lists, with types, and the manifest; none without one", async () => {
  using at = await folder();
  assert.equal(await readExportFolder(at.dir), undefined);
  await Deno.writeTextFile(join(at.dir, "messages.ndjson"), "");
  const now = "2026-01-01T00:00:00Z";
  const manifest = await writeManifest(at.dir, {
    id: "x",
    created: now,
    finished: now,
    program: { name: "test", version: "0" },
    query: {},
    chats: [],
    counts: [],
    files: ["messages.ndjson", "messages.csv", "media/1.jpg"],
  });
  const read = await readExportFolder(at.dir);
  const types = ["image/jpeg", "text/csv", "application/x-ndjson"];
  const { bytes, sha256 } = await measure(join(at.dir, "manifest.json"));
  assert.deepEqual(read, {
    dir: at.dir,
    chats: [],
    files: [
      ...manifest.files.map(({ name, bytes, sha256 }, index) => ({ name, bytes, sha256, mime: types[index] })),
      { name: "manifest.json", bytes, sha256, mime: "application/json" },
    ],
    manifest: JSON.parse(JSON.stringify(manifest)),
  });
  assert.equal(await textOf(read ?? at, "manifest.json"), await Deno.readTextFile(join(at.dir, "manifest.json")));
});
