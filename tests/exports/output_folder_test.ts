import assert from "node:assert/strict";
import { join } from "node:path";
import { AppError } from "../../src/errors.ts";
import { writeFolder } from "../../src/exports/output_folder.ts";
import type { Chunk } from "../../src/exports/render/mod.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = (folder: string): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const refused = (error: unknown): boolean => error instanceof AppError && error.code === "INPUT_VALIDATION";

async function* chunks(...list: readonly (readonly [string, string])[]): AsyncGenerator<Chunk> {
  for (const [file, text] of list) yield await Promise.resolve({ file, text });
}

Deno.test("writeFolder: files are parts until all are whole, and only their owner reads them", () =>
  inFolder(async (folder) => {
    const out = join(folder, "deep", "out");
    const render = async function* (): AsyncGenerator<Chunk> {
      yield* chunks(["a", "1"], ["a", "é".repeat(300_000)], ["a", "2"], ["b", "3"]);
      assert.deepEqual(names(out), ["a.part", "b.part"]);
    };
    assert.deepEqual(await writeFolder(out, render(), { force: false }), [join(out, "a"), join(out, "b")]);
    assert.deepEqual(names(out), ["a", "b"]);
    assert.equal(await Deno.readTextFile(join(out, "a")), `1${"é".repeat(300_000)}2`);
    assert.equal((await Deno.stat(join(out, "a"))).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(out)).mode! & 0o777, 0o700);
  }));

Deno.test("writeFolder: a file that exists is kept, and replaced when that is wanted", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "b"), "old");
    await assert.rejects(writeFolder(folder, chunks(["a", "1"], ["b", "2"]), { force: false }), refused);
    assert.deepEqual(names(folder), ["b"]);
    assert.equal(await Deno.readTextFile(join(folder, "b")), "old");
    await writeFolder(folder, chunks(["a", "1"], ["b", "2"]), { force: true });
    assert.equal(await Deno.readTextFile(join(folder, "b")), "2");
  }));

Deno.test("writeFolder: nothing stays of a render that fails, is interrupted, or cannot be written", () =>
  inFolder(async (folder) => {
    const failing = async function* (): AsyncGenerator<Chunk> {
      yield* chunks(["a", "1"], ["b", "2"]);
      throw new Error("no more");
    };
    await assert.rejects(writeFolder(folder, failing(), { force: false }), /no more/);
    const controller = new AbortController();
    const interrupted = async function* (): AsyncGenerator<Chunk> {
      yield* chunks(["a", "1"]);
      controller.abort(new Error("stop"));
      yield* chunks(["a", "2"]);
    };
    await assert.rejects(writeFolder(folder, interrupted(), { force: false, signal: controller.signal }), /stop/);
    assert.deepEqual(names(folder), []);
    await Deno.mkdir(join(folder, "b.part"));
    await assert.rejects(
      writeFolder(folder, chunks(["a", "1"], ["b", "2"]), { force: false }),
      (error) => error instanceof AppError && error.code === "RESOURCE_EXHAUSTED",
    );
    assert.deepEqual(names(folder), ["b.part"], "what was there before");
  }));

Deno.test("writeFolder: a full disk is told and leaves nothing", () =>
  inFolder(async (folder) => {
    // The device that is always full.
    await Deno.symlink("/dev/full", join(folder, "b.part"));
    await assert.rejects(
      writeFolder(folder, chunks(["a", "1"], ["b", "2"]), { force: false }),
      (error) => error instanceof AppError && /b\.part cannot be written: no space left/.test(error.message),
    );
    assert.deepEqual(names(folder), []);
  }));

Deno.test("writeFolder: a folder that is a file is refused", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "f"), "");
    await assert.rejects(writeFolder(join(folder, "f"), chunks(["a", "1"]), { force: true }), refused);
  }));
