/** What is taken for a backup: what was written as one, and nothing else, whatever was done to it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { packTar, type TarEntry, unpackTar } from "modern-tar";
import { unpack } from "../../src/backup/archive.ts";
import { FORMAT } from "../../src/backup/format.ts";
import { AppError } from "../../src/errors.ts";
import { archiveOf, backupOf, furnish, idOf, withFolder } from "./house.ts";

type Files = Readonly<Record<string, string>>;

/** Reads an archive as a stream of pieces; what it has, or the error. */
async function read(bytes: Uint8Array, piece = 1 << 16): Promise<Files> {
  const files: Record<string, string> = {};
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += piece) controller.enqueue(bytes.slice(at, at + piece));
      controller.close();
    },
  });
  await unpack(source, {
    signal: new AbortController().signal,
    begin: () => Promise.resolve(),
    take: async ({ name }, stream) =>
      void (files[name] = sum(new Uint8Array(await new Response(stream).arrayBuffer()))),
  });
  return files;
}

function sum(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const isRefusal = (error: unknown): boolean => error instanceof AppError && error.code === "INPUT_VALIDATION";

/** A small archive of three files, and what is in it. */
async function sample(use: (bytes: Uint8Array<ArrayBuffer>, files: Files) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const names = ["telegram-toolkit.sqlite", "session", `exports-index/${idOf("a")}`];
    await Deno.mkdir(join(folder, "exports-index"));
    for (const [n, name] of names.entries()) await Deno.writeTextFile(join(folder, name), name.repeat(n * 40 + 1));
    await use(
      await archiveOf(folder, names),
      Object.fromEntries(names.map((name) => [name, sum(Deno.readFileSync(join(folder, name)))])),
    );
  });
}

Deno.test("backup archive: read in pieces of any size it has the bytes that were put in", async () => {
  await sample(async (bytes, files) => {
    for (const piece of [1, 511, 512, 513, bytes.length]) assert.deepEqual(await read(bytes, piece), files);
  });
});

Deno.test("backup archive: cut off anywhere it is refused", async () => {
  await sample(async (bytes) => {
    // The last kilobyte is the end's mark; of that less is a cut, too.
    for (let length = 0; length < bytes.length; length += 37) {
      await assert.rejects(read(bytes.slice(0, length)), isRefusal, `${length} of ${bytes.length}`);
    }
    await assert.rejects(read(bytes.slice(0, -1)), isRefusal);
  });
});

Deno.test("backup archive: with any byte altered it is refused, or has what was put in all the same", async () => {
  await sample(async (bytes, files) => {
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      const altered = bytes.slice();
      altered[at] = (altered[at] ?? 0) ^ (1 << (at % 8));
      const found = await read(altered).catch((error) => {
        // Another format's number is a newer program's.
        if (!isRefusal(error) && !(error instanceof AppError && error.code === "UNSUPPORTED")) throw error;
        refused++;
      });
      if (found !== undefined) assert.deepEqual(found, files, `byte ${at}`);
    }
    assert.ok(refused > bytes.length / 4, `${refused} of ${bytes.length}`);
  });
});

