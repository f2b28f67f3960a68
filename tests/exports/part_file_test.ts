import assert from "node:assert/strict";
import { join } from "node:path";
import { assertFree, openPartFile } from "../../src/exports/part_file.ts";
import type { Plan } from "../../src/exports/plan.ts";
import { AppError } from "../../src/errors.ts";

const PLAN: Plan = { asked: { chat: "7" }, begun: "2025-06-01T00:00:00.000Z", range: {}, upTo: 9 };
const KEEP = { force: false };

function line(id: number, text = "a", chat = "7"): string {
  return `${JSON.stringify({ schema: "message/1", id, chat_id: chat, text })}\n`;
}

async function inFolder(test: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(join(folder, "f"), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Leaves what a killed run leaves: a part with this text and its note. */
async function leave(path: string, content: string | Uint8Array, plan = PLAN): Promise<void> {
  using part = await openPartFile(path, plan, KEEP);
  assert.equal(part.lines, 0);
  await Deno.writeFile(`${path}.part`, typeof content === "string" ? encode(content) : content);
}

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof AppError && error.code === "INPUT_VALIDATION" && pattern.test(error.message);
}

Deno.test("openPartFile: the file appears when complete and nothing else stays", () =>
  inFolder(async (path, folder) => {
    using part = await openPartFile(path, PLAN, KEEP);
    await part.write(line(1));
    await part.write(line(2, "ü"));
    assert.deepEqual(names(folder), ["f.part", "f.part.json"]);
    await part.complete();
    assert.deepEqual(names(folder), ["f"]);
    assert.equal(await Deno.readTextFile(path), line(1) + line(2, "ü"));
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  }));

Deno.test("openPartFile: an old part is continued under the plan that it began with", () =>
  inFolder(async (path) => {
    await leave(path, line(1) + line(2));
    using part = await openPartFile(path, { ...PLAN, upTo: 50, begun: "2025-07-01T00:00:00.000Z" }, KEEP);
    assert.deepEqual([part.lines, part.lastId, part.plan], [2, 2, PLAN]);
    await part.write(line(3));
    await part.complete();
    assert.equal(await Deno.readTextFile(path), line(1) + line(2) + line(3));
  }));

Deno.test("openPartFile: an age means what it meant when the export began", () =>
  inFolder(async (path) => {
    const begun: Plan = { ...PLAN, asked: { chat: "7", from: "7d" }, range: { from: { seconds: 1000 } } };
    await leave(path, line(1), begun);
    using part = await openPartFile(path, { ...begun, range: { from: { seconds: 2000 } } }, KEEP);
    assert.deepEqual(part.plan.range, { from: { seconds: 1000 } });
  }));

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const DAMAGES: Readonly<Record<string, Uint8Array>> = {
  "half a line": encode(line(3).slice(0, 20)),
  "a line without its end": encode(line(3).trimEnd()),
  "half a character": new Uint8Array([0x7b, 0x22, 0xc3]),
  "a block of zeros": new Uint8Array(5000),
  "zeros between line ends": new Uint8Array([0, 0, 10, 0, 10, 10]),
  "a line that is no message": encode(`{"id":3}\n${line(4)}`),
  "a message of another chat": encode(line(3, "a", "8") + line(4)),
  "a message out of order": encode(line(2) + line(4)),
  "a line with a broken character": encode(line(3)).map((byte) => byte === 97 ? 0xff : byte),
};
for (const [what, damage] of Object.entries(DAMAGES)) {
  Deno.test(`openPartFile: ${what} is cut off, with all behind it`, () =>
    inFolder(async (path) => {
      const good = encode(line(1) + line(2, "ü"));
      await leave(path, new Uint8Array([...good, ...damage]));
      using part = await openPartFile(path, PLAN, KEEP);
      assert.deepEqual([part.lines, part.lastId], [2, 2]);
      await part.write(line(3));
      await part.complete();
      assert.equal(await Deno.readTextFile(path), line(1) + line(2, "ü") + line(3));
    }));
}

Deno.test("openPartFile: lines longer than what is read at once are found whole", () =>
  inFolder(async (path) => {
    const text = Array.from({ length: 9 }, (_, index) => line(index + 1, "ü".repeat(index * 90_000))).join("");
    await leave(path, `${text}{"schema":"message/1`);
    using part = await openPartFile(path, PLAN, KEEP);
    assert.deepEqual([part.lines, part.lastId], [9, 9]);
    await part.complete();
    assert.equal(await Deno.readTextFile(path), text);
  }));

Deno.test("openPartFile: a part whose first line is cut begins anew", () =>
  inFolder(async (path) => {
    await leave(path, line(1).slice(0, 9));
    using part = await openPartFile(path, PLAN, KEEP);
    assert.deepEqual([part.lines, part.lastId, (await Deno.stat(`${path}.part`)).size], [0, undefined, 0]);
  }));

for (const asked of [{ chat: "8" }, { chat: "7", from: "7d" }, { chat: "7", limit: 3 }, { chat: "7", tz: "UTC" }]) {
  Deno.test(`openPartFile: the part of another export is refused and kept, ${JSON.stringify(asked)}`, () =>
    inFolder(async (path) => {
      await leave(path, line(1));
      const field = Object.keys(asked).at(-1);
      await assert.rejects(openPartFile(path, { ...PLAN, asked }, KEEP), refusal(new RegExp(`another ${field}`)));
      assert.equal(await Deno.readTextFile(`${path}.part`), line(1));
    }));
}

Deno.test("openPartFile: a part without its note is refused and kept", () =>
  inFolder(async (path) => {
    await Deno.writeTextFile(`${path}.part`, "somebody's file");
    await assert.rejects(openPartFile(path, PLAN, KEEP), refusal(/is there without .*part\.json/));
    assert.equal(await Deno.readTextFile(`${path}.part`), "somebody's file");
  }));

Deno.test("openPartFile: a torn note is refused with its name", () =>
  inFolder(async (path) => {
    await leave(path, line(1));
    await Deno.writeTextFile(`${path}.part.json`, '{"asked":{"ch');
    await assert.rejects(openPartFile(path, PLAN, KEEP), refusal(/part\.json cannot be read/));
  }));

Deno.test("openPartFile: a note that outlived its part decides nothing", () =>
  inFolder(async (path) => {
    await leave(path, line(1), { ...PLAN, asked: { chat: "8" }, upTo: 1 });
    // As a crash between the rename and the removal of the note leaves it.
    await Deno.rename(`${path}.part`, path);
    using part = await openPartFile(path, PLAN, { force: true });
    assert.deepEqual([part.lines, part.plan], [0, PLAN]);
    await part.complete();
    assert.equal(await Deno.readTextFile(path), "");
  }));

Deno.test("openPartFile: a part that is being written is refused and untouched", () =>
  inFolder(async (path) => {
    using part = await openPartFile(path, PLAN, KEEP);
    await part.write(line(1));
    await assert.rejects(openPartFile(path, PLAN, KEEP), refusal(/Another process is writing/));
    await part.write(line(2));
    await part.complete();
    assert.equal(await Deno.readTextFile(path), line(1) + line(2));
  }));

Deno.test("openPartFile: a part that is completed while another process opens it is not taken for a part", () =>
  inFolder(async (path) => {
    const first = await openPartFile(path, PLAN, KEEP);
    await first.write(line(1));
    const open = Deno.open;
    const openAndLose: typeof Deno.open = async (...args) => {
      const file = await open(...args);
      Object.assign(Deno, { open });
      await first.complete();
      first[Symbol.dispose]();
      return file;
    };
    Object.assign(Deno, { open: openAndLose });
    await assert.rejects(openPartFile(path, PLAN, KEEP), refusal(/Another process is writing/));
    assert.equal(await Deno.readTextFile(path), line(1));
  }));

Deno.test("openPartFile: a file that came up meanwhile is not replaced", () =>
  inFolder(async (path) => {
    using part = await openPartFile(path, PLAN, KEEP);
    await part.write(line(1));
    await Deno.writeTextFile(path, "precious");
    await assert.rejects(part.complete(), refusal(/exists already/));
    assert.equal(await Deno.readTextFile(path), "precious");
    assert.equal(await Deno.readTextFile(`${path}.part`), line(1));
  }));

Deno.test("assertFree: files are replaced by force only, other things never", () =>
  inFolder(async (path, folder) => {
    await assertFree(path, false);
    await Deno.writeTextFile(path, "");
    await assertFree(path, true);
    await assert.rejects(assertFree(path, false), refusal(/exists already/));
    await assert.rejects(assertFree(folder, true), refusal(/not a regular file/));
    await assert.rejects(assertFree("/dev/null", true), refusal(/not a regular file/));
  }));
