import assert from "node:assert/strict";
// @ts-types="@modelcontextprotocol/sdk/client"
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createFixture, type Served, serveMcp, until } from "./fixture.ts";
import { call, events, INITIALIZE, message, open, post } from "./raw.ts";
import { READER } from "../http/principals.ts";

async function connect({ url }: Served): Promise<Client & AsyncDisposable> {
  const client = new Client({ name: "test", version: "0" });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`));
  await client.connect(transport);
  return Object.assign(client, {
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await transport.terminateSession();
      await client.close();
    },
  });
}

Deno.test("initialize: tells name, version, instructions and capabilities", async () => {
  await using served = serveMcp(createFixture().registry);
  await using client = await connect(served);
  assert.deepEqual(client.getServerVersion(), { name: "fixture", version: "1.2.3" });
  assert.deepEqual(client.getServerCapabilities(), { tools: { listChanged: false }, logging: {} });
  assert.equal(client.getInstructions(), "For tests.");
});

Deno.test("tools/list: has the principal's tools in order, with title, hints and both schemas", async () => {
  await using served = serveMcp(createFixture().registry);
  await using client = await connect(served);
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map(({ name }) => name), ["echo", "fail", "slow", "progress"]);
  assert.deepEqual(tools[0], {
    name: "echo",
    title: "Echo",
    description: "For tests.",
    inputSchema: {
      type: "object",
      properties: { text: { type: "string" } },
      required: ["text"],
      additionalProperties: false,
    },
    outputSchema: {
      type: "object",
      properties: { text: { type: "string" } },
      required: ["text"],
      additionalProperties: false,
    },
    annotations: {
      title: "Echo",
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: true,
    },
  });
});

Deno.test("tools/call: a success is structured content and the same JSON as text", async () => {
  await using served = serveMcp(createFixture().registry);
  await using client = await connect(served);
  assert.deepEqual(await client.callTool({ name: "echo", arguments: { text: "é\n\u2028" } }), {
    content: [{ type: "text", text: '{"text":"é\\n⟦U+2028⟧","neutralized":1}' }],
    structuredContent: { text: "é\n⟦U+2028⟧", neutralized: 1 },
  });
});

Deno.test("tools/call: a tool's failure is a result with the error as JSON text and no structured content", async () => {
  await using served = serveMcp(createFixture().registry);
  await using client = await connect(served);
  assert.deepEqual(await client.callTool({ name: "fail" }), {
    isError: true,
    content: [{
      type: "text",
      text: JSON.stringify({
        error: {
          code: "CHAT_AMBIGUOUS",
          message: "Two chats have this title.",
          field: "chat",
          hint: "Call again with the id of one of the candidates.",
          retry_after: 7,
          candidates: [{ id: "1", title: "One" }],
          suggest: { tool: "list_chats", arguments: { query: "one" } },
        },
      }),
    }],
  });
});

Deno.test("tools/call: an unexpected failure shows nothing of itself", async () => {
  await using served = serveMcp(createFixture().registry);
  await using client = await connect(served);
  const text = JSON.stringify(await client.callTool({ name: "fail", arguments: { unexpected: true } }));
  assert.match(text, /INTERNAL/);
  assert.doesNotMatch(text, /api_hash/);
});

Deno.test("tools/call: a wrong argument is a tool's failure that names the field", async () => {
  await using served = serveMcp(createFixture().registry);
  await using client = await connect(served);
  const result = await client.callTool({ name: "echo", arguments: { txt: "a" } });
  assert.equal(result.isError, true);
  assert.match(JSON.stringify(result.content), /INPUT_VALIDATION.*text/);
});

Deno.test("tools/call: an unknown tool is a protocol error naming it, one of another scope a failure that says so", async () => {
  await using served = serveMcp(createFixture().registry);
  const [denied] = await events(await post(served.url, call(1, "hidden")));
  assert.equal(denied?.message?.result?.isError, true);
  assert.match(JSON.stringify(denied?.message?.result), /ACCESS_DENIED.*scope admin/);
  for (const name of ["nothing", "constructor"]) {
    const [answer] = await events(await post(served.url, call(1, name)));
    const error = answer?.message?.error;
    assert.deepEqual([error?.code, error?.message], [-32602, `There is no tool "${name}".`]);
    assert.match(JSON.stringify(error?.data), /tools\/list/);
  }
});

Deno.test("tools/call: malformed parameters and unknown methods have their JSON-RPC codes", async () => {
  await using served = serveMcp(createFixture().registry);
  const cases = [
    [{ jsonrpc: "2.0", id: 1, method: "tools/call", params: { arguments: {} } }, -32602],
    [{ jsonrpc: "2.0", id: 1, method: "tools/call" }, -32602],
    [{ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "echo", arguments: [] } }, -32602],
    [{ jsonrpc: "2.0", id: 1, method: "resources/list" }, -32601],
    [{ jsonrpc: "2.0", id: 1, method: "toString" }, -32601],
  ] as const;
  for (const [request, code] of cases) {
    const [answer] = await events(await post(served.url, request));
    assert.equal(answer?.message?.error?.code, code, JSON.stringify(request));
  }
});

Deno.test("progress: a caller with a token gets increasing values on the call's own stream", async () => {
  await using served = serveMcp(createFixture().registry);
  await using client = await connect(served);
  const seen: [number, number | undefined, string | undefined][] = [];
  const result = await client.callTool({ name: "progress", arguments: { steps: [0, 50, 50, 20, 90] } }, undefined, {
    onprogress: ({ progress, total, message }) => seen.push([progress, total, message]),
  });
  assert.deepEqual(result.structuredContent, { steps: 5 });
  assert.deepEqual(seen.map(([, total, message]) => [total, message]), [
    [100, "step 0"],
    [100, "step 50"],
    [100, "step 50"],
    [100, "step 20"],
    [100, "step 90"],
    [undefined, "done"],
  ]);
  const values = seen.map(([progress]) => progress);
  assert.ok(values.every((value, i) => i === 0 || value > (values[i - 1] ?? 0)), String(values));
  assert.equal(values[4], 90);
});

Deno.test("progress: a caller without a token gets the response alone", async () => {
  await using served = serveMcp(createFixture().registry);
  const sent = await events(await post(served.url, call(1, "progress", { steps: [1, 2] })));
  assert.deepEqual(sent.map(({ message }) => message?.id), [1]);
});

Deno.test("cancel: aborts the tool and ends the stream without a response", async () => {
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry);
  const session = await open(served.url);
  for (const id of [0, 7, "seven"]) {
    const answer = await post(served.url, call(id, "slow", { label: String(id) }), session);
    await until(() => fixture.running.has(String(id)), "the tool runs");
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } };
    const accepted = await post(served.url, cancelled, session);
    assert.equal(await accepted.text(), "");
    assert.equal(accepted.status, 202);
    assert.deepEqual((await events(answer)).map(({ message }) => message), [undefined]);
    await until(() => fixture.running.size === 0, "the tool ended");
  }
  assert.deepEqual(fixture.aborted, ["0", "7", "seven"]);
});

Deno.test("cancel: the SDK's client gives up a call and the tool ends", async () => {
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry);
  await using client = await connect(served);
  const giveUp = new AbortController();
  const answer = client.callTool({ name: "slow", arguments: { label: "a" } }, undefined, { signal: giveUp.signal });
  await until(() => fixture.running.size === 1, "the tool runs");
  giveUp.abort("enough");
  await assert.rejects(answer);
  await until(() => fixture.running.size === 0, "the tool ended");
  assert.deepEqual(fixture.aborted, ["a"]);
});

Deno.test("cancel: the SDK's client does not come back for ever to a stream that ended without a result", async () => {
  await using served = serveMcp(createFixture().registry);
  const statuses: number[] = [];
  const client = new Client({ name: "test", version: "0" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${served.url}/mcp`), {
      reconnectionOptions: {
        initialReconnectionDelay: 1,
        maxReconnectionDelay: 1,
        reconnectionDelayGrowFactor: 1,
        maxRetries: 1,
      },
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (new Headers(init?.headers).has("last-event-id")) statuses.push(response.status);
        return response;
      },
    }),
  );
  await assert.rejects(client.callTool({ name: "nothing" }), /There is no tool "nothing"/);
  await until(() => statuses.length > 0, "the client comes back");
  await client.ping();
  assert.deepEqual(statuses, [204]);
  await client.close();
});