Deno.test("backup archive: what follows it, lacks in it, or stands elsewhere in it is refused", async () => {
  await sample(async (bytes) => {
    const entries: TarEntry[] = (await unpackTar(bytes)).map(({ header, data }) => ({ header, body: data }));
    const [manifest, database, session, index] = entries;
    assert.ok(manifest && database && session && index);
    const extra = { header: { name: "more", size: 1, type: "file" as const }, body: "x" };
    const cases: Record<string, Uint8Array> = {
      "one file more": await packTar([...entries, extra]),
      "one file twice": await packTar([...entries, index]),
      "one file less": await packTar(entries.slice(0, -1)),
      "files in another order": await packTar([manifest, session, database, index]),
      "no manifest": await packTar(entries.slice(1)),
      "the manifest last": await packTar([database, session, index, manifest]),
      "no files": await packTar([manifest]),
      "something behind it": new Uint8Array([...bytes, 1]),
      "another one behind it": new Uint8Array([...bytes, ...bytes]),
      "nothing": new Uint8Array(),
      "zeros": new Uint8Array(10_240),
      "noise": crypto.getRandomValues(new Uint8Array(10_240)),
      "compressed": new Uint8Array(
        await new Response(new Response(bytes).body?.pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
      ),
    };
    for (const [what, altered] of Object.entries(cases)) await assert.rejects(read(altered), isRefusal, what);
  });
});

/** An archive whose manifest says what it says and whose entries are what they are. */
async function forged(manifest: unknown, entries: readonly TarEntry[]): Promise<Uint8Array> {
  const body = JSON.stringify(manifest);
  return await packTar([{ header: { name: "manifest.json", size: body.length, type: "file" }, body }, ...entries]);
}

const PROGRAM = { name: "telegram-toolkit-mcp", version: "9.9.9" };
const X = { bytes: 1, sha256: sum(new TextEncoder().encode("x")) };

Deno.test("backup archive: no name but those of a data directory is taken, and no link, folder or device under one", async () => {
  const made = (name: string): Record<string, unknown> => ({
    schema: FORMAT,
    program: PROGRAM,
    created: "2030-01-01T00:00:00Z",
    files: [{ name, ...X }],
  });
  const file = (name: string): TarEntry => ({ header: { name, size: 1, type: "file" }, body: "x" });
  assert.deepEqual(Object.keys(await read(await forged(made("session"), [file("session")]))), ["session"]);
  const names = ["../session", "/etc/passwd", "./session", "session/", "exports-index/../session", "exports-index/x"];
  const others = ["exports-index", `exports-index/${idOf("A")}`, `exports-index//${idOf("a")}`, "holder.lock", "", "."];
  for (const name of [...names, ...others, `exports/${idOf("a")}/messages.ndjson`, "telegram-toolkit.sqlite-wal"]) {
    await assert.rejects(read(await forged(made(name), [file(name)])), isRefusal, name);
  }
  for (const type of ["symlink", "link", "directory", "fifo", "character-device"] as const) {
    const link: TarEntry = { header: { name: "session", size: 0, type, linkname: "/etc/passwd" } };
    const empty = { ...made("session"), files: [{ name: "session", bytes: 0, sha256: sum(new Uint8Array()) }] };
    await assert.rejects(read(await forged(empty, [link])), isRefusal, type);
  }
  const sizes: readonly [bytes: number, size: string][] = [[2, "x"], [0, "x"], [1, "xx"]];
  for (const [bytes, body] of sizes) {
    const entry: TarEntry = { header: { name: "session", size: body.length, type: "file" }, body };
    const manifest = { ...made("session"), files: [{ name: "session", ...X, bytes }] };
    await assert.rejects(read(await forged(manifest, [entry])), isRefusal, `${bytes} for ${body}`);
  }
  const twice = { ...made("session"), files: [{ name: "session", ...X }, { name: "session", ...X }] };
  await assert.rejects(read(await forged(twice, [file("session"), file("session")])), isRefusal, "one name twice");
});

Deno.test("backup archive: a manifest of any other shape is refused, and one of a newer format by its name", async () => {
  const file: TarEntry = { header: { name: "session", size: 1, type: "file" }, body: "x" };
  const whole = {
    schema: FORMAT,
    program: PROGRAM,
    created: "2030-01-01T00:00:00Z",
    files: [{ name: "session", ...X }],
  };
  for (
    const manifest of [
      null,
      [],
      "x",
      {},
      { ...whole, files: [] },
      { ...whole, more: 1 },
      { ...whole, created: "yesterday" },
      { ...whole, schema: "manifest/1" },
      { ...whole, files: [{ name: "session", ...X, bytes: -1 }] },
      { ...whole, files: [{ name: "session", ...X, bytes: 1e9 }] },
      { ...whole, files: [{ name: "session", bytes: 1, sha256: "00" }] },
    ]
  ) await assert.rejects(read(await forged(manifest, [file])), isRefusal, JSON.stringify(manifest));
  await assert.rejects(
    read(await forged({ ...whole, schema: "backup/2", more: 1 }, [file])),
    (error) => error instanceof AppError && error.code === "UNSUPPORTED" && /format backup\/2/.test(error.message),
  );
});

Deno.test("backup archive: tar itself opens it, with modes of a secret", async () => {
  await withFolder(async (folder) => {
    await furnish(join(folder, "data"), "a");
    const file = join(folder, "b.tar");
    await Deno.writeFile(file, await backupOf(join(folder, "data")));
    const { stdout } = await new Deno.Command("tar", { args: ["-tvf", file] }).output();
    const rows = new TextDecoder().decode(stdout).trim().split("\n").map((row) => row.split(/\s+/));
    assert.deepEqual(rows.map((row) => [row[0], row.at(-1)]), [
      ["-rw-------", "manifest.json"],
      ["-rw-------", "telegram-toolkit.sqlite"],
      ["-rw-------", "session"],
      ["-rw-------", `exports-index/${idOf("a")}`],
    ]);
    const extracted = await new Deno.Command("tar", { args: ["-xOf", file, "session"] }).output();
    assert.equal(new TextDecoder().decode(extracted.stdout), "session of a\n");
  });
});
