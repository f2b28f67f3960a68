/**
 * The server killed at random moments during one export, as by a power cut that spares the disk's cache.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import { createRandom } from "../../sandbox/world/random.ts";
import { createWorld } from "../../sandbox/world/mod.ts";
import { verifyExport } from "../../src/exports/verify.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { startServer } from "../e2e/server.ts";
import { undated } from "../exports/jobs.ts";
import { command, type Running, until } from "./command.ts";
import { idsOf, sizeOf } from "./exports.ts";
import { urlOf } from "./signed_in.ts";

const ARCHIVE = "-1002000000002";
const KILLS = 40;
/** Kills while the files are being finished. */
const LATE_KILLS = 5;
/** So long after its start the process is killed at the latest: starting takes about a second of it. */
const LONGEST_RUN_MS = 2500;
const LONGEST_WRITE_MS = 500;

const seed = Number(Deno.env.get("SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);

Deno.test(`export jobs: the server killed ${KILLS} times and more, its export is that of one that ran through (SEED=${seed})`, async () => {
  const random = createRandom(seed);
  await using sandbox = await startSandbox();
  const undisturbed = join(sandbox.directory, "undisturbed");
  const query = { chat: "@sandbox_archive", format: "csv", wait_seconds: 0 };
  const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0" };
  const pathOf = (directory: string, id: string, name: string): string => join(directory, "exports", id, name);
  let whole: string;
  {
    await using server = await startServer({ ...environment, DATA_DIR: undisturbed });
    whole = String((await server.call("start_export", query)).body["id"]);
    await until(
      async () => {
        const { body } = await server.call("get_export", { id: whole, wait_seconds: 45 });
        return body["state"] === "completed";
      },
      "the undisturbed export is there",
      120,
    );
  }

  // It must last longer than all the lives of the server together, which reads several pages at once.
  await sandbox.faults({ latencyMs: 500 });
  const data = sandbox.environment["DATA_DIR"] ?? "";
  let id: string;
  {
    await using server = command(["serve"], environment);
    id = String((await asked(await urlOf(server), "start_export", query))["id"]);
    await kill(server);
  }
  const part = pathOf(data, id, "messages.ndjson.part");
  const sizes: number[] = [];
  for (let kills = 1; kills < KILLS; kills++) {
    await using server = command(["serve"], environment);
    const before = sizes.at(-1) ?? 0;
    // Every other time while it writes, whatever else the machine has to do; else whatever it is at.
    if (kills % 2 === 0) await until(async () => await sizeOf(part) > before, "it writes", 60);
    await sleepMs(random.int(kills % 2 === 0 ? LONGEST_WRITE_MS : LONGEST_RUN_MS));
    await kill(server);
    sizes.push(await sizeOf(part));
    assert.equal(await sizeOf(pathOf(data, id, "messages.ndjson")), 0, "it is not over yet");
  }
  assert.ok(new Set(sizes).size > KILLS / 4, `it was killed while it wrote: ${sizes.join()}`);

  await sandbox.clearFaults();
  for (let late = 0; late < LATE_KILLS; late++) {
    await using server = command(["serve"], environment);
    await until(async () => await sizeOf(pathOf(data, id, "messages.ndjson")) > 0, "all is written", 120);
    await sleepMs(random.int(1000));
    await kill(server);
    // What was over stays over: it is made unfinished by nothing.
    if (await sizeOf(pathOf(data, id, "manifest.json")) > 0) break;
  }
  await using server = command(["serve"], environment);
  const url = await urlOf(server);
  let shown: Record<string, unknown> = {};
  await until(
    async () => {
      shown = await asked(url, "get_export", { id, wait_seconds: 45 });
      return shown["state"] === "completed";
    },
    "the export is there",
    120,
  );
  assert.equal(shown["complete"], true, JSON.stringify(shown));

  const ids = Array.from(createWorld().messages(ARCHIVE), ({ id }) => id);
  assert.equal(ids.length, 100_001);
  assert.deepEqual(await idsOf(pathOf(data, id, "messages.ndjson")), ids);
  for (const name of ["messages.ndjson", "messages.csv"]) {
    const [found, expected] = [await undated(pathOf(data, id, name)), await undated(pathOf(undisturbed, whole, name))];
    assert.ok(found === expected, `${name} has the same bytes`);
  }
  const findings = await Array.fromAsync(verifyExport(join(data, "exports", id)));
  assert.deepEqual(findings.filter(({ status }) => status !== "ok"), []);
});

async function kill(server: Running): Promise<void> {
  server.signal("SIGKILL");
  await server.ended();
}

async function asked(url: string, tool: string, args: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/api/tools/${tool}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  return Object(await response.json());
}
