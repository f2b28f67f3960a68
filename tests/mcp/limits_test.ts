/** How much of the MCP endpoint and of the tools one principal, and all together, may have at once. */
import assert from "node:assert/strict";
import { z } from "zod";
import { createLeases } from "../../src/exports/leases.ts";
import { createCursors } from "../../src/mcp/cursor.ts";
import { createInFlight, type InFlightOptions } from "../../src/mcp/in_flight.ts";
import type { LegacyMcpOptions } from "../../src/mcp/legacy.ts";
import { createExportResources } from "../../src/mcp/resources/exports.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../../src/model/principal.ts";
import { createExports } from "./finished_exports.ts";
import { createFixture, type Fixture, type Served, serveMcp, until } from "./fixture.ts";
import { call, events, listen, type Message, message, open, post } from "./raw.ts";

const ANN: Principal = { ...LOCAL_PRINCIPAL, id: "ann" };
const BOB: Principal = { ...LOCAL_PRINCIPAL, id: "bob" };
const PING = { jsonrpc: "2.0", id: 1, method: "ping" };

interface Limited extends Served, Pick<Fixture, "running" | "release" | "aborted"> {
  /** Says who asks from now on. */
  readonly as: (principal: Principal) => void;
  readonly refused: readonly string[];
  /** How many calls have a place. */
  readonly inFlight: () => number;
  /** Begins a call of `slow` in a POST of its own, and waits until it runs. */
  readonly begin: (label: string) => Promise<Response>;
  /** Calls `echo` over plain HTTP. */
  readonly echo: () => Promise<Response>;
}

function limited(numbers: Partial<InFlightOptions> = {}, options: Partial<LegacyMcpOptions> = {}): Limited {
  const refused: string[] = [];
  const onRefused = (limit: string): void => void refused.push(limit);
  const inFlight = createInFlight({ kind: "calls", max: 100, maxPerPrincipal: 100, onRefused, ...numbers });
  const { registry, running, release, aborted } = createFixture([], { inFlight });
  let who = ANN;
  const served = serveMcp(registry, { who: () => who, inFlight, onRefused, ...options });
  return {
    ...served,
    running,
    release,
    aborted,
    refused,
    inFlight: () => inFlight.size,
    as: (principal) => void (who = principal),
    begin: async (label) => {
      const response = await post(served.url, call(label, "slow", { label }));
      await until(() => running.has(label), `${label} runs`);
      return response;
    },
    echo: () =>
      fetch(`${served.url}/api/tools/echo`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"text":"a"}',
      }),
  };
}

const failureSchema = z.object({
  isError: z.literal(true),
  content: z.tuple([z.object({ text: z.string() })]),
});
const errorSchema = z.looseObject({ code: z.string(), message: z.string(), retry_after: z.int().optional() });

/** The answers of a batch, as JSON. */
const answersSchema = z.array(z.looseObject({
  id: z.union([z.string(), z.number()]),
  result: z.record(z.string(), z.unknown()).optional(),
}));

/** The error of a tool's failure. */
function failureOf(sent: Message | undefined): z.infer<typeof errorSchema> {
  const { content: [{ text }] } = failureSchema.parse(sent?.result);
  return errorSchema.parse(JSON.parse(text).error);
}

/** The last message of a response. */
async function answered(response: Response): Promise<Message | undefined> {
  return (await events(response)).at(-1)?.message;
}

async function statusOf(response: Response): Promise<number> {
  await response.body?.cancel();
  return response.status;
}

Deno.test("calls in flight: beyond the total a POST is refused whole with 503 and a JSON-RPC error, before any stream", async () => {
  await using on = limited({ max: 2 });
  const begun = [await on.begin("a"), await on.begin("b")];
  on.as(BOB);
  for (const body of [call(3, "echo", { text: "" }), [call(3, "echo", { text: "" })]]) {
    const refused = await post(on.url, body);
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "2"]);
    assert.match(refused.headers.get("content-type") ?? "", /^application\/json/);
    const { id, error } = await message(refused);
    assert.deepEqual([id, error?.code], [null, -32000]);
    assert.deepEqual([errorSchema.parse(error?.data).code, errorSchema.parse(error?.data).retry_after], [
      "OVERLOADED",
      2,
    ]);
  }
  const plain = await on.echo();
  assert.deepEqual([plain.status, plain.headers.get("retry-after")], [503, "2"]);
  assert.equal(plain.headers.get("content-type"), "application/problem+json");
  assert.equal(errorSchema.omit({ message: true }).parse(await plain.json()).code, "OVERLOADED");
  assert.deepEqual(on.refused, ["calls", "calls", "calls"]);
  // What calls no tool needs no place.
  assert.equal(await statusOf(await post(on.url, PING)), 200);
  on.release("a");
  await answered(begun[0] ?? new Response());
  assert.equal(await statusOf(await on.echo()), 200);
  const again = await answered(await post(on.url, call(4, "echo", { text: "b" })));
  assert.deepEqual(again?.result?.structuredContent, { text: "b" });
  on.release("b");
  await answered(begun[1] ?? new Response());
  assert.equal(on.inFlight(), 0);
});