Deno.test("cancel: one member of a batch leaves the others their responses", async () => {
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry);
  const session = await open(served.url, "2025-03-26");
  const batch = [call(1, "slow", { label: "one" }), call(2, "slow", { label: "two" })];
  const answer = await post(served.url, batch, session);
  await until(() => fixture.running.size === 2, "both run");
  const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
  await (await post(served.url, cancelled, session)).body?.cancel();
  await until(() => fixture.running.size === 1, "one is cancelled");
  fixture.release("two");
  const sent = await events(answer);
  assert.deepEqual(sent.find(({ message }) => message?.id === 2)?.message?.result?.structuredContent, { label: "two" });
});

Deno.test("POST without a session: is served, as an event stream or as JSON when only that is accepted", async () => {
  await using served = serveMcp(createFixture().registry);
  const stream = await post(served.url, call(1, "echo", { text: "a" }));
  assert.equal(stream.headers.get("content-type"), "text/event-stream");
  assert.equal(stream.headers.get("x-accel-buffering"), "no");
  assert.equal(stream.headers.get("mcp-session-id"), null);
  assert.deepEqual((await events(stream))[0]?.message?.result?.structuredContent, { text: "a" });

  for (const request of [call(1, "echo", { text: "a" }), INITIALIZE]) {
    const json = await post(served.url, request, { accept: "application/json" });
    assert.equal(json.headers.get("content-type"), "application/json");
    assert.equal(json.headers.get("mcp-session-id"), null);
    assert.ok((await message(json)).result);
  }
  assert.equal(served.sessions(), 0);
  assert.deepEqual(served.errors, []);
});

