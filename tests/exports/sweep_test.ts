/**
 * What is removed of exports, when, and what never is.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createFinishedExports } from "../../src/exports/finished.ts";
import type { FinishedExports } from "../../src/exports/files.ts";
import { isExportId } from "../../src/exports/store.ts";
import { createCursors } from "../../src/mcp/cursor.ts";
import { createExportDownload } from "../../src/mcp/export_download.ts";
import { createExportLinks } from "../../src/mcp/export_links.ts";
import { createExportResources } from "../../src/mcp/resources/exports.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { ask, route, serving } from "../http/serving.ts";
import { eventually } from "../mtproto/telegram.ts";
import { describe, HOUR, type House, openHouse, write } from "./house.ts";
import { ME } from "./jobs.ts";
import { holders } from "../http/principals.ts";

const DAY = 24 * HOUR;
const ORPHAN = "a".repeat(26);

Deno.test("sweep: files of an export that is over go when their age is reached and not before; its row stays", async () => {
  await using house = await openHouse();
  const ids = [await house.add("completed"), await house.add("failed"), await house.add("cancelled")].sort();
  house.pass(DAY - 1);
  await house.keeping.sweep();
  assert.deepEqual(house.names(), ids);
  house.pass(1);
  await house.keeping.sweep();
  assert.deepEqual(house.names(), []);
  const told = house.removed.toSorted((a, b) => a.id < b.id ? -1 : 1);
  assert.deepEqual(told, ids.map((id) => ({ id, bytes: 100, reason: "expired" })));
  assert.equal(house.store.list(ME, { states: ["completed", "failed", "cancelled"], limit: 9 }).total, 3);
  assert.deepEqual([house.keeping.bytes(), house.problems], [0, []]);
});

Deno.test("sweep: an age of 0 keeps everything for ever", async () => {
  await using house = await openHouse({ maxAgeHours: 0 });
  const id = await house.add("completed", 10_000 * DAY);
  await write(house.path(ORPHAN, "a"), 1);
  await Deno.utime(house.path(ORPHAN), 0, 0);
  await house.keeping.sweep();
  assert.deepEqual(house.names(), [ORPHAN, id].sort());
  const job = house.store.get(id);
  assert.equal(job && house.keeping.expires(job), undefined);
});

Deno.test("sweep: an export that is not over is never touched, however old", async () => {
  await using house = await openHouse();
  const ids = [];
  for (const state of ["queued", "running", "waiting"] as const) ids.push(await house.add(state, 1000 * DAY));
  await house.keeping.sweep();
  assert.deepEqual(house.names(), ids.sort());
  assert.equal(house.store.unfinished().length, 3);
});

Deno.test("sweep: it runs at the start, every five minutes, and not after its end", async () => {
  const directory = await Deno.makeTempDir({ prefix: "house-" });
  try {
    let id = "";
    {
      await using house = await openHouse({ directory });
      await house.sleeper.wake((seconds) => seconds === 300);
      await house.add("completed", DAY);
      await house.sleeper.wake((seconds) => seconds === 300);
      await eventually(() => house.names().length === 0 || undefined, "the second round");
      id = await house.add("completed", DAY);
    }
    await using house = await openHouse({ directory });
    assert.deepEqual(house.removed, [{ id, bytes: 100, reason: "expired" }]);
    house.keeping.stop();
    const kept = await house.add("completed", DAY);
    await house.keeping.sweep();
    assert.deepEqual(house.names(), [kept]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("sweep: a folder of no export goes once it is as old; what has another name, or is no folder, stays", async () => {
  await using house = await openHouse();
  const young = "b".repeat(26);
  for (const id of [ORPHAN, young]) await write(house.path(id, "media", "a"), 7);
  const others = ["lost+found", "A".repeat(26), "a".repeat(25), ".hidden"];
  for (const name of others) await write(house.path(name, "a"), 1);
  const file = "c".repeat(26);
  await write(house.path(file), 1);
  const now = Date.UTC(2026, 0, 1) / 1000;
  for (const name of [...others, file]) await Deno.utime(house.path(name), 0, 0);
  await Deno.utime(house.path(ORPHAN), now, now - 86_400);
  await Deno.utime(house.path(young), now, now - 86_399);
  await house.keeping.sweep();
  assert.deepEqual(house.names(), [...others, young, file].sort());
  assert.deepEqual(house.removed, [{ id: ORPHAN, bytes: 7, reason: "unowned" }]);
  assert.ok(isExportId(ORPHAN));
});

Deno.test("sweep: no link is followed, neither in a folder's place nor in one", async () => {
  await using house = await openHouse();
  const outside = house.index("precious");
  await write(join(outside, "a"), 5);
  const id = await house.add("completed", DAY);
  await Deno.symlink(outside, house.path(id, "media", "link"));
  const moved = await house.add("completed", DAY);
  await Deno.remove(house.path(moved), { recursive: true });
  await Deno.symlink(outside, house.path(moved));
  await Deno.symlink(outside, house.path(ORPHAN));
  await Deno.symlink(outside, house.path(".removed-x"));
  await house.keeping.sweep();
  assert.deepEqual(house.names(), [ORPHAN, moved].sort());
  assert.deepEqual([...Deno.readDirSync(outside)].map(({ name }) => name), ["a"]);
  assert.deepEqual(house.problems, []);
});

Deno.test("sweep: one that is cut short has hidden the folder first, and the next one ends it", async () => {
  const directory = await Deno.makeTempDir({ prefix: "house-" });
  const { remove } = Deno;
  try {
    let id = "";
    {
      await using house = await openHouse({ directory });
      await house.keeping.sweep();
      id = await house.add("completed", DAY);
      for (let number = 0; number < 50; number++) await write(house.path(id, "media", `${number}.bin`), 10);
      let [seen, count]: [string[], number] = [[], 0];
      // As a crash amid it: after three files nothing goes on.
      Deno.remove = async (path, options) => {
        await remove(path, options);
        if (++count < 3) return;
        seen = house.names();
        house.keeping.stop();
      };
      await house.keeping.sweep();
      Deno.remove = remove;
      assert.deepEqual([seen, house.names()], [[`.removed-${id}`], [`.removed-${id}`]]);
      assert.equal([...Deno.readDirSync(house.path(`.removed-${id}`, "media"))].length > 40, true);
      const exports = createFinishedExports(house.store, house.path());
      assert.equal(await exports.find(id, LOCAL_PRINCIPAL), undefined);
      assert.deepEqual([house.removed, house.problems], [[], []]);
    }
    await using house = await openHouse({ directory });
    await house.keeping.sweep();
    assert.deepEqual(house.names(), []);
    assert.deepEqual(house.removed.map((each) => [each.id, each.reason]), [[id, "interrupted"]]);
    assert.ok((house.removed[0]?.bytes ?? 0) > 400);
  } finally {
    Deno.remove = remove;
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("sweep: a row goes ninety days after its files should, with its index, unless files are there", async () => {
  await using house = await openHouse();
  const id = await house.add("completed");
  const other = await house.add("completed", -HOUR);
  for (const each of [id, other]) await write(house.index(each), 10);
  house.pass(91 * DAY - 1);
  await house.keeping.sweep();
  assert.deepEqual([house.names(), house.store.get(id)?.state], [[], "completed"]);
  assert.equal((await Deno.stat(house.index(id))).size, 10);
  house.pass(1);
  await house.keeping.sweep();
  assert.deepEqual([house.store.get(id), house.store.get(other)?.state], [undefined, "completed"]);
  await assert.rejects(Deno.stat(house.index(id)), Deno.errors.NotFound);
  assert.equal((await Deno.stat(house.index(other))).size, 10);

  await using forEver = await openHouse({ maxAgeHours: 0 });
  const [gone, there] = [await forEver.add("completed", 90 * DAY), await forEver.add("completed", 900 * DAY)];
  await Deno.remove(forEver.path(gone), { recursive: true });
  const running = await forEver.add("running", 900 * DAY);
  await forEver.keeping.sweep();
  assert.deepEqual([gone, there, running].map((each) => forEver.store.get(each)?.state), [
    undefined,
    "completed",
    "running",
  ]);
});

/** A house with the route that gives its files out. */
interface Route extends AsyncDisposable {
  readonly house: House;
  readonly url: string;
  readonly broken: readonly unknown[];
}