Deno.test("calls in flight: beyond a principal's own a call fails by itself, and another's goes through", async () => {
  await using on = limited({ max: 10, maxPerPrincipal: 2 });
  const begun = [await on.begin("a"), await on.begin("b")];
  const mine = await post(on.url, call(3, "echo", { text: "" }));
  assert.equal(mine.status, 200);
  const error = failureOf(await answered(mine));
  assert.deepEqual([error.code, error.retry_after], ["RATE_LIMITED", 1]);
  assert.match(error.message, /2 calls/);
  const plain = await on.echo();
  assert.deepEqual([plain.status, plain.headers.get("retry-after")], [429, "1"]);
  assert.equal(errorSchema.omit({ message: true }).parse(await plain.json()).code, "RATE_LIMITED");
  assert.deepEqual(on.refused, ["calls_per_key", "calls_per_key"]);
  on.as(BOB);
  assert.equal(await statusOf(await on.echo()), 200);
  on.as(ANN);
  for (const label of ["a", "b"]) on.release(label);
  for (const each of begun) await answered(each);
  assert.equal(await statusOf(await on.echo()), 200);
});

Deno.test("calls in flight: of a batch as many run as its principal may have, and it takes no more of the total", async () => {
  await using on = limited({ max: 4, maxPerPrincipal: 2 });
  const batch = await post(on.url, Array.from({ length: 20 }, (_, id) => call(id, "slow", { label: `${id}` })));
  await until(() => on.running.size === 2, "two of them run");
  assert.equal(on.inFlight(), 2);
  on.as(BOB);
  assert.equal(await statusOf(await on.echo()), 200);
  for (const label of [...on.running]) on.release(label);
  const sent = await events(batch);
  const failed = sent.filter(({ message }) => message?.result?.isError === true);
  assert.deepEqual([sent.filter(({ message }) => message?.result !== undefined).length, failed.length], [20, 18]);
  for (const { message } of failed) assert.equal(failureOf(message).code, "RATE_LIMITED");
  assert.equal(on.inFlight(), 0);
});

Deno.test("calls in flight: places that a batch holds for what is no call are its principal's, and end with it", async () => {
  await using on = limited({ max: 10, maxPerPrincipal: 3 });
  const batch = (label: string): Promise<Response> =>
    post(on.url, [call(label, "slow", { label }), call(1, "none"), call(2, "none")], { accept: "application/json" });
  const begun = [batch("a")];
  await until(() => on.running.has("a"), "the slow one runs");
  assert.equal(on.inFlight(), 3);
  const answers = answersSchema.parse(await (await batch("b")).json());
  assert.equal(failureOf(answers.find(({ id }) => id === "b")).code, "RATE_LIMITED");
  assert.equal(on.inFlight(), 3);
  on.as(BOB);
  assert.equal(await statusOf(await on.echo()), 200);
  on.as(ANN);
  on.release("a");
  await (await begun[0])?.text();
  assert.equal(on.inFlight(), 0);
  assert.equal(await statusOf(await on.echo()), 200);
});

Deno.test("calls in flight: the owner on this machine has no share of its own, but the total counts", async () => {
  await using on = limited({ max: 3, maxPerPrincipal: 1 });
  on.as(LOCAL_PRINCIPAL);
  const begun = [await on.begin("a"), await on.begin("b"), await on.begin("c")];
  assert.equal(await statusOf(await on.echo()), 503);
  const batch = await post(on.url, Array.from({ length: 4 }, (_, id) => call(id, "echo", { text: "" })));
  assert.deepEqual([batch.status, batch.headers.get("retry-after")], [503, null]);
  assert.match(JSON.stringify(await batch.json()), /3 calls at once, these are 4.*Send fewer/);
  for (const label of ["a", "b", "c"]) on.release(label);
  for (const each of begun) await answered(each);
});

