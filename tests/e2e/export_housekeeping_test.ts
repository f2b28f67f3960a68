/** Exports' age and room on the product itself, as its configuration sets them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { createExportStore } from "../../src/exports/store.ts";
import { bytesBelow } from "../../src/exports/tree.ts";
import { exportSchema } from "../../src/mcp/export_view.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { until } from "../cli/command.ts";
import { message, post } from "../mcp/raw.ts";
import { startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer, type TestServer } from "./server.ts";

const HOUR = 3_600_000;
type Export = z.infer<typeof exportSchema>;

async function asked(server: TestServer, tool: string, args: Record<string, unknown>): Promise<Export> {
  const { status, body } = await server.call(tool, args);
  assert.equal(status, 200, JSON.stringify(body));
  return exportSchema.parse(body);
}

const started = (server: TestServer, args: Record<string, unknown>): Promise<Export> =>
  asked(server, "start_export", { wait_seconds: 45, ...args });

function pathOf({ environment }: TestSandbox, ...names: string[]): string {
  return join(String(environment["DATA_DIR"]), ...names);
}

async function metric(server: TestServer, name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

async function age(sandbox: TestSandbox, id: string, hours: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const store = createExportStore(stack.use(openDataDirectory(pathOf(sandbox))));
  const job = store.get(id) ?? assert.fail();
  store.save({ ...job, finished: new Date(Date.now() - hours * HOUR).toISOString() });
}

Deno.test("exports: their files are kept as long as get_export says, and are nowhere any more afterwards", async () => {
  await using sandbox = await startSandbox();
  const environment = { ...sandbox.environment, RESOURCE_MAX_AGE_HOURS: "2" };
  let [old, young]: [Export?, Export?] = [];
  {
    await using server = await startServer(environment);
    old = await started(server, { chat: "@annlee", format: "csv" });
    young = await started(server, { chat: "@sandbox_live" });
    for (const { notes, finished = "" } of [old, young]) {
      const [, kept = ""] = /^Its files are kept until (\S+)\.$/.exec(notes?.at(-1) ?? "") ?? [];
      assert.ok(Math.abs(Date.parse(kept) - Date.parse(finished) - 2 * HOUR) <= 1000, JSON.stringify(notes));
    }
    assert.equal(await metric(server, "telegram_exports_disk_bytes"), await bytesBelow(pathOf(sandbox, "exports")));
  }
  await age(sandbox, old.id, 2);
  await age(sandbox, young.id, 1);
  await using server = await startServer(environment);
  await until(async () => await bytesBelow(pathOf(sandbox, "exports", old.id)) === 0, "it is swept");
  const one = await asked(server, "get_export", { id: old.id });
  assert.deepEqual([one.state, one.complete, one.files, one.gaps], ["completed", true, undefined, undefined]);
  const said = /^Its files are not there any more: they were kept until \S+, as RESOURCE_MAX_AGE_HOURS says\.$/;
  assert.match(one.notes?.at(-1) ?? "", said);
  const { body } = await server.call("list_exports", {});
  const list = z.object({ exports: z.array(z.object({ id: z.string() })) }).parse(body);
  assert.deepEqual(list.exports.map(({ id }) => id), [young.id, old.id]);
  const gone = await fetch(old.files?.[0]?.url.replace(/^[^/]+\/\/[^/]+/, server.url) ?? "");
  assert.equal(gone.status, 404);
  await gone.body?.cancel();
  const request = { jsonrpc: "2.0", id: 1, method: "resources/list" };
  const { result } = await message(await post(server.url, request, { accept: "application/json" }));
  assert.ok(JSON.stringify(result).includes(young.id) && !JSON.stringify(result).includes(old.id));
  await until(
    async () => await metric(server, 'telegram_exports_removed_total{reason="expired"}') === 1,
    "that is counted",
  );
  assert.match((await asked(server, "get_export", { id: young.id })).notes?.at(-1) ?? "", /^Its files are kept until /);
});

Deno.test("exports: for ever is without an end, and files that somebody removed are just not there", async () => {
  await using sandbox = await startSandbox();
  await using server = await startServer({ ...sandbox.environment, RESOURCE_MAX_AGE_HOURS: "0" });
  const { id, notes } = await started(server, { chat: "@annlee" });
  assert.equal(notes, undefined);
  await Deno.remove(pathOf(sandbox, "exports", id), { recursive: true });
  assert.deepEqual((await asked(server, "get_export", { id })).notes, ["Its files are not there any more."]);
});

Deno.test("exports: one larger than all may be fails, with the room taken none begins, with more room it does", async () => {
  await using sandbox = await startSandbox();
  {
    await using server = await startServer({ ...sandbox.environment, MAX_EXPORT_BYTES: "1MB" });
    const one = await started(server, { chat: "@sandbox_group" });
    assert.deepEqual([one.state, one.complete, one.error?.code], ["failed", false, "RESOURCE_EXHAUSTED"]);
    assert.match(one.error?.hint ?? "", /from and to.*MAX_EXPORT_BYTES/);
    assert.deepEqual(one.files?.map(({ name }) => name), ["messages.ndjson", "manifest.json"]);
    const { status, body } = await server.call("start_export", { chat: "@annlee" });
    assert.deepEqual([status, body["code"]], [507, "RESOURCE_EXHAUSTED"]);
    assert.deepEqual(body["suggest"], { tool: "list_exports", arguments: {} });
  }
  await using server = await startServer({ ...sandbox.environment, MAX_EXPORT_BYTES: "10 MiB" });
  assert.equal((await started(server, { chat: "@sandbox_group" })).state, "completed");
});

Deno.test("exports: one that waits for room says so, and goes on after a restart with more of it", async () => {
  await using sandbox = await startSandbox();
  let id = "";
  {
    await using server = await startServer({ ...sandbox.environment, MAX_EXPORT_BYTES: "3MB" });
    assert.equal((await started(server, { chat: "@sandbox_group" })).state, "completed");
    ({ id } = await started(server, { chat: "@sandbox_group", format: "csv", wait_seconds: 0 }));
    await until(async () => (await asked(server, "get_export", { id })).state === "waiting", "it waits");
    const one = await asked(server, "get_export", { id });
    assert.equal(one.waiting?.reason, "quota");
    assert.match(one.notes?.[0] ?? "", /goes on by itself/);
  }
  await using server = await startServer(sandbox.environment);
  const one = await asked(server, "get_export", { id, wait_seconds: 45 });
  assert.deepEqual([one.state, one.complete], ["completed", true]);
});
