import assert from "node:assert/strict";
import { z } from "zod";
import { createFixture, serveMcp, until } from "./fixture.ts";

const Body = z.record(z.string(), z.unknown());

function run(url: string, name: string, body: string | undefined, type = "application/json"): Promise<Response> {
  return fetch(`${url}/api/tools/${name}`, { method: "POST", body, headers: { "content-type": type } });
}

Deno.test("GET /api/tools: lists what the principal may call, with whole schemas", async () => {
  await using served = serveMcp(createFixture().registry);
  const { tools } = z.object({ tools: z.array(Body) }).parse(await (await fetch(`${served.url}/api/tools`)).json());
  assert.deepEqual(tools.map(({ name }) => name), ["echo", "fail", "slow", "progress"]);
  assert.deepEqual(tools[0], {
    name: "echo",
    title: "Echo",
    description: "For tests.",
    scope: "read",
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
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
  });
});

Deno.test("POST /api/tools/{name}: answers the tool's output, an empty body being no arguments", async () => {
  await using served = serveMcp(createFixture().registry);
  const answer = await run(served.url, "echo", '{"text":"a"}');
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { text: "a" });
  const failed = await run(served.url, "fail", undefined);
  assert.equal(Body.parse(await failed.json()).code, "CHAT_AMBIGUOUS");
});

Deno.test("POST /api/tools/{name}: a failure is a problem with all that the error says", async () => {
  await using served = serveMcp(createFixture().registry);
  const failed = await run(served.url, "fail", "{}");
  assert.equal(failed.status, 409);
  assert.equal(failed.headers.get("content-type"), "application/problem+json");
  assert.equal(failed.headers.get("retry-after"), "7");
  const { request_id: _, ...problem } = Body.parse(await failed.json());
  assert.deepEqual(problem, {
    type: "about:blank",
    title: "Conflict",
    status: 409,
    detail: "Two chats have this title.",
    code: "CHAT_AMBIGUOUS",
    field: "chat",
    hint: "Call again with the id of one of the candidates.",
    retry_after: 7,
    candidates: [{ id: "1", title: "One" }],
    suggest: { tool: "list_chats", arguments: { query: "one" } },
  });
});

Deno.test("POST /api/tools/{name}: what cannot be understood is refused with status and code", async () => {
  await using served = serveMcp(createFixture().registry);
  const json = "application/json";
  const cases: [string, string, string, string, number, string][] = [
    ["unknown tool", "nothing", "{}", json, 404, "NOT_FOUND"],
    ["a tool of another scope", "hidden", "{}", json, 403, "ACCESS_DENIED"],
    ["not JSON", "echo", "{", json, 400, "INPUT_VALIDATION"],
    ["no object", "echo", "[]", json, 400, "INPUT_VALIDATION"],
    ["null", "echo", "null", json, 400, "INPUT_VALIDATION"],
    ["unknown argument", "echo", '{"text":"a","txt":1}', json, 400, "INPUT_VALIDATION"],
    ["text", "echo", "{}", "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["too large", "echo", `{"text":"${"x".repeat(1_000_001)}"}`, json, 413, "PAYLOAD_TOO_LARGE"],
    ["unexpected failure", "fail", '{"unexpected":true}', json, 500, "INTERNAL"],
  ];
  for (const [what, name, body, type, status, code] of cases) {
    const answer = await run(served.url, name, body, type);
    const text = await answer.text();
    assert.equal(answer.status, status, what);
    assert.equal(Body.parse(JSON.parse(text)).code, code, what);
    assert.doesNotMatch(text, /api_hash/);
  }
});

Deno.test("POST /api/tools/{name}: a client that goes away aborts the tool", async () => {
  const fixture = createFixture();
  await using served = serveMcp(fixture.registry);
  const leave = new AbortController();
  const answer = fetch(`${served.url}/api/tools/slow`, {
    method: "POST",
    body: '{"label":"a"}',
    headers: { "content-type": "application/json" },
    signal: leave.signal,
  });
  await until(() => fixture.running.size === 1, "the tool runs");
  leave.abort();
  await assert.rejects(answer);
  await until(() => fixture.running.size === 0, "the tool was aborted");
});