Deno.test("calls in flight: what reads a resource needs a place too, and its refusal is the protocol's", async () => {
  using exports = createExports();
  const resources = createExportResources(exports, createCursors(new Uint8Array(32)), createLeases());
  await using on = limited({ max: 2, maxPerPrincipal: 1 }, { resources });
  const read = async (): Promise<[number | undefined, unknown]> => {
    const params = { uri: "telegram-export://none/manifest.json" };
    const sent = await answered(await post(on.url, { jsonrpc: "2.0", id: 1, method: "resources/read", params }));
    return [sent?.error?.code, errorSchema.parse(sent?.error?.data).code];
  };
  const free = await read();
  assert.notEqual(free[0], -32000);
  const first = await on.begin("a");
  assert.deepEqual(await read(), [-32000, "RATE_LIMITED"]);
  on.as(LOCAL_PRINCIPAL);
  const second = await on.begin("b");
  assert.deepEqual(await read(), [-32000, "OVERLOADED"]);
  for (const label of ["a", "b"]) on.release(label);
  for (const each of [first, second]) await answered(each);
  assert.deepEqual(await read(), free);
  assert.equal(on.inFlight(), 0);
});

Deno.test("calls in flight: whatever way a call ends, its place is free again", async () => {
  await using on = limited({ max: 1, maxPerPrincipal: 1 });
  const session = await open(on.url);
  const ways: readonly (() => Promise<unknown>)[] = [
    async () => await answered(await post(on.url, call(1, "fail", { unexpected: true }))),
    async () => await answered(await post(on.url, call(1, "nothing"))),
    async () => await answered(await post(on.url, call(1, "echo", { wrong: 1 }))),
    async () => await answered(await post(on.url, { ...call(1, "echo"), params: { name: 7 } })),
    async () => await statusOf(await post(on.url, call(1, "echo", { text: "" }), { accept: "text/html" })),
    async () => await statusOf(await post(on.url, call(1, "echo", { text: "" }), { accept: "application/json" })),
    async () => await statusOf(await post(on.url, call(1, "echo"), { "mcp-session-id": "none" })),
    async () => await statusOf(await post(on.url, call(1, "echo"), { "mcp-protocol-version": "1999-01-01" })),
    // The protocol library answers a call that wants a task itself.
    async () => await answered(await post(on.url, { ...call(1, "echo"), params: { name: "echo", task: { ttl: 9 } } })),
    async () => {
      const answer = await post(on.url, call("cancelled", "slow", { label: "cancelled" }), session);
      await until(() => on.running.has("cancelled"), "it runs");
      const params = { requestId: "cancelled" };
      await statusOf(await post(on.url, { jsonrpc: "2.0", method: "notifications/cancelled", params }, session));
      await answer.text();
    },
    async () => {
      const leave = new AbortController();
      const answer = await post(on.url, call(1, "slow", { label: "left" }), {}, leave.signal);
      await until(() => on.running.has("left"), "it runs");
      leave.abort();
      await assert.rejects(answer.text());
    },
  ];
  for (const [index, way] of ways.entries()) {
    await way();
    await until(() => on.inFlight() === 0, `the place is free after way ${index}`);
    const { message } = (await events(await post(on.url, call(1, "echo", { text: "ok" })))).at(-1) ?? {};
    assert.deepEqual(message?.result?.structuredContent, { text: "ok" }, `after way ${index}`);
  }
  assert.deepEqual(on.refused, []);
});

Deno.test("sessions: at its own cap a principal loses the one that it has not used for longest, and no one else any", async () => {
  await using on = limited({}, { maxSessionsPerPrincipal: 2 });
  const mine = [await open(on.url), await open(on.url)];
  on.as(BOB);
  const other = await open(on.url);
  on.as(ANN);
  assert.equal(await statusOf(await post(on.url, PING, mine[0])), 200);
  await open(on.url);
  assert.equal(on.sessions(), 3);
  assert.equal(await statusOf(await post(on.url, PING, mine[1])), 404);
  assert.equal(await statusOf(await post(on.url, PING, mine[0])), 200);
  on.as(BOB);
  assert.equal(await statusOf(await post(on.url, PING, other)), 200);
});

