/**
 * What is recorded of calls that no tool served, and of answers that take their time.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { AppError } from "../../src/errors.ts";
import type { RequestContext } from "../../src/http/chain.ts";
import { type CallRecord, createCallRecorder, recorded } from "../../src/mcp/call_record.ts";
import { createRegistry, defineTool, READS_TELEGRAM, type Registry, type Tool } from "../../src/mcp/registry.ts";
import { LOCAL_PRINCIPAL, type Principal, type Scope } from "../../src/model/principal.ts";
import { serveMcp } from "./fixture.ts";
import { call, events, post } from "./raw.ts";

const READER: Principal = { id: "k1", accountId: "default", name: "desk", scopes: ["read"] };

const tool = (name: string, scope: Scope): Tool =>
  defineTool({
    name,
    title: name,
    description: "For tests.",
    scope,
    hints: READS_TELEGRAM,
    input: z.strictObject({}),
    output: z.object({}),
    run: () => Promise.resolve({}),
  });

function observed(): { readonly registry: Registry; readonly called: CallRecord[]; readonly refused: CallRecord[] } {
  const [called, refused]: [CallRecord[], CallRecord[]] = [[], []];
  const registry = createRegistry([tool("look", "read"), tool("take", "export")], {
    onCall: (record) => called.push(record),
    onRefused: (record) => refused.push(record),
  });
  return { registry, called, refused };
}

Deno.test("refused calls: what is not there is NOT_FOUND, what the key may not do ACCESS_DENIED, over MCP and plain HTTP", async () => {
  const { registry, called, refused } = observed();
  await using served = serveMcp(registry, { who: () => READER });
  for (const name of ["take", "nothing", "LOOK", "what was said"]) {
    await events(await post(served.url, call(1, name)));
    await (await fetch(`${served.url}/api/tools/${encodeURIComponent(name)}`, { method: "POST" })).text();
  }
  await events(await post(served.url, call(1, "look")));
  const told = refused.map(({ tool, status, principal }) => `${tool} ${status} ${principal.name}`);
  assert.deepEqual(told, [
    ...Array(2).fill("take ACCESS_DENIED desk"),
    ...Array(2).fill("? NOT_FOUND desk"),
    ...Array(4).fill("? NOT_FOUND desk"),
  ]);
  assert.deepEqual(called.map(({ tool, status }) => [tool, status]), [["look", "ok"]]);
});

Deno.test("calls: one that wants a task is recorded like any other", async () => {
  const { registry, called, refused } = observed();
  await using served = serveMcp(registry);
  const wanting = call(1, "look");
  Reflect.set(Object(wanting.params), "task", { ttl: 1000 });
  await events(await post(served.url, wanting));
  assert.deepEqual(called.map(({ tool, status }) => [tool, status]), [["look", "ok"]]);
  assert.deepEqual(refused, []);
});

/** Asks a handler that is recorded, and tells of its records. */
async function ask(
  handle: () => Response | Promise<Response>,
  read: (response: Response) => Promise<unknown> = (response) => response.text(),
  principal: Principal | undefined = LOCAL_PRINCIPAL,
): Promise<{ readonly records: readonly CallRecord[]; readonly abort: () => void }> {
  const records: CallRecord[] = [];
  const abort = new AbortController();
  const handler = recorded(createCallRecorder((record) => records.push(record)), "download", async (_, __, call) => {
    call.principal = principal;
    call.touched.note(["-4001", "-4001"]);
    return await handle();
  });
  const context: RequestContext = { requestId: "r", clientIp: "::1", params: {}, localPort: 1, startedAt: 0 };
  try {
    await read(await handler(new Request("http://localhost/", { signal: abort.signal }), context));
  } catch (error) {
    assert.match(String(error), /broken/);
  }
  return { records, abort: () => abort.abort() };
}

const statuses = (records: readonly CallRecord[]): string[] => records.map(({ status }) => status);
const body = (pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void): ReadableStream<Uint8Array> =>
  new ReadableStream({ pull }, { highWaterMark: 0 });

Deno.test("recorded answers: one record with the chats each once, whether there is a body or not", async () => {
  for (const text of [null, "", "text"]) {
    const { records } = await ask(() => new Response(text));
    assert.deepEqual(
      records.map(({ tool, status, chats, requestId, clientIp }) => [tool, status, chats, requestId, clientIp]),
      [
        ["download", "ok", ["-4001"], "r", "::1"],
      ],
    );
  }
});

Deno.test("recorded answers: what fails before its head or amid its body has the error's code", async () => {
  const early = await ask(() => Promise.reject(new AppError("NOT_FOUND", "broken")));
  assert.deepEqual(statuses(early.records), ["NOT_FOUND"]);
  const late = await ask(() => new Response(body((controller) => controller.error(new AppError("TIMEOUT", "broken")))));
  assert.deepEqual(statuses(late.records), ["TIMEOUT"]);
});

Deno.test("recorded answers: a reader who leaves is CANCELLED, one who leaves with the last byte is not", async () => {
  const endless = (): Response => new Response(body((controller) => controller.enqueue(new Uint8Array(8))));
  const left = await ask(endless, async (response) => {
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
  });
  assert.deepEqual(statuses(left.records), ["CANCELLED"]);
  const gone = await ask(endless, async (response) => void await response.body?.getReader().read());
  assert.deepEqual(statuses(gone.records), []);
  gone.abort();
  assert.deepEqual(statuses(gone.records), ["CANCELLED"]);
  const whole = await ask(
    () => new Response(endless().body, { headers: { "content-length": "16" } }),
    async (response) => {
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.read();
    },
  );
  whole.abort();
  assert.deepEqual(statuses(whole.records), ["ok"]);
});

Deno.test("recorded answers: nobody's leave no record", async () => {
  const records: CallRecord[] = [];
  const handler = recorded(
    createCallRecorder((record) => records.push(record)),
    "download",
    () => Promise.reject(new AppError("ACCESS_DENIED", "broken")),
  );
  const context: RequestContext = { requestId: "r", clientIp: "::1", params: {}, localPort: 1, startedAt: 0 };
  await assert.rejects(async () => await handler(new Request("http://localhost/"), context));
  assert.deepEqual(records, []);
});
