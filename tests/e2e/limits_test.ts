/** The limits of the running product, each key's own and everybody's together. */
import assert from "node:assert/strict";
import { z } from "zod";
import { createKeyStore } from "../../src/auth/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import { call, events, INITIALIZE, listen, message, post } from "../mcp/raw.ts";
import { type FaultRule, startSandbox, type TestSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const NEWS = "-1002000000001";
const GROUP = "-1002000000003";
/** Longer than any test. */
const FOR_EVER = 600_000;
const HANGING: FaultRule = { method: "messages.getHistory", delayMs: FOR_EVER };

/** The headers of whoever asks. */
type Key = Readonly<Record<string, string>>;

interface Limited extends AsyncDisposable {
  readonly owner: Key;
  readonly ann: Key;
  readonly bob: Key;
  /** Its key says one request an hour. */
  readonly seldom: Key;
  readonly sandbox: TestSandbox;
  readonly url: string;
  /** Calls a tool over plain HTTP. */
  readonly tool: (key: Key, name: string, args?: unknown, signal?: AbortSignal) => Promise<Response>;
  readonly metric: (name: string) => Promise<number>;
}

/** The product with three keys, and the owner's. */
async function limited(variables: Readonly<Record<string, string>>): Promise<Limited> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const [ann = {}, bob = {}, seldom = {}] = makeKeys(sandbox.environment.DATA_DIR ?? "");
  const server = stack.use(await startServer({ ...sandbox.environment, MCP_AUTH: "keys", ...variables }));
  const { url } = server;
  const owner: Key = { authorization: `Bearer ${server.ownerKey}` };
  const resources = stack.move();
  const tool: Limited["tool"] = (key, name, args = {}, signal) =>
    fetch(`${url}/api/tools/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...key },
      body: JSON.stringify(args),
      ...(signal && { signal }),
    });
  return {
    owner,
    ann,
    bob,
    seldom,
    sandbox,
    url,
    tool,
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`, { headers: owner })).text();
      return Number(new RegExp(`^${RegExp.escape(name)} (\\d+)$`, "m").exec(text)?.[1] ?? NaN);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function makeKeys(directory: string): readonly Key[] {
  using db = openDataDirectory(directory);
  const keys = createKeyStore(db, LOCAL_PRINCIPAL.accountId);
  return [{ name: "ann" }, { name: "bob" }, { name: "seldom", rate: { count: 1, seconds: 3600 } }].map((wanted) => {
    const { secret } = keys.create({ scopes: ["read", "export"], ...wanted });
    return { authorization: `Bearer ${secret}` };
  });
}

const problemSchema = z.looseObject({ code: z.string(), retry_after: z.int().optional(), hint: z.string() });
const failureSchema = z.object({ isError: z.literal(true), content: z.tuple([z.object({ text: z.string() })]) });

/** Begins calls that do not end before they are told to. */
function hang(on: Limited, key: Key, count: number): {
  readonly statuses: readonly number[];
  readonly leave: () => Promise<void>;
} {
  const gone = new AbortController();
  const statuses: number[] = [];
  const all = Array.from({ length: count }, async () => {
    const answer = await on.tool(key, "fetch_history", { chat: NEWS }, gone.signal);
    statuses.push(answer.status);
    await answer.text();
  });
  const ended = Promise.allSettled(all);
  return {
    statuses,
    leave: async () => {
      gone.abort();
      await ended;
    },
  };
}

