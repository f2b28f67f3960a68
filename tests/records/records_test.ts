/** The look at the whole suite sees what it is for. */
import assert from "node:assert/strict";
import { createWorld } from "../../sandbox/world/mod.ts";
import { RECORDS_VARIABLE } from "../../sandbox/record.ts";
import { startServer } from "../e2e/server.ts";
import { startSandbox } from "../e2e/sandbox.ts";
import { connectClient } from "../sandbox/client.ts";
import { startSandbox as startUnrecorded } from "../sandbox/unrecorded.ts";
import { noteProcess, readRecords, type Records, type Written } from "./folder.ts";
import { problemsOf } from "./judge.ts";
import { createSearch } from "./leaks.ts";

const WHOLE: Records = {
  methods: new Set(["InvokeWithLayer", "InitConnection", "messages.GetHistory", "PingDelayDisconnect", "auth.SignIn"]),
  written: [{ kind: "log", typed: [], text: "listening" }, { kind: "command", typed: ["whoami"], text: "nobody" }],
  texts: new Set(["written by a test"]),
};
const OWN = "a text of a test, written into the world";

/** Made once: the world has very many texts. */
const search = await createSearch([OWN]);

/** What of a world may be in no log: the thing, and a line with it. */
function samples(): [string, string][] {
  const world = createWorld();
  const texts = [...world.chats.keys()].flatMap((id) =>
    Array.from({ length: Math.min(20, world.messages(id).length) }, (_, index) => world.messages(id).at(index).text)
  );
  const long = texts.find((text) => text.length > 80) ?? "";
  const quoted = texts.find((text) => text.length > 12 && text.indexOf("\n") > 20) ?? "";
  const [chat] = world.chats.values();
  return [
    ["a message's text", long],
    ["a message's text", long.slice(0, 50)],
    ["a message's text", JSON.stringify({ text: quoted })],
    ["a message's text", OWN],
    ["a name", `chat ${chat?.title}: 3`],
    ["a name", "user Ann Lee has joined"],
    ["a name", "resolve hanako_t failed"],
    ["a name", "https://t.me/sandbox_small_42/7"],
    ["a name", '{"name":"Борис Иванов"}'],
    ["a phone number", "account 9996621000 is in use"],
    ["a phone number", "+15551234567"],
    ["a login code", "code=22222 was right"],
    ["a string session", `1${"Ab+/=_-9".repeat(44)}`],
    ["an api_hash", "0".repeat(32)],
    ["a key", `tgk_${"a".repeat(49)}`],
    ["a bearer token", "authorization: Bearer abcdefgh12345"],
    ["a signature", "/exports/1/f.json?expires=1&principal=local&signature=c2lnbmF0dXJl"],
    ["a media token", `/media/${"aB3_-".repeat(15)}`],
    ["a login token", "scan tg://login?token=abcDEF now"],
  ];
}

Deno.test("records: a whole suite that sent only what may be sent and logged nothing has no problem", async () => {
  assert.deepEqual(await problemsOf(WHOLE, { isWhole: true, search }), []);
});

Deno.test("records: a method of no class that may be sent is a problem, by itself and as what is around another", async () => {
  for (const method of ["messages.ReadHistory", "account.UpdateStatus", "unreadable", "InvokeAfterMsg", "Ping"]) {
    const methods = new Set([...WHOLE.methods, method]);
    assert.deepEqual(await problemsOf({ ...WHOLE, methods }, { isWhole: false, search }), [
      `${method} was sent, which no class allows`,
    ]);
  }
});

Deno.test("records: of a whole suite a kind of record that is missing is a problem, of a part of it not", async () => {
  const [log, command] = WHOLE.written;
  assert.ok(log !== undefined && command !== undefined);
  const nothing: Records = { methods: new Set(), written: [], texts: new Set() };
  const cases: readonly [Records, number][] = [
    [{ ...WHOLE, methods: new Set() }, 1],
    [{ ...WHOLE, written: [log] }, 1],
    [{ ...WHOLE, written: [command] }, 1],
    [{ ...WHOLE, texts: new Set() }, 1],
    [nothing, 4],
  ];
  for (const [records, count] of cases) {
    assert.equal((await problemsOf(records, { isWhole: true, search })).length, count);
    assert.deepEqual(await problemsOf(records, { isWhole: false, search }), []);
  }
});

