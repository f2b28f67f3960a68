/**
 * What the commands `keys` change for a server that runs meanwhile.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { call, INITIALIZE, listen, post } from "../mcp/raw.ts";
import { until } from "./command.ts";
import { create, keys, rotate, show } from "./keys.ts";
import { bearer, type Served, startServed } from "./keys_server.ts";

/** The status of a tool call over plain HTTP. */
async function ask(url: string, key: string, tool = "fetch_history", args: unknown = HISTORY): Promise<number> {
  const response = await fetch(`${url}/api/tools/${tool}`, {
    method: "POST",
    headers: { ...bearer(key), "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  await response.text();
  return response.status;
}

const HISTORY = { chat: "@sandbox_news", limit: 1 };

/** Opens an MCP session; the headers of its requests, or the status that refused it. */
async function open(url: string, key: string): Promise<Record<string, string>> {
  const response = await post(url, INITIALIZE, bearer(key));
  await response.text();
  assert.equal(response.status, 200);
  const session = response.headers.get("mcp-session-id") ?? "";
  return { ...bearer(key), "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
}

/** Whether a request is still answered, or its answer still coming. */
function watch(answer: Promise<Response>): { isOver(): boolean; status(): number | undefined } {
  let [over, status]: [boolean, number | undefined] = [false, undefined];
  const read = async (): Promise<void> => {
    try {
      const response = await answer;
      status = response.status;
      await response.text();
    } catch {
      // Cut off is over too.
    }
    over = true;
  };
  void read();
  return { isOver: () => over, status: () => status };
}

/** Everything that a key can have under way: a stream to listen, a call of its session, one without and one over plain HTTP. */
async function begin(
  { sandbox, url }: Served,
  key: string,
): Promise<readonly { isOver(): boolean }[]> {
  const headers = await open(url, key);
  assert.equal(await ask(url, key), 200);
  await sandbox.faults({ rules: [{ method: "messages.GetHistory", delayMs: 600_000 }] });
  await sandbox.forgetMethods();
  const stream = watch(listen(url, headers));
  const tool = watch(fetch(`${url}/api/tools/fetch_history`, {
    method: "POST",
    headers: { ...bearer(key), "content-type": "application/json" },
    body: JSON.stringify(HISTORY),
  }));
  const calls = [
    watch(post(url, call(1, "fetch_history", HISTORY), headers)),
    watch(post(url, call(2, "fetch_history", HISTORY), bearer(key))),
  ];
  await until(() => stream.status() === 200, "the stream is open");
  await until(async () => (await sandbox.methods())["messages.GetHistory"] !== undefined, "a call is under way");
  const all = [stream, tool, ...calls];
  assert.deepEqual(all.map((each) => each.isOver()), [false, false, false, false]);
  return all;
}

const areOver = (all: readonly { isOver(): boolean }[]): boolean => all.every((each) => each.isOver());

Deno.test("keys beside a server: a created key is good at once, over MCP and plain HTTP; a revoked one is refused at once", async () => {
  await using served = await startServed();
  const { environment, url } = served;
  const none = await fetch(`${url}/api/tools`);
  assert.equal(none.status, 401);
  await none.text();
  const { key, id } = await create(environment, "--name", "agent");
  assert.equal(await ask(url, key), 200);
  const headers = await open(url, key);
  const listed = await post(url, { jsonrpc: "2.0", id: 1, method: "tools/list" }, headers);
  assert.match(await listed.text(), /fetch_history/);
  const mistyped = await fetch(`${url}/api/tools`, {
    headers: bearer(key.replace(/.$/, (c) => c === "0" ? "1" : "0")),
  });
  assert.deepEqual([mistyped.status, /checksum/.test(await mistyped.text())], [401, true]);
  assert.equal((await keys(environment, "revoke", "agent")).code, 0);
  assert.equal(await ask(url, key), 401);
  const refused = await post(url, { jsonrpc: "2.0", id: 2, method: "tools/list" }, headers);
  assert.equal(refused.status, 401);
  await refused.text();
  const again = await fetch(`${url}/api/tools`, { headers: bearer(key) });
  assert.deepEqual([again.status, /not valid/.test(await again.text())], [401, true]);
  assert.equal((await show(environment, id)).state, "revoked");
});

Deno.test("keys beside a server: revoking ends an open stream and every running call of the key, and no other's", async () => {
  await using served = await startServed();
  const { environment, url } = served;
  const [revoked, other] = [
    await create(environment, "--name", "a"),
    await create(environment, "--name", "b"),
  ];
  const stays = watch(listen(url, await open(url, other.key)));
  await until(() => stays.status() === 200, "the other stream is open");
  const ended = await begin(served, revoked.key);
  assert.equal((await keys(environment, "revoke", "a")).code, 0);
  await until(() => areOver(ended), "all that the key had under way has ended");
  assert.equal(stays.isOver(), false);
  assert.equal(await ask(url, other.key, "list_chats", { limit: 1 }), 200);
});

Deno.test("keys beside a server: what a key has under way ends when the key expires", async () => {
  await using served = await startServed();
  const { environment, url } = served;
  const { key, id } = await create(environment, "--name", "a");
  const ended = await begin(served, key);
  await rotate(environment, id, "--grace", "1h", "--expires", "1s");
  await until(() => areOver(ended), "all that the key had under way has ended");
  assert.equal(await ask(url, key), 401);
  assert.equal((await show(environment, id)).state, "expired");
});

Deno.test("keys beside a server: rotating refuses the former key at once, ends its stream and leaves exports to the new one", async () => {
  await using served = await startServed();
  const { environment, url } = served;
  const former = await create(environment, "--name", "a");
  assert.equal(await ask(url, former.key, "start_export", { chat: "@sandbox_news" }), 200);
  const stream = watch(listen(url, await open(url, former.key)));
  await until(() => stream.status() === 200, "the stream is open");
  const next = await rotate(environment, "a");
  assert.equal(next.id, former.id);
  assert.equal(await ask(url, former.key), 401);
  await until(() => stream.isOver(), "the stream has ended");
  const response = await fetch(`${url}/api/tools/list_exports`, {
    method: "POST",
    headers: { ...bearer(next.key), "content-type": "application/json" },
    body: "{}",
  });
  const { exports } = z.object({ exports: z.array(z.unknown()) }).parse(await response.json());
  assert.equal(exports.length, 1);
});

Deno.test("keys beside a server: uses are counted and in the file when it has stopped; no key is in its log or its files", async () => {
  await using served = await startServed();
  const { environment, url, server, sandbox } = served;
  const { key, id, uses } = await create(environment, "--name", "a");
  assert.equal(uses, 0);
  for (let i = 0; i < 3; i++) assert.equal(await ask(url, key), 200);
  assert.equal(await ask(url, key, "no_such_tool"), 404);
  await (await fetch(`${url}/health?token=${key}`, { headers: bearer(key) })).text();
  await (await fetch(`${url}/media/${key}`, { headers: bearer(key) })).text();
  server.signal("SIGTERM");
  assert.equal(await server.ended(), 0);
  const shown = await show(environment, id);
  assert.equal(shown.uses, 6);
  assert.ok(shown.last_used !== undefined && shown.last_used >= shown.created);
  const log = server.out.text() + server.err.text();
  assert.match(log, /"?call/);
  const files = await Array.fromAsync(Deno.readDir(`${sandbox.directory}/data`));
  const texts = files.filter(({ isFile }) => isFile).map(({ name }) =>
    new TextDecoder("latin1").decode(Deno.readFileSync(`${sandbox.directory}/data/${name}`))
  );
  for (const text of [log, ...texts]) assert.ok(!text.includes(key.slice(4, 20)) && !text.includes(key.slice(-20)));
});
