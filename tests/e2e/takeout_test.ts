/**
 * start_export within a takeout, on the product.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { createWorld } from "../../sandbox/world/mod.ts";
import { command, until } from "../cli/command.ts";
import { idsOf } from "../cli/exports.ts";
import { urlOf } from "../cli/signed_in.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const GROUP = "-1002000000003";
const IDS = Array.from(createWorld().messages(GROUP), ({ id }) => id);

const shownSchema = z.object({
  id: z.string(),
  state: z.string(),
  waiting: z.object({ reason: z.string(), until: z.string() }).optional(),
  poll_after: z.number().optional(),
  notes: z.array(z.string()).optional(),
  query: z.object({ takeout: z.boolean().optional() }),
});

Deno.test("start_export: the confirmation that a takeout waits for is told with its end, and what the owner can do", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer(sandbox.environment);
  const ask = async (tool: string, args: unknown): Promise<z.infer<typeof shownSchema>> =>
    shownSchema.parse((await server.call(tool, args)).body);
  await sandbox.delayTakeouts(3);
  const { id, query } = await ask("start_export", { chat: GROUP, takeout: true, wait_seconds: 0 });
  assert.equal(query.takeout, true);
  let shown = await ask("get_export", { id });
  await until(async () => (shown = await ask("get_export", { id })).state === "waiting", "it waits");
  assert.equal(shown.waiting?.reason, "takeout");
  const left = (Date.parse(shown.waiting?.until ?? "") - Date.now()) / 1000;
  assert.ok(left > 0 && left <= 3, `${left} s`);
  assert.match(shown.notes?.join() ?? "", /owner can allow it in a Telegram app/);
  await until(
    async () => (shown = await ask("get_export", { id, wait_seconds: 10 })).state === "completed",
    "it is done",
  );
  assert.deepEqual((await sandbox.takeouts()).map(({ state, success }) => [state, success]), [["finished", true]]);
  const { body } = await server.call("start_export", { chat: "@annlee", takeout: "yes" });
  assert.deepEqual([body["code"], body["field"]], ["INPUT_VALIDATION", "takeout"]);
});

Deno.test("start_export: a server that is killed leaves its takeout to the next one, which goes on with it and closes it", async () => {
  await using sandbox = await startSandbox();
  const environment = { ...sandbox.environment, MCP_SERVER_PORT: "0" };
  const pages = async (): Promise<(string | undefined)[]> =>
    (await sandbox.requests()).filter(({ method }) => method === "messages.GetHistory").map(({ takeoutId }) =>
      takeoutId
    );
  await sandbox.faults({ latencyMs: 50 });
  let id: string;
  {
    await using server = command(["serve"], environment);
    const response = await fetch(`${await urlOf(server)}/api/tools/start_export`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ chat: GROUP, takeout: true, wait_seconds: 0 }),
    });
    id = shownSchema.parse(await response.json()).id;
    await until(async () => (await pages()).length > 9, "it reads");
    server.signal("SIGKILL");
    await server.ended();
  }
  await sandbox.clearFaults();
  await using server = await startServer(sandbox.environment);
  await until(async () => (await server.call("get_export", { id })).body["state"] === "completed", "it is done");
  const takeouts = await sandbox.takeouts();
  assert.deepEqual(takeouts.map(({ state, success }) => [state, success]), [["finished", true]]);
  // What asks for the bounds of the chat before there is a job is not the job's.
  assert.deepEqual([...new Set(await pages())].filter((takeout) => takeout !== undefined), [takeouts[0]?.id]);
  const path = join(String(sandbox.environment["DATA_DIR"]), "exports", id, "messages.ndjson");
  assert.deepEqual(await idsOf(path), IDS);
});
