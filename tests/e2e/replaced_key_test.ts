/** What a key began, and the links it was given, once it is taken back or has another secret. */
import assert from "node:assert/strict";
import { createKeyStore, type KeyStore } from "../../src/auth/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { call, INITIALIZE, listen, post } from "../mcp/raw.ts";
import { startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const NEWS = "-1002000000001";
const GROUP = "-1002000000003";

interface Served extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly keys: KeyStore;
  readonly url: string;
  readonly port: number;
  readonly tool: (secret: string, name: string, args: unknown) => Promise<Record<string, unknown>>;
}

async function served(variables: Readonly<Record<string, string>> = {}): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const db = stack.use(openDataDirectory(sandbox.environment.DATA_DIR ?? ""));
  const keys = createKeyStore(db, LOCAL_PRINCIPAL.accountId);
  const { url } = stack.use(await startServer({ ...sandbox.environment, MCP_AUTH: "keys", ...variables }));
  const resources = stack.move();
  return {
    sandbox,
    keys,
    url,
    port: Number(new URL(url).port),
    tool: async (secret, name, args) => {
      const headers = { "content-type": "application/json", ...bearer(secret) };
      const answer = await fetch(`${url}/api/tools/${name}`, { method: "POST", headers, body: JSON.stringify(args) });
      return await answer.json();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

/** Waits until a condition holds, for longer than a busy machine takes. */
async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const limit = performance.now() + 30_000;
  while (!await condition()) {
    if (performance.now() > limit) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until a key of its own that the same look finds gone has ended a stream: two looks have passed. */
async function looked({ keys, url }: Served): Promise<void> {
  for (const name of ["first look", "second look"]) {
    const { key, secret } = keys.create({ name, scopes: ["read"] });
    const session = await post(url, INITIALIZE, bearer(secret));
    await session.text();
    const id = session.headers.get("mcp-session-id") ?? "";
    const stream = await listen(url, { ...bearer(secret), "mcp-session-id": id });
    keys.revoke(key.id);
    await stream.text();
  }
}

/** Sends all but the end of a request, and later that; the answer's head and body. */
async function begun(port: number, head: readonly string[], body: string): Promise<() => Promise<string>> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = [...head, `Host: 127.0.0.1:${port}`, `Content-Length: ${body.length}`, "Connection: close", "", ""];
  await connection.write(new TextEncoder().encode(lines.join("\r\n") + body.slice(0, 5)));
  return async () => {
    await connection.write(new TextEncoder().encode(body.slice(5)));
    return await new Response(connection.readable).text();
  };
}

Deno.test("replaced key: a request whose body comes after the key was taken back is refused like the key", async () => {
  await using on = await served();
  const args = { chat: NEWS, limit: 2 };
  for (
    const [path, accept, body] of [
      ["/mcp", "application/json", call(1, "fetch_history", args)],
      ["/mcp", "application/json, text/event-stream", call(1, "fetch_history", args)],
      ["/mcp", "application/json, text/event-stream", INITIALIZE],
      ["/api/tools/fetch_history", "application/json", args],
    ] as const
  ) {
    const { key, secret } = on.keys.create({ name: "ann", scopes: ["read"] });
    const head = [`POST ${path} HTTP/1.1`, `Authorization: Bearer ${secret}`, `Accept: ${accept}`];
    const end = await begun(on.port, [...head, "Content-Type: application/json"], JSON.stringify(body));
    // It is there: a request behind it on a connection of its own is answered.
    assert.equal(await statusOf(fetch(`${on.url}/api/tools`, { headers: bearer(secret) })), 200);
    on.keys.revoke(key.id);
    await looked(on);
    const answer = await end();
    assert.match(answer, /^HTTP\/1\.1 401 /, `${path} ${accept}`);
    assert.match(answer, /"AUTH_REQUIRED"/);
  }
  assert.equal((await on.sandbox.methods())["messages.getHistory"], undefined);
});

Deno.test("replaced key: a slow call by plain JSON ends as the key is refused, over HTTP and MCP", async () => {
  await using on = await served();
  const { key, secret } = on.keys.create({ name: "ann", scopes: ["read"] });
  await on.tool(secret, "fetch_history", { chat: NEWS, limit: 1 });
  await on.sandbox.faults({ rules: [{ method: "messages.getHistory", delayMs: 600_000 }] });
  const slow = [
    post(on.url, call(1, "fetch_history", { chat: NEWS }), { ...bearer(secret), accept: "application/json" }),
    fetch(`${on.url}/api/tools/fetch_history`, {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(secret) },
      body: JSON.stringify({ chat: NEWS }),
    }),
  ];
  await until(
    async () => /^calls_in_flight 2$/m.test(await (await fetch(`${on.url}/metrics`)).text()),
    "both calls to run",
  );
  on.keys.revoke(key.id);
  for (const each of slow) {
    const answer = await each;
    assert.deepEqual([answer.status, (await answer.json()).code], [401, "AUTH_REQUIRED"]);
  }
});

Deno.test("replaced key: streams end with the secret that opened them, and a session with its key", async () => {
  await using on = await served();
  const { key, secret: former } = on.keys.create({ name: "ann", scopes: ["read"] });
  const opened = await post(on.url, INITIALIZE, bearer(former));
  await opened.text();
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
  const stream = await listen(on.url, { ...bearer(former), ...session });
  assert.equal(stream.status, 200);
  const { secret: latter } = on.keys.rotate(key.id);
  await stream.text();
  // The session that the former secret opened is its key's.
  const again = await listen(on.url, { ...bearer(latter), ...session });
  assert.equal(again.status, 200);
  assert.equal(await statusOf(listen(on.url, { ...bearer(former), ...session })), 401);
  on.keys.revoke(key.id);
  await again.text();
});

Deno.test("replaced key: a download by a secret that is replaced breaks off", async () => {
  await using on = await served();
  const { key, secret } = on.keys.create({ name: "ann", scopes: ["read", "export"] });
  const size = 60_000_000;
  const file = { id: "987654321012", mime: "application/zip", size, name: "big.zip" };
  const { id } = await on.sandbox.append(GROUP, "big", { kind: "document", ...file });
  const query = { chat: GROUP, from: `#${id}`, download_media: true, wait_seconds: 45 };
  let job = await on.tool(secret, "start_export", query);
  while (job.state !== "completed") job = await on.tool(secret, "get_export", { id: job.id, wait_seconds: 45 });
  const folder = `${on.url}/exports/${job.id}`;
  const manifest = await (await fetch(`${folder}/manifest.json`, { headers: bearer(secret) })).json();
  const name = manifest.files.map((each: { readonly name: string }) => each.name)
    .find((each: string) => each.startsWith("media/"));
  const answer = await fetch(`${folder}/${name}`, { headers: bearer(secret) });
  assert.equal(answer.status, 200);
  on.keys.rotate(key.id);
  await looked(on);
  await assert.rejects(answer.bytes());
});

Deno.test("replaced key: links that were made before grant nothing, those made by the latter do, each from its key's rate", async () => {
  await using on = await served();
  const { key, secret } = on.keys.create({ name: "ann", scopes: ["read"], rate: { count: 5, seconds: 3600 } });
  const link = async (secret: string): Promise<string> => {
    const found = await on.tool(secret, "search_messages", { chat: NEWS, type: "photo", limit: 1 });
    const [[message]] = Object(found).messages[0].rows;
    const media = await on.tool(secret, "get_media", { chat: NEWS, message: String(message), variant: "original" });
    return String(media.url);
  };
  const before = await link(secret);
  assert.equal(await statusOf(fetch(before)), 200);
  const { secret: latter } = on.keys.rotate(key.id, { graceSeconds: 3600 });
  assert.equal(await statusOf(fetch(before)), 404);
  const after = await link(latter);
  const refused = await fetch(after, { method: "HEAD" });
  assert.deepEqual([refused.status, Number(refused.headers.get("retry-after")) > 0], [429, true]);
});
