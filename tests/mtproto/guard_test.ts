import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { createConnection } from "../../src/mtproto/connection.ts";
import { Api, bigInt, openWire, type TlRequest } from "../../src/mtproto/gram.ts";
import { assertAllowed, classify, methodOf } from "../../src/mtproto/guard.ts";
import { guarded } from "../../src/mtproto/invoke.ts";
import { startRelay } from "./relay.ts";
import {
  assertSilence,
  connect,
  eventually,
  getFolders,
  getHistory,
  getSelf,
  rejection,
  startTelegram,
} from "./telegram.ts";

const READ = [
  "channels.GetForumTopics",
  "channels.GetForumTopicsByID",
  "channels.GetFullChannel",
  "channels.GetMessages",
  "channels.GetParticipants",
  "contacts.ResolveUsername",
  "messages.CheckChatInvite",
  "messages.GetChats",
  "messages.GetDialogFilters",
  "messages.GetDialogs",
  "messages.GetDiscussionMessage",
  "messages.GetFullChat",
  "messages.GetHistory",
  "messages.GetMessages",
  "messages.GetPeerDialogs",
  "messages.GetReplies",
  "messages.Search",
  "messages.SearchGlobal",
  "upload.GetFile",
  "users.GetFullUser",
  "users.GetUsers",
];
const SESSION = [
  "MsgsAck",
  "MsgsStateInfo",
  "PingDelayDisconnect",
  "ReqDHParams",
  "ReqPqMulti",
  "SetClientDHParams",
  "auth.ExportAuthorization",
  "auth.ImportAuthorization",
  "help.GetConfig",
];
const LOGIN = [
  "account.GetPassword",
  "auth.CancelCode",
  "auth.CheckPassword",
  "auth.ExportLoginToken",
  "auth.ImportLoginToken",
  "auth.LogOut",
  "auth.ResendCode",
  "auth.SendCode",
  "auth.SignIn",
];
const TAKEOUT = ["account.FinishTakeoutSession", "account.InitTakeoutSession"];
/** Both ends of this list are in a request of their own: `InvokeWithLayer` around `InitConnection` around the request. */
const KNOWN_ENVELOPES = ["InitConnection", "InvokeWithLayer", "InvokeWithTakeout", "InvokeWithoutUpdates"];

type RequestClass = new (args: Record<string, unknown>) => TlRequest<unknown> & { readonly query?: unknown };

/** Every request class of the schema by name, its namespaces walked. */
function requestClasses(): Map<string, RequestClass> {
  const found = new Map<string, RequestClass>();
  const isRequest = (value: unknown): value is RequestClass =>
    typeof value === "function" && Reflect.get(value, "classType") === "request";
  const walk = (space: object): void => {
    for (const value of Object.values(space)) {
      if (isRequest(value)) found.set(String(Reflect.get(value, "className")), value);
      else if (typeof value === "object" && value !== null) walk(value);
    }
  };
  walk(Api);
  return found;
}

const classes = requestClasses();
const envelopes = [...classes].filter(([, Type]) => "query" in new Type({ id: [], query: getSelf() }));
const refusedNames = [...classes.keys()].filter((name) => ["login", "envelope", "refused"].includes(classify(name)));
/** What is made in one place only, and goes on a way of its own. */
const ownedNames = [...SESSION.filter((name) => classes.has(name)), ...TAKEOUT];
const make = (name: string): TlRequest<unknown> => {
  const Type = classes.get(name);
  assert.ok(Type !== undefined, name);
  return new Type({ id: [] });
};

Deno.test.afterEach(assertSilence);

Deno.test("guard: of all methods of the schema exactly the listed ones may be sent", () => {
  assert.ok(classes.size > 650, `${classes.size} classes`);
  const of = (kind: string): string[] => [...classes.keys()].filter((name) => classify(name) === kind).sort();
  assert.deepEqual(of("read"), READ);
  // The other two are constructors in the schema.
  assert.deepEqual(of("session"), SESSION.filter((name) => !name.startsWith("Msgs")));
  assert.deepEqual(of("login"), LOGIN);
  assert.deepEqual(of("takeout"), TAKEOUT);
  assert.deepEqual(SESSION.map(classify), SESSION.map(() => "session"));
  for (const name of ["", "messages.getHistory", "MESSAGES.GETHISTORY", "GetHistory", "__proto__", "constructor"]) {
    assert.equal(classify(name), "refused", name);
  }
});