Deno.test("Accept: any wording that allows one of the types is served, any other is refused", async () => {
  await using served = serveMcp(createFixture().registry);
  const session = await open(served.url);
  for (const accept of ["*/*", "application/json", "text/event-stream", "application/json;q=0.9, */*;q=0.1", ""]) {
    const response = await post(served.url, call(1, "echo", { text: "a" }), { ...session, accept });
    assert.equal(response.status, 200, accept);
    await response.text();
    const alone = await post(served.url, call(1, "echo", { text: "a" }), { accept });
    assert.equal(alone.status, 200, accept);
    await alone.text();
  }
  const context = { requestId: "", clientIp: "", params: {}, localPort: 0, startedAt: 0, principal: READER };
  const bare = new Request("http://localhost/mcp", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(call(1, "echo", { text: "a" })),
  });
  assert.equal((await events(await served.mcp.fetch(bare, context))).length, 1);
  const refused = await post(served.url, call(1, "echo", { text: "a" }), { ...session, accept: "text/html" });
  assert.equal(refused.status, 406);
  await refused.text();
});

Deno.test("POST: what cannot be understood is refused with its status and JSON-RPC code", async () => {
  await using served = serveMcp(createFixture().registry);
  const many = Array.from({ length: 101 }, (_, id) => call(id, "echo", { text: "" }));
  const json = "application/json";
  const cases: [string, unknown, string, number, number][] = [
    ["not JSON", "{", json, 400, -32700],
    ["empty body", "", json, 400, -32700],
    ["not JSON-RPC", { foo: 1 }, json, 400, -32600],
    ["null", "null", json, 400, -32600],
    ["empty batch", [], json, 400, -32600],
    ["101 messages", many, json, 400, -32600],
    ["equal ids", [many[0], many[0]], json, 400, -32600],
    ["text", call(1, "echo"), "text/plain", 415, -32000],
    ["JSON in a parameter", call(1, "echo"), "text/plain; a=application/json", 415, -32000],
  ];
  for (const [what, body, type, status, code] of cases) {
    const response = await post(served.url, body, { "content-type": type });
    assert.equal(response.status, status, what);
    const { error, id } = await message(response);
    assert.equal(error?.code, code, what);
    assert.equal(id, null, what);
  }
  const hundred = await events(
    await post(served.url, many.slice(0, 100), { "content-type": "Application/JSON; charset=utf-8" }),
  );
  assert.equal(hundred.length, 100);
});

Deno.test("POST: a call whose id is in flight in the session is refused, and the first one goes on", async () => {
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry);
  const session = await open(served.url);
  const first = await post(served.url, call(1, "slow", { label: "a" }), session);
  await until(() => fixture.running.size === 1, "the tool runs");
  const second = await post(served.url, call(1, "echo", { text: "b" }), session);
  assert.equal(second.status, 400);
  assert.equal((await message(second)).error?.code, -32600);
  fixture.release("a");
  assert.deepEqual((await events(first)).at(-1)?.message?.result?.structuredContent, { label: "a" });
  assert.equal((await events(await post(served.url, call(1, "echo", { text: "b" }), session))).length, 2);
});

Deno.test("protocol version: an unknown one is refused so that clients of both eras fall back", async () => {
  await using served = serveMcp(createFixture().registry);
  const response = await post(served.url, call(1, "echo"), { "mcp-protocol-version": "2099-01-01" });
  assert.equal(response.status, 400);
  assert.equal((await message(response)).error?.code, -32000);
});

Deno.test("method: others than POST, GET and DELETE are refused", async () => {
  await using served = serveMcp(createFixture().registry);
  const context = { requestId: "", clientIp: "", params: {}, localPort: 0, startedAt: 0, principal: READER };
  const response = await served.mcp.fetch(new Request("http://localhost/mcp", { method: "PUT" }), context);
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "GET, POST, DELETE");
});
