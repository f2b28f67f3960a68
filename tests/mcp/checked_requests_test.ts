/** Requests that the SDK would answer by itself. */
import assert from "node:assert/strict";
import { createFixture, serveMcp } from "./fixture.ts";
import { events, INITIALIZE, type Message, post } from "./raw.ts";

async function answered(url: string, body: unknown): Promise<Message | undefined> {
  return (await events(await post(url, body))).at(-1)?.message;
}

Deno.test("initialize and logging/setLevel: malformed ones are refused by the name of what is wrong, not failed upon", async () => {
  await using served = serveMcp(createFixture().registry);
  const { params } = INITIALIZE;
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["initialize", undefined, "params"],
    ["initialize", { ...params, protocolVersion: 1 }, "params.protocolVersion"],
    ["initialize", { ...params, clientInfo: { name: "x" } }, "params.clientInfo.version"],
    ["logging/setLevel", {}, "params.level"],
    ["logging/setLevel", { level: "loud" }, "params.level"],
  ];
  for (const [method, params, field] of cases) {
    const { error } = await answered(served.url, { jsonrpc: "2.0", id: 1, method, params }) ?? {};
    assert.deepEqual([error?.code, error?.message], [-32602, `${field} of ${method} is not as it should be.`]);
    assert.doesNotMatch(JSON.stringify(error), /expected|invalid_type/);
  }
  const { result } =
    await answered(served.url, { ...INITIALIZE, method: "logging/setLevel", params: { level: "info" } }) ??
      {};
  assert.deepEqual(result, {});
});

Deno.test("tasks: a server that has none answers as if none were asked for, whatever the method", async () => {
  await using served = serveMcp(createFixture().registry);
  for (const method of ["tools/list", "no/such"]) {
    const request = { jsonrpc: "2.0", id: 1, method };
    const plain = await answered(served.url, request);
    assert.deepEqual(await answered(served.url, { ...request, params: { task: {} } }), plain);
  }
});