/** Waits until a condition holds, for longer than a busy machine takes. */
async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const limit = performance.now() + 30_000;
  while (!await condition()) {
    if (performance.now() > limit) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Opens a session and returns the headers of its requests. */
async function open(url: string, key: Key): Promise<Key> {
  const response = await post(url, INITIALIZE, key);
  await response.text();
  return { ...key, "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
}

async function statusOf(answer: Response): Promise<number> {
  await answer.text();
  return answer.status;
}

Deno.test("limits: of twenty slow calls of one key eight run, the others are told to wait, and another's goes through", async () => {
  await using on = await limited({});
  // The names are found before, so that all that is slow is the history.
  assert.equal(await statusOf(await on.tool(on.ann, "fetch_history", { chat: NEWS, limit: 1 })), 200);
  await on.sandbox.faults({ rules: [HANGING] });
  const { statuses, leave } = hang(on, on.ann, 20);
  await until(() => statuses.length >= 12, "twelve to be refused");
  assert.equal(await on.metric("calls_in_flight"), 8);
  assert.deepEqual(statuses, Array(12).fill(429));
  assert.equal(await on.metric('limit_refusals_total{limit="calls_per_key"}'), 12);
  const plain = await on.tool(on.ann, "list_exports");
  assert.deepEqual([plain.status, plain.headers.get("retry-after")], [429, "1"]);
  assert.equal(problemSchema.parse(await plain.json()).code, "RATE_LIMITED");
  const [sent] = await events(await post(on.url, call(1, "list_exports"), on.ann));
  const { content: [{ text }] } = failureSchema.parse(sent?.message?.result);
  const error = problemSchema.parse(JSON.parse(text).error);
  assert.deepEqual([error.code, error.retry_after], ["RATE_LIMITED", 1]);
  for (const other of [on.bob, on.owner]) assert.equal(await statusOf(await on.tool(other, "list_exports")), 200);
  await leave();
  await until(async () => await on.metric("calls_in_flight") === 0, "the calls to end");
  await on.sandbox.clearFaults();
  assert.equal(await statusOf(await on.tool(on.ann, "list_exports")), 200);
});

Deno.test("limits: beyond all calls that there may be both surfaces answer 503 with Retry-After, and serve again afterwards", async () => {
  await using on = await limited({ MAX_CALLS: "3" });
  assert.equal(await statusOf(await on.tool(on.ann, "fetch_history", { chat: NEWS, limit: 1 })), 200);
  await on.sandbox.faults({ rules: [HANGING] });
  const { leave } = hang(on, on.ann, 3);
  await until(async () => await on.metric("calls_in_flight") === 3, "three calls to run");
  const plain = await on.tool(on.bob, "list_exports");
  assert.deepEqual([plain.status, plain.headers.get("retry-after")], [503, "2"]);
  assert.equal(problemSchema.parse(await plain.json()).code, "OVERLOADED");
  const session = await open(on.url, on.bob);
  for (const headers of [on.bob, on.owner, session]) {
    const mcp = await post(on.url, call(1, "list_exports"), headers);
    assert.deepEqual([mcp.status, mcp.headers.get("retry-after")], [503, "2"]);
    assert.match(mcp.headers.get("content-type") ?? "", /^application\/json/);
    const { error } = await message(mcp);
    assert.equal(error?.code, -32000);
    assert.equal(problemSchema.parse(error?.data).code, "OVERLOADED");
  }
  assert.equal(await statusOf(await fetch(`${on.url}/health/live`)), 200);
  await leave();
  await until(async () => await on.metric("calls_in_flight") === 0, "the calls to end");
  assert.equal(await statusOf(await on.tool(on.owner, "list_exports")), 200);
  const [sent] = await events(await post(on.url, call(1, "list_exports"), session));
  assert.equal(sent?.message?.result?.isError, undefined);
});

Deno.test("limits: a batch costs as many requests as it holds, on the way to the same rate as all others", async () => {
  await using on = await limited({ RATE_LIMIT: "10/h" });
  const batch = (size: number): unknown => Array.from({ length: size }, (_, id) => call(id, "list_exports"));
  const first = await post(on.url, batch(8), on.ann);
  assert.equal(first.status, 200);
  assert.equal(first.headers.get("ratelimit-policy"), '"key";q=10;w=3600');
  assert.match(first.headers.get("ratelimit") ?? "", /^"key";r=2;t=\d+$/);
  assert.equal((await events(first)).filter(({ message }) => message?.result !== undefined).length, 8);
  const second = await post(on.url, batch(8), on.ann);
  assert.equal(second.status, 429);
  const { error, id } = await message(second);
  const told = problemSchema.parse(error?.data);
  assert.deepEqual([id, told.code, String(told.retry_after)], [
    null,
    "RATE_LIMITED",
    second.headers.get("retry-after"),
  ]);
  // Eight are needed and one is left.
  assert.ok(Number(told.retry_after) > 6 * 360 && Number(told.retry_after) <= 7 * 360, String(told.retry_after));
  const larger = await post(on.url, batch(11), on.ann);
  assert.deepEqual([larger.status, larger.headers.get("retry-after")], [429, null]);
  assert.match(JSON.stringify(await larger.json()), /11 calls.*10 calls or fewer/);
  const single = await post(on.url, call(1, "list_exports"), on.ann);
  assert.deepEqual([single.status, (await message(single)).error?.code], [429, -32000]);
  const plain = await on.tool(on.ann, "list_exports");
  assert.deepEqual([plain.status, plain.headers.get("content-type")], [429, "application/problem+json"]);
  assert.equal(String(problemSchema.parse(await plain.json()).retry_after), plain.headers.get("retry-after"));
  const other = await on.tool(on.bob, "list_exports");
  assert.equal(await statusOf(other), 200);
  assert.match(other.headers.get("ratelimit") ?? "", /^"key";r=9;/);
  for (let i = 0; i < 30; i++) assert.equal(await statusOf(await on.tool(on.owner, "list_exports")), 200);
  assert.equal(await statusOf(await fetch(`${on.url}/health/ready`, { headers: on.ann })), 200);
});

Deno.test("limits: a key that was made with a rate of its own has that", async () => {
  await using on = await limited({});
  const first = await on.tool(on.seldom, "list_exports");
  assert.deepEqual([await statusOf(first), first.headers.get("ratelimit")], [200, '"key";r=0;t=3600']);
  const second = await on.tool(on.seldom, "list_exports");
  assert.deepEqual([await statusOf(second), second.headers.get("ratelimit-policy")], [429, '"key";q=1;w=3600']);
  const other = await on.tool(on.ann, "list_exports");
  assert.deepEqual([await statusOf(other), other.headers.get("ratelimit-policy")], [200, '"key";q=600;w=60']);
});

Deno.test("limits: by address, where a trusted proxy tells it, also of those without a key", async () => {
  await using on = await limited({ RATE_LIMIT_IP: "3/h", TRUSTED_PROXIES: "127.0.0.1" });
  const from = (ip: string, headers: Key = {}): Promise<Response> =>
    fetch(`${on.url}/api/tools`, { headers: { "x-forwarded-for": ip, ...headers } });
  const wrong = { authorization: `Bearer ${"w".repeat(40)}` };
  const statuses: number[] = [];
  for (const headers of [on.ann, {}, wrong, on.ann, on.owner]) {
    statuses.push(await statusOf(await from("2001:db8::1", headers)));
  }
  assert.deepEqual(statuses, [200, 401, 401, 200, 429]);
  assert.equal(await statusOf(await from("2001:db8::2", on.ann)), 429);
  assert.equal(await statusOf(await from("2001:db8:0:1::2", on.ann)), 200);
  assert.equal(await on.metric('limit_refusals_total{limit="ip_rate"}'), 2);
});

Deno.test("limits: a key has so many sessions and listens on so many streams, and loses but its own", async () => {
  await using on = await limited({ MAX_SESSIONS_PER_KEY: "2", MAX_STREAMS_PER_KEY: "1" });
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
  const other = await open(on.url, on.bob);
  const mine = [];
  for (let i = 0; i < 3; i++) mine.push(await open(on.url, on.ann));
  const statuses: number[] = [];
  for (const session of [other, ...mine]) statuses.push(await statusOf(await post(on.url, ping, session)));
  assert.deepEqual(statuses, [200, 404, 200, 200]);
  const leave = new AbortController();
  const first = await listen(on.url, mine[1] ?? {}, leave.signal);
  const second = await listen(on.url, mine[2] ?? {});
  const third = await listen(on.url, other, leave.signal);
  assert.deepEqual([first.status, second.status, third.status], [200, 429, 200]);
  assert.equal(second.headers.get("retry-after"), "5");
  assert.equal(problemSchema.parse((await message(second)).error?.data).code, "RATE_LIMITED");
  leave.abort();
  for (const each of [first, third]) await assert.rejects(each.text());
});

Deno.test("limits: a key downloads so many media at once, and again once one is given up", async () => {
  await using on = await limited({ MAX_CALLS_PER_KEY: "1" });
  const { id } = await on.sandbox.append(GROUP, "A file.", {
    id: "5200000000000000001",
    mime: "application/pdf",
    size: 5_000_000,
    name: "a.pdf",
  });
  const told = await on.tool(on.ann, "get_media", { chat: GROUP, message: id, variant: "original" });
  const { url } = z.looseObject({ url: z.url() }).parse(await told.json());
  await on.sandbox.faults({ rules: [{ method: "upload.getFile", delayMs: FOR_EVER }] });
  const gone = new AbortController();
  const first = Promise.allSettled([fetch(url, { signal: gone.signal })]);
  await until(async () => await on.metric("downloads_in_flight") === 1, "the download to begin");
  const second = await fetch(url);
  assert.deepEqual([second.status, second.headers.get("retry-after")], [429, "1"]);
  assert.equal(problemSchema.parse(await second.json()).code, "RATE_LIMITED");
  // It holds no place among the calls.
  assert.equal(await statusOf(await on.tool(on.ann, "list_exports")), 200);
  gone.abort();
  await first;
  await until(async () => await on.metric("downloads_in_flight") === 0, "the download to end");
  await on.sandbox.clearFaults();
  const third = await fetch(url);
  assert.equal(third.status, 200);
  assert.equal((await third.arrayBuffer()).byteLength, 5_000_000);
  await until(async () => await on.metric("downloads_in_flight") === 0, "the download to end");
});