Deno.test("guard: every refused method is refused inside every envelope, and every unknown envelope whatever it holds", () => {
  assert.ok(envelopes.length >= 7, envelopes.map(([name]) => name).join());
  for (const [name, Envelope] of envelopes) {
    const isKnown = KNOWN_ENVELOPES.includes(name);
    for (const query of refusedNames) {
      assert.throws(() => assertAllowed(new Envelope({ query: make(query) }), ["read", "session"]), {
        code: "INTERNAL",
      });
    }
    const read = new Envelope({ query: getSelf() });
    if (isKnown) assertAllowed(read, ["read"]);
    else assert.throws(() => assertAllowed(read, ["read", "session"]), { code: "INTERNAL" }, name);
    // An envelope in an envelope, around something that writes.
    for (const [, Outer] of envelopes) {
      const nested = new Outer({ query: new Envelope({ query: make("messages.SendMessage") }) });
      assert.throws(() => assertAllowed(nested, ["read", "session"]), { code: "INTERNAL" });
    }
    for (const query of [undefined, null, 1, "messages.GetHistory", {}, { className: 1 }]) {
      assert.throws(() => assertAllowed(new Envelope({ query }), ["read", "session"]), { code: "INTERNAL" });
    }
  }
  const greeting = new Api.InvokeWithLayer({
    layer: 1,
    query: new Api.InvokeWithTakeout({ takeoutId: bigInt(1), query: getHistory() }),
  });
  assert.equal(methodOf(greeting), "messages.GetHistory");
});

Deno.test("guard: no byte of a refused method leaves, neither through the seam nor through the bare connection", async () => {
  await using telegram = await startTelegram();
  await using relay = startRelay(telegram.sandbox.port);
  await using connection = connect(relay.port, { session: telegram.session });
  await connection.until("ready");
  await connection.call(getFolders());
  const seam = guarded(connection.call);
  await telegram.faults();
  const before = relay.sent;
  for (const name of refusedNames) {
    await rejection(seam(make(name)), "INTERNAL");
    await rejection(connection.call(make(name)), "INTERNAL");
  }
  for (const name of ownedNames) await rejection(seam(make(name)), "INTERNAL");
  for (const [, Envelope] of envelopes) {
    const sneaky = new Envelope({ query: make("messages.SendMessage"), msgId: bigInt(1), takeoutId: bigInt(1) });
    await rejection(seam(sneaky), "INTERNAL");
    await rejection(connection.call(sneaky), "INTERNAL");
  }
  assert.equal(relay.sent, before);
  await seam(getFolders());
  assert.deepEqual(await telegram.received(), { "messages.GetDialogFilters": 1 });
  // Refused requests must not linger: a lost connection fails what is under way.
  relay.cut();
  await eventually(() => connection.statuses.some(({ state }) => state === "reconnecting") || undefined, "the loss");
});

Deno.test("guard: GramJS's own messages pass it too, and it stops them", async () => {
  await using telegram = await startTelegram();
  const seen: string[] = [];
  const stopped = new Set<string>();
  const open = async (): ReturnType<typeof openWire> =>
    await openWire({
      host: "127.0.0.1",
      port: telegram.sandbox.port,
      dcId: 2,
      authKey: telegram.session.authKey,
      guard: ({ className }) => {
        seen.push(className);
        if (stopped.has(className)) throw new Error("stopped");
      },
      onProblem: () => {},
      signal: new AbortController().signal,
    });
  const wire = await open();
  await wire.send(getFolders()).answer;
  await wire.send(getFolders()).answer;
  assert.deepEqual([...new Set(seen)].sort(), ["MsgsAck", "messages.GetDialogFilters"]);
  stopped.add("messages.GetDialogFilters");
  assert.throws(() => wire.send(getFolders()), /stopped/);
  await wire.close();
});

Deno.test("guard: after a busy session with faults the data centre has received nothing but listed methods", async () => {
  await using telegram = await startTelegram();
  await using relay = startRelay(telegram.sandbox.port);
  await telegram.faults({
    containers: 3,
    rules: [
      { method: "messages.getHistory", every: 3, error: { code: 420, message: "FLOOD_WAIT_3" } },
      { method: "messages.getDialogFilters", every: 4, error: { code: 500, message: "INTERNAL" } },
      { method: "users.getUsers", after: 5, every: 7, lose: true },
    ],
  });
  await using connection = connect(relay.port, {
    session: telegram.session,
    requestTimeout: 300,
    sleep: (ms, signal) => setTimeout(ms === 30_000 ? 5 : 10_000, undefined, { signal }),
  });
  await connection.until("ready");
  for (let round = 0; round < 3; round++) {
    await Promise.allSettled(
      [getHistory(), getSelf(), getFolders(), getHistory(), getSelf()].map((request) =>
        connection.call<unknown>(request)
      ),
    );
    if (round === 1) relay.cut();
  }
  const received = await telegram.received();
  for (const method of Object.keys(received)) assert.ok([...READ, ...SESSION].includes(method), method);
  for (const method of ["messages.GetHistory", "PingDelayDisconnect"]) assert.ok((received[method] ?? 0) > 0, method);
});

Deno.test("createConnection: without a session nothing is dialled, and calls answer SESSION_INVALID at once", async () => {
  await using relay = startRelay(undefined);
  const connection = createConnection({
    apiId: 1,
    appVersion: "test",
    requestTimeout: 60_000,
    testDc: { host: "127.0.0.1", port: relay.port },
    findSession: () => Promise.resolve(undefined),
  });
  await rejection(connection.call(getSelf()), "SESSION_INVALID");
  assert.equal(connection.status().state, "needs_login");
  await connection[Symbol.asyncDispose]();
  assert.equal(connection.status().state, "stopped");
  await rejection(connection.call(getSelf()), "CONNECTION");
  assert.equal(relay.accepted, 0);
});