async function serveHouse(): Promise<Route> {
  const stack = new AsyncDisposableStack();
  const house = stack.use(await openHouse());
  const broken: unknown[] = [];
  const handler = createExportDownload({
    exports: createFinishedExports(house.store, house.path()),
    leases: house.keeping.leases,
    links: createExportLinks({ key: new Uint8Array(32), now: Date.now }),
    principals: holders([LOCAL_PRINCIPAL]),
    onProblem: (problem) => broken.push(problem),
  });
  const { server } = serving([route("/exports/:id/:file+", handler)]);
  stack.defer(() => server.shutdown(0));
  return { house, url: server.url, broken, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** More than the sockets between both ends take. */
const LARGE = 64 << 20;

async function addLarge(house: House): Promise<string> {
  const id = await house.add("completed");
  await Deno.truncate(house.path(id, "a.bin"), LARGE);
  await describe(house.path(id), ["a.bin"]);
  return id;
}

/** It is removed, and only because nobody reads it any more. */
async function assertRemoved(house: House, id: string): Promise<void> {
  await eventually(() => !house.keeping.leases.isHeld(id) || undefined, "its readers to be gone");
  await house.keeping.sweep();
  assert.deepEqual(house.names(), []);
}

Deno.test("sweep: what is being downloaded stays until the last download is at its end", async () => {
  await using on = await serveHouse();
  const id = await addLarge(on.house);
  const url = `${on.url}/exports/${id}/a.bin`;
  const [first, second] = [await fetch(url), await fetch(url, { headers: { range: "bytes=5-" } })];
  on.house.pass(DAY);
  await on.house.keeping.sweep();
  assert.deepEqual(on.house.names(), [id]);
  assert.equal((await first.bytes()).length, LARGE);
  await on.house.keeping.sweep();
  assert.deepEqual(on.house.names(), [id], "one is still under way");
  assert.equal((await second.bytes()).length, LARGE - 5);
  await assertRemoved(on.house, id);
  assert.equal((await ask(url)).status, 404);
  assert.deepEqual(on.broken, []);
});

Deno.test("sweep: a download that is given up, or breaks off, keeps nothing any more", async () => {
  for (const how of ["abort", "cancel", "break"]) {
    await using on = await serveHouse();
    const id = await addLarge(on.house);
    const client = new AbortController();
    const response = await fetch(`${on.url}/exports/${id}/a.bin`, { signal: client.signal });
    const reader = response.body?.getReader();
    assert.ok(((await reader?.read())?.value?.length ?? 0) > 0);
    on.house.pass(DAY);
    await on.house.keeping.sweep();
    assert.deepEqual(on.house.names(), [id], how);
    if (how === "abort") client.abort();
    else if (how === "cancel") await reader?.cancel();
    else {
      await Deno.truncate(on.house.path(id, "a.bin"), 1);
      await assert.rejects(async () => {
        while (!(await reader?.read())?.done);
      });
    }
    await assertRemoved(on.house, id);
    assert.equal(on.broken.length, how === "break" ? 1 : 0);
  }
});

Deno.test("sweep: an answer without a body keeps nothing", async () => {
  await using on = await serveHouse();
  const id = await addLarge(on.house);
  const url = `${on.url}/exports/${id}/a.bin`;
  const { headers } = await ask(url, { method: "HEAD" });
  const etag = headers.get("etag") ?? "";
  const statuses = [
    (await ask(url, { headers: { "if-none-match": etag } })).status,
    (await ask(url, { headers: { range: `bytes=${LARGE}-` } })).status,
    (await ask(`${on.url}/exports/${id}/messages.ndjson`)).status,
    (await ask(`${on.url}/exports/${id}/other`)).status,
    (await ask(`${url}?signature=x`)).status,
  ];
  assert.deepEqual(statuses, [304, 416, 200, 404, 403]);
  on.house.pass(DAY);
  await assertRemoved(on.house, id);
});

Deno.test("sweep: what is read as a resource stays meanwhile, and goes afterwards, also when the reading failed", async () => {
  await using house = await openHouse();
  const id = await addLarge(house);
  await Deno.writeTextFile(house.path(id, "messages.csv"), "id\r\n");
  await describe(house.path(id), ["messages.csv", "a.bin"]);
  const found = createFinishedExports(house.store, house.path());
  // While it is looked up, the sweep comes by.
  const exports: FinishedExports = {
    ...found,
    find: async (...args) => {
      await house.keeping.sweep();
      return await found.find(...args);
    },
  };
  const resources = createExportResources(exports, createCursors(new Uint8Array(32)), house.keeping.leases);
  house.pass(DAY);
  const [part] = await resources.read(`export://${id}/messages.csv`, LOCAL_PRINCIPAL);
  assert.equal(part?.text, "id\r\n");
  await assert.rejects(resources.read(`export://${id}/a.bin`, LOCAL_PRINCIPAL), { code: "UNSUPPORTED" });
  await assertRemoved(house, id);
  await assert.rejects(resources.read(`export://${id}/messages.csv`, LOCAL_PRINCIPAL), { code: "NOT_FOUND" });
});