Deno.test("sessions: a principal whose own are all busy is refused with 429, others are not", async () => {
  await using on = limited({}, { maxSessionsPerPrincipal: 1 });
  const session = await open(on.url);
  const answer = await post(on.url, call(1, "slow", { label: "a" }), session);
  await until(() => on.running.has("a"), "it runs");
  const refused = await post(on.url, { jsonrpc: "2.0", id: 0, method: "initialize", params: initializing() });
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assert.equal(errorSchema.parse((await message(refused)).error?.data).code, "RATE_LIMITED");
  assert.deepEqual(on.refused, ["sessions_per_key"]);
  on.as(BOB);
  assert.match((await open(on.url))["mcp-session-id"] ?? "", /./);
  on.release("a");
  await answered(answer);
});

Deno.test("sessions: with the total reached whoever holds most gives way, never one who holds fewer", async () => {
  await using on = limited({}, { maxSessions: 4 });
  on.as(BOB);
  const other = await open(on.url);
  on.as(ANN);
  const mine = [await open(on.url), await open(on.url), await open(on.url)];
  // One more of hers costs her own, although the other's is the oldest.
  await open(on.url);
  assert.equal(await statusOf(await post(on.url, PING, mine[0])), 404);
  on.as(BOB);
  assert.equal(await statusOf(await post(on.url, PING, other)), 200);
  // One more of his costs hers again.
  await open(on.url);
  assert.equal(await statusOf(await post(on.url, PING, other)), 200);
  on.as(ANN);
  assert.equal(await statusOf(await post(on.url, PING, mine[1])), 404);
  assert.equal(await statusOf(await post(on.url, PING, mine[2])), 200);
  assert.equal(on.sessions(), 4);
  // Both hold two: a third of hers is hers to pay.
  await open(on.url);
  on.as(BOB);
  assert.equal(await statusOf(await post(on.url, PING, other)), 200);
});

Deno.test("sessions: one more that would make two hold as many is paid for by its own principal", async () => {
  await using on = limited({}, { maxSessions: 3 });
  on.as(BOB);
  const others = [await open(on.url), await open(on.url)];
  on.as(ANN);
  const mine = await open(on.url);
  await open(on.url);
  assert.equal(await statusOf(await post(on.url, PING, mine)), 404);
  on.as(BOB);
  for (const each of others) assert.equal(await statusOf(await post(on.url, PING, each)), 200);
});

Deno.test("sessions: when those that could give way are busy, nobody who holds fewer pays for it", async () => {
  await using on = limited({}, { maxSessions: 3 });
  on.as(BOB);
  const other = await open(on.url);
  on.as(ANN);
  const answers = await Promise.all(["a", "b"].map(async (label) => {
    const session = await open(on.url);
    return await post(on.url, call(1, "slow", { label }), session);
  }));
  await until(() => on.running.size === 2, "both run");
  const refused = await post(on.url, { jsonrpc: "2.0", id: 0, method: "initialize", params: initializing() });
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "5"]);
  await refused.text();
  assert.deepEqual(on.refused, ["sessions"]);
  on.as(BOB);
  assert.equal(await statusOf(await post(on.url, PING, other)), 200);
  for (const label of ["a", "b"]) on.release(label);
  for (const each of answers) await answered(each);
});

Deno.test("streams: a principal listens on so many, another one and the owner on this machine all the same", async () => {
  await using on = limited({}, { maxStreamsPerPrincipal: 2 });
  const leave = new AbortController();
  const streams: Response[] = [];
  const hear = async (): Promise<Response> => await listen(on.url, await open(on.url), leave.signal);
  for (let i = 0; i < 2; i++) streams.push(await hear());
  const refused = await hear();
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "5"]);
  const { error } = await message(refused);
  assert.equal(errorSchema.parse(error?.data).code, "RATE_LIMITED");
  assert.deepEqual(on.refused, ["streams_per_key"]);
  on.as(BOB);
  streams.push(await hear());
  on.as(LOCAL_PRINCIPAL);
  for (let i = 0; i < 3; i++) streams.push(await hear());
  assert.deepEqual(streams.map(({ status }) => status), [200, 200, 200, 200, 200, 200]);
  on.as(ANN);
  leave.abort();
  for (const each of streams) await assert.rejects(each.text());
  const stop = new AbortController();
  const session = await open(on.url);
  const limit = performance.now() + 5_000;
  let heard = await listen(on.url, session, stop.signal);
  while (heard.status === 429) {
    await heard.text();
    assert.ok(performance.now() < limit, "the ends of the streams were not noticed");
    heard = await listen(on.url, session, stop.signal);
  }
  assert.equal(heard.status, 200);
  stop.abort();
  await assert.rejects(heard.text());
});

function initializing(): Record<string, unknown> {
  return { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "0" } };
}