Deno.test("records: each kind of text, name and secret is found in a log and in what a command writes", () => {
  for (const kind of ["log", "command"] as const) {
    for (const [what, text] of samples()) {
      assert.ok(text.length > 0);
      const found = search({ kind, typed: ["serve"], text: `before\n2025-06-01 INFO x: ${text} behind\nafter` });
      assert.ok(found.some((leak) => leak.what === what), `${what} in ${text}: ${JSON.stringify(found)}`);
    }
  }
});

Deno.test("records: what a person typed may be repeated to that person, and in no log", () => {
  const typed = ["export", "Ann Lee", "--phone", "9996621000"];
  const text = "No chat is called Ann Lee, and no account 9996621000.";
  assert.deepEqual(search({ kind: "command", typed, text }), []);
  assert.equal(search({ kind: "command", typed: ["export"], text }).length, 2);
  assert.equal(search({ kind: "log", typed, text }).length, 2);
});

Deno.test("records: answers of a command name chats and people, a log does not", () => {
  const text = [
    '  734201334 user "Ann Lee" @annlee',
    'chats        -1002000000001 "Sandbox News" @sandbox_news',
    "Signed in as Olga Owner (@sandbox_owner, id 1000).",
    "tg://login?token=abcDEF",
  ].join("\n");
  assert.deepEqual(search({ kind: "command", typed: [], text }), []);
  assert.equal(search({ kind: "log", typed: [], text }).length, 6);
});

Deno.test("records: the product's own words, ids, ports and redacted secrets are no finds", () => {
  const text = [
    '{"message":"listening","url":"http://127.0.0.1:22222","id":"-1002000000001"}',
    'The session is in use by "serve", process 22222, since 2025-06-01T00:00:00.000Z.',
    "A test data centre on port 33333 stands in for Telegram.",
    "Bearer [redacted], signature=[redacted], /media/[redacted], ms=1748736000123",
  ].join("\n");
  assert.deepEqual(search({ kind: "log", typed: [], text }), []);
});

/** Runs with a folder of its own for the records. */
async function recording(work: () => Promise<void>): Promise<Records> {
  const folder = await Deno.makeTempDir();
  const before = Deno.env.get(RECORDS_VARIABLE);
  Deno.env.set(RECORDS_VARIABLE, folder);
  try {
    await work();
    return await readRecords(folder);
  } finally {
    if (before === undefined) Deno.env.delete(RECORDS_VARIABLE);
    else Deno.env.set(RECORDS_VARIABLE, before);
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("records: a sandbox writes what the product sent, also what a test has it forget, and what tests wrote", async () => {
  const { methods, texts } = await recording(async () => {
    await using sandbox = await startSandbox();
    await using server = await startServer(sandbox.environment);
    await sandbox.append("-1002000000006", OWN);
    await server.call("fetch_history", { chat: "@sandbox_news", limit: 1 });
    await sandbox.forgetMethods();
  });
  for (const name of ["messages.GetHistory", "InvokeWithLayer", "InitConnection"]) assert.ok(methods.has(name), name);
  assert.deepEqual([...texts], [OWN]);
});

Deno.test("records: what other clients send is not the product's", async () => {
  const { methods } = await recording(async () => {
    await using sandbox = await startUnrecorded();
    await using other = await connectClient(sandbox.port);
    await assert.rejects(other.client.getMe().then((me) => assert.ok(me)));
  });
  assert.deepEqual([...methods], []);
});

Deno.test("records: of a process its words are kept, and what it has written", async () => {
  const written: Written = { kind: "command", typed: ["whoami", "secret\n"], text: "two\nlines" };
  const records = await recording(() => {
    noteProcess(written);
    noteProcess({ ...written, text: "" });
    return Promise.resolve();
  });
  assert.deepEqual(records.written, [written]);
});
