import assert from "node:assert/strict";
import bigInt from "big-integer";
import type { Methods } from "../../sandbox/rpc.ts";
import { createServer } from "../../sandbox/server.ts";
import { Api } from "../../sandbox/tl.ts";
import { createKeyStore, stringSession } from "../../sandbox/wire/keys.ts";
import { createTakeouts } from "../../sandbox/wire/takeouts.ts";
import { connectClient } from "./client.ts";
import { startSandbox } from "./unrecorded.ts";

const OWNER = 1000n;

Deno.test("takeouts: a delay counts from the first request, ends by itself, and is over at once when it is confirmed", () => {
  let now = 5000;
  const takeouts = createTakeouts(() => now);
  const asked = (): string | undefined => {
    try {
      takeouts.open(OWNER, []);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return undefined;
  };
  takeouts.delay(100);
  now += 1000;
  assert.equal(asked(), "TAKEOUT_INIT_DELAY_100");
  now += 39.5;
  assert.equal(asked(), "TAKEOUT_INIT_DELAY_61");
  now += 60.5;
  assert.equal(asked(), undefined);
  // The next one waits anew.
  assert.equal(asked(), "TAKEOUT_INIT_DELAY_100");
  takeouts.confirm();
  assert.equal(asked(), undefined);
  assert.deepEqual(takeouts.all.map(({ state }) => state), ["open", "open"]);
});

Deno.test("takeouts: each is its user's, and good until it is finished or invalidated", () => {
  const takeouts = createTakeouts(() => 0);
  const [one, two] = [takeouts.open(OWNER, ["files"]), takeouts.open(OWNER, [])];
  assert.ok(takeouts.isOpen(one, OWNER) && !takeouts.isOpen(one, 7n) && !takeouts.isOpen(5n, OWNER));
  takeouts.finish(one, false);
  assert.equal(takeouts.invalidate(), 1);
  assert.ok(!takeouts.isOpen(one, OWNER) && !takeouts.isOpen(two, OWNER));
  assert.deepEqual(takeouts.all, [
    { id: one.toString(), flags: ["files"], state: "finished", success: false },
    { id: two.toString(), flags: [], state: "invalidated" },
  ]);
});

Deno.test("takeouts: the journal tells the method within and the takeout that it came in, known or not", async () => {
  const keys = createKeyStore();
  const methods: Methods = { "help.GetSupportName": () => new Api.help.SupportName({ name: "sandbox" }) };
  await using server = createServer({ methods, keys });
  const session = stringSession(keys.owner(OWNER), "10.77.0.2", 443);
  await using gram = await connectClient(server.port, { session });
  const { id } = await gram.client.invoke(new Api.account.InitTakeoutSession({ contacts: true, messageChats: true }));
  const query = new Api.help.GetSupportName();
  await gram.client.invoke(new Api.InvokeWithTakeout({ takeoutId: id, query }));
  assert.deepEqual(server.takeouts.all.map(({ flags }) => flags), [["contacts", "messageChats"]]);
  const last = server.journal.entries.at(-1);
  assert.deepEqual([last?.method, last?.wrappers, last?.takeoutId], [
    "help.GetSupportName",
    ["InvokeWithTakeout"],
    id.toString(),
  ]);
  const strange = new Api.InvokeWithTakeout({ takeoutId: bigInt(-3), query });
  await assert.rejects(gram.client.invoke(strange), /TAKEOUT_INVALID/);
  assert.equal(server.journal.entries.at(-1)?.takeoutId, "-3");
  const nobodys = new Api.account.FinishTakeoutSession({ success: true });
  await assert.rejects(gram.client.invoke(nobodys), /TAKEOUT_REQUIRED/);
  server.takeouts.delay(60);
  await assert.rejects(gram.client.invoke(new Api.account.InitTakeoutSession({})), /TAKEOUT_INIT_DELAY_60/);
});

Deno.test("takeouts: they are controlled over HTTP", async () => {
  await using sandbox = await startSandbox();
  assert.deepEqual(await sandbox.control("GET", "/takeouts"), []);
  await sandbox.control("POST", "/takeouts/delay", { seconds: 5 });
  await sandbox.control("POST", "/takeouts/confirm");
  assert.deepEqual(await sandbox.control("POST", "/takeouts/invalidate"), { invalidated: 0 });
  await assert.rejects(sandbox.control("POST", "/takeouts/delay", { seconds: -1 }), /seconds/);
});
