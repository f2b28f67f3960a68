/**
 * The server killed at random moments while an export downloads the files of its messages.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import { createRandom } from "../../sandbox/world/random.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { startServer } from "../e2e/server.ts";
import { command, until } from "./command.ts";
import { sizeOf } from "./exports.ts";
import { urlOf } from "./signed_in.ts";

const HALL = "-1002000000006";
const KILLS = 15;
/** Parts of files that a life of the server asks for at most. */
const MOST_PARTS = 16;
const MB = 1024 * 1024;

const seed = Number(Deno.env.get("SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);

/** Every file of a folder by its name, as its content in hexadecimal digits of its hash. */
async function contents(folder: string): Promise<Record<string, string>> {
  const found: [string, string][] = [];
  for await (const { name } of Deno.readDir(join(folder, "media"))) {
    const bytes = await Deno.readFile(join(folder, "media", name));
    found.push([name, new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex()]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => a < b ? -1 : 1));
}

Deno.test(`export media: the server killed ${KILLS} times amid files, its export is that of one that ran through (SEED=${seed})`, async () => {
  const random = createRandom(seed);
  await using sandbox = await startSandbox();
  for (let index = 0; index < 24; index++) {
    // Small and large ones, here and in another data centre; every fourth comes again.
    const id = String(5_200_000_000_000_000_001n + BigInt(index - (index % 4 === 3 ? 3 : 0)));
    const size = index % 4 === 3 || index % 4 === 0 ? 3 * MB + 17 : index % 4 === 1 ? 10_000 + index : 5 * MB;
    await sandbox.append(HALL, `file ${index}`, { id, size, mime: "application/zip" });
  }
  const query = { chat: HALL, download_media: true, format: "html", wait_seconds: 0 };
  const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0" };
  const undisturbed = join(sandbox.directory, "undisturbed");
  const folderOf = (directory: string, id: string): string => join(directory, "exports", id);
  let whole: string;
  {
    await using server = await startServer({ ...environment, DATA_DIR: undisturbed });
    whole = String((await server.call("start_export", query)).body["id"]);
    await until(
      async () => (await server.call("get_export", { id: whole, wait_seconds: 45 })).body["state"] === "completed",
      "the undisturbed export is there",
      120,
    );
  }
  await sandbox.forgetMethods();
  // It must last longer than all the lives of the server together.
  await sandbox.faults({ latencyMs: 100 });
  const data = sandbox.environment["DATA_DIR"] ?? "";
  let id = "";
  const lengths: number[] = [];
  const requested = async (): Promise<number> => (await sandbox.methods())["upload.GetFile"] ?? 0;
  for (let kills = 0; kills < KILLS; kills++) {
    await using server = command(["serve"], environment);
    if (id === "") {
      const response = await fetch(`${await urlOf(server)}/api/tools/start_export`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(query),
      });
      id = String(Object(await response.json())["id"]);
    }
    const wanted = await requested() + 1 + random.int(MOST_PARTS);
    await until(async () => await requested() >= wanted, "it downloads", 60);
    await sleepMs(random.int(150));
    server.signal("SIGKILL");
    await server.ended();
    lengths.push(await sizeOf(join(folderOf(data, id), "media.ndjson.part")));
    assert.equal(await sizeOf(join(folderOf(data, id), "manifest.json")), 0, "it is not over yet");
  }
  assert.ok(new Set(lengths).size > 2, `it was killed while it downloaded: ${lengths.join()}`);
  await sandbox.clearFaults();
  await using server = await startServer(environment);
  let shown: Record<string, unknown> = {};
  await until(
    async () => {
      shown = (await server.call("get_export", { id, wait_seconds: 45 })).body;
      return shown["state"] === "completed";
    },
    "the export is there",
    120,
  );
  assert.equal(shown["complete"], true, JSON.stringify(shown));
  const [found, expected] = [folderOf(data, id), folderOf(undisturbed, whole)];
  assert.equal(
    await Deno.readTextFile(join(found, "media.ndjson")),
    await Deno.readTextFile(join(expected, "media.ndjson")),
  );
  assert.deepEqual(await contents(found), await contents(expected));
  assert.equal(Object.keys(await contents(found)).length, 18);
  const findings = await Array.fromAsync(verifyExport(found));
  assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
});
