/**
 * Exports whose manifest is none, or goes while it is read.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readExportFolder } from "../../src/exports/files.ts";
import { createFinishedExports } from "../../src/exports/finished.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { describe, openHouse } from "./house.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { startServer } from "../e2e/server.ts";

const DAMAGES = { empty: "", "no JSON": "{", "no manifest": '{"schema":"manifest/2"}', "no text": "\xff" };

Deno.test("finished exports: those whose manifest is damaged are told of and passed over, all others are listed", async () => {
  await using house = await openHouse();
  const good = [await house.add("completed", 5), await house.add("completed", 1)];
  for (const id of good) await describe(house.path(id), ["a.bin"]);
  const bad: string[] = [];
  for (const text of Object.values(DAMAGES)) {
    const id = await house.add("completed", 3);
    await Deno.writeFile(house.path(id, "manifest.json"), Uint8Array.from(text, (char) => char.charCodeAt(0)));
    bad.push(id);
  }
  const problems: unknown[] = [];
  const exports = createFinishedExports(house.store, house.path(), (problem) => problems.push(problem));
  const listed = await Array.fromAsync(exports.newest(LOCAL_PRINCIPAL));
  assert.deepEqual(listed.map(({ id }) => id), good.toReversed());
  assert.equal(problems.length, bad.length);
  for (const id of bad) {
    assert.equal(await exports.find(id, LOCAL_PRINCIPAL), undefined);
    assert.match(String(problems.pop()), /manifest\.json is damaged/);
  }
});

Deno.test("export folder: when it is removed while it is read, what was read counts", async () => {
  await using house = await openHouse();
  const id = await house.add("completed");
  await describe(house.path(id), ["a.bin"]);
  const { readFile, readTextFile } = Deno;
  const removing = <T>(read: (path: string) => Promise<T>) => async (path: string): Promise<T> => {
    const content = await read(path);
    await Deno.remove(house.path(id), { recursive: true });
    return content;
  };
  Object.assign(Deno, { readFile: removing(readFile), readTextFile: removing(readTextFile) });
  try {
    const folder = await readExportFolder(house.path(id));
    assert.deepEqual(folder?.files.map(({ name }) => name), ["a.bin", "messages.ndjson", "manifest.json"]);
  } finally {
    Object.assign(Deno, { readFile, readTextFile });
  }
  assert.equal(await readExportFolder(house.path(id)), undefined);
});

Deno.test("get_export: of one whose manifest is damaged it says so and gives no files", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const { body: { id } } = await server.call("start_export", { chat: "@sandbox_live", wait_seconds: 45 });
  await Deno.writeTextFile(join(String(sandbox.environment["DATA_DIR"]), "exports", String(id), "manifest.json"), "{");
  const { status, body } = await server.call("get_export", { id });
  assert.deepEqual([status, body.state, body.files], [200, "completed", undefined]);
  const notes = JSON.stringify(body.notes);
  assert.match(notes, /Its manifest is damaged, so its files are not given out\./);
  assert.doesNotMatch(notes, /not there any more/);
});
