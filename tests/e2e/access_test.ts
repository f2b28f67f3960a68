import assert from "node:assert/strict";
import { createKeyStore } from "../../src/auth/keys.ts";
import { databasePath, openDatabase } from "../../src/storage/open.ts";
import type { Scope } from "../../src/model/principal.ts";
import { routeTable } from "../pins/surface.ts";
import { startSandbox } from "./sandbox.ts";
import { startServer } from "./server.ts";

const CONFIGURED = "a key that the configuration names".replaceAll(" ", "-");

interface Locked extends AsyncDisposable {
  readonly url: string;
  /** The status that a route answers. */
  ask(path: string, init?: RequestInit & { readonly key?: string | undefined }): Promise<Response>;
  /** A key with these scopes. */
  key(...scopes: Scope[]): string;
}

async function startLocked(environment: Readonly<Record<string, string>> = {}): Promise<Locked> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const variables: Readonly<Record<string, string>> = {
    ...sandbox.environment,
    MCP_AUTH: "keys",
    MCP_API_KEY: CONFIGURED,
    ...environment,
  };
  const server = stack.use(await startServer(variables));
  const db = stack.use(openDatabase(databasePath(variables.DATA_DIR ?? assert.fail())));
  const keys = createKeyStore(db, "default");
  let count = 0;
  const resources = stack.move();
  return {
    url: server.url,
    ask: (path, { key, headers, ...init } = {}) =>
      fetch(`${server.url}${path}`, {
        ...init,
        headers: { ...Object(headers), ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      }),
    key: (...scopes) => keys.create({ name: `key ${++count}`, scopes }).secret,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

/** What a route is asked with: its pattern filled, its first method, and nothing that would make it answer well. */
function asks(): { readonly path: string; readonly access: string; readonly init: RequestInit }[] {
  return routeTable().map(({ path, methods: [method], access }) => ({
    path: path.replaceAll(/:\w+\+?/g, "x"),
    access,
    init: { method, ...(method === "POST" && { body: "{}", headers: { "content-type": "application/json" } }) },
  }));
}

/** Routes that answer everybody, and say little. */
const OPEN = ["/", "/health", "/health/live", "/health/ready"];
/** Routes that ask for the caller themselves, since a signed link, or being on this machine, will do. */
const THEMSELVES = ["/exports/x/x", "/media/x", "/metrics"];

Deno.test("routes: without a key nothing is answered but what is open to all", async () => {
  await using on = await startLocked();
  for (const { path, init } of asks()) {
    // A proxy has passed it on.
    const status = await statusOf(on.ask(path, { ...init, headers: { ...Object(init.headers), via: "1.1 proxy" } }));
    const expected = OPEN.includes(path) ? [200, 503] : path === "/media/x" ? [404] : [401];
    assert.ok(expected.includes(status), `${path}: ${status}`);
  }
});

Deno.test("routes: the table says which are open, and every other one takes the configured key", async () => {
  await using on = await startLocked();
  const open = asks().filter(({ access }) => access === "open").map(({ path }) => path);
  assert.deepEqual(open.toSorted(), [...OPEN, ...THEMSELVES].toSorted());
  for (const { path, access, init } of asks()) {
    const status = await statusOf(on.ask(path, { ...init, key: CONFIGURED }));
    if (access === "admin") assert.equal(status, 403, path);
    else assert.ok(status !== 401 && status !== 403, `${path}: ${status}`);
    assert.equal(await statusOf(on.ask(path, { ...init, key: `${CONFIGURED}!` })), 401, path);
  }
});

Deno.test("scopes: a key sees and calls the tools of its scopes, and no other", async () => {
  await using on = await startLocked();
  const cases: [Scope[], string[], string[]][] = [
    [["read"], ["fetch_history", "get_media"], ["start_export", "list_exports"]],
    [["export"], ["start_export", "cancel_export"], ["fetch_history", "resolve_chat"]],
    [["metrics"], [], ["fetch_history", "start_export"]],
  ];
  for (const [scopes, has, lacks] of cases) {
    const key = on.key(...scopes);
    const { tools } = await (await on.ask("/api/tools", { key })).json();
    const names: string[] = tools.map(({ name }: { readonly name: string }) => name);
    for (const name of has) assert.ok(names.includes(name), `${scopes}: ${name}`);
    for (const name of lacks) assert.ok(!names.includes(name), `${scopes}: ${name}`);
    const call = (name: string): Promise<number> =>
      statusOf(on.ask(`/api/tools/${name}`, {
        key,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ nonsense: 7 }),
      }));
    for (const name of has) assert.equal(await call(name), 400, `${scopes}: ${name}`);
    for (const name of lacks) assert.notEqual(await call(name), 400, `${scopes}: ${name}`);
  }
});

Deno.test("/health: how it is for everybody, why only for those with a key", async () => {
  await using on = await startLocked();
  assert.deepEqual(Object.keys(await (await on.ask("/health")).json()), ["status"]);
  const whole = await (await on.ask("/health", { key: on.key("read") })).json();
  assert.equal(whole.components.storage.state, "ok");
  assert.deepEqual(Object.keys(await (await on.ask("/health/ready")).json()), ["ready"]);
  assert.deepEqual(await (await on.ask("/health/live")).json(), { status: "ok" });
  assert.doesNotMatch(await (await on.ask("/")).text(), /telegram (ready|connecting)|storage/);
  assert.match(await (await on.ask("/", { key: on.key("read") })).text(), /storage ok/);
});

Deno.test("/metrics: by scope, or from this machine itself and not through a proxy", async () => {
  await using on = await startLocked();
  const proxied = { "x-forwarded-for": "127.0.0.1" };
  assert.match(await (await on.ask("/metrics")).text(), /^# HELP /);
  assert.equal(await statusOf(on.ask("/metrics", { headers: proxied })), 401);
  assert.equal(await statusOf(on.ask("/metrics", { headers: proxied, key: on.key("read") })), 403);
  assert.equal(await statusOf(on.ask("/metrics", { headers: proxied, key: on.key("metrics") })), 200);
});

for (
  const [name, value] of [["PUBLIC_URL", "https://telegram.example.org"], ["TRUSTED_PROXIES", "192.0.2.1"]] as const
) {
  Deno.test(`/metrics: with ${name} by scope alone, since a proxy may not say that it is one`, async () => {
    await using on = await startLocked({ [name]: value });
    assert.equal(await statusOf(on.ask("/metrics")), 401);
    assert.equal(await statusOf(on.ask("/metrics", { key: on.key("read") })), 403);
    assert.equal(await statusOf(on.ask("/metrics", { key: on.key("metrics") })), 200);
  });
}

Deno.test("exports and media: a key without the scope is refused, and so is a link of one that was taken back", async () => {
  await using on = await startLocked();
  assert.equal(await statusOf(on.ask("/exports/x/x", { key: on.key("read") })), 403);
  assert.equal(await statusOf(on.ask("/exports/x/x", { key: on.key("export") })), 404);
});
