import assert from "node:assert/strict";
import bigInt from "big-integer";
import type { Caller, Methods } from "../../sandbox/rpc.ts";
import { RpcError } from "../../sandbox/rpc.ts";
import { createServer } from "../../sandbox/server.ts";
import { Api } from "../../sandbox/tl.ts";
import { createKeyStore, stringSession } from "../../sandbox/wire/keys.ts";
import { connectClient } from "./client.ts";

const OWNER = 1000n;
const state = new Api.updates.GetState();
const name = new Api.help.SupportName({ name: "sandbox" });

function ownerSession(keys: ReturnType<typeof createKeyStore>): string {
  return stringSession(keys.owner(OWNER), "10.77.0.2", 443);
}

Deno.test("rpc: before login only what signing in takes is answered", async () => {
  await using server = createServer({ methods: { "account.GetPassword": () => name } });
  await using gram = await connectClient(server.port);
  assert.equal((await gram.client.invoke(new Api.help.GetNearestDc())).className, "NearestDc");
  assert.equal((await gram.client.invoke(new Api.account.GetPassword())).className, "help.SupportName");
  await assert.rejects(gram.client.invoke(state), /AUTH_KEY_UNREGISTERED/);
  await assert.rejects(gram.client.invoke(new Api.messages.GetDialogFilters()), /AUTH_KEY_UNREGISTERED/);
});

Deno.test("rpc: the owner's session is signed in from the first request on", async () => {
  const keys = createKeyStore();
  let caller: Caller | undefined;
  const methods: Methods = {
    "account.GetAuthorizations"(_, by): Api.help.SupportName {
      caller = by;
      return name;
    },
  };
  await using server = createServer({ methods, keys });
  await using gram = await connectClient(server.port, { session: ownerSession(keys) });
  assert.equal((await gram.client.invoke(state)).className, "updates.State");
  await gram.client.invoke(new Api.account.GetAuthorizations());
  assert.equal(caller?.userId, OWNER);
  assert.equal(caller?.dcId, 2);
  assert.equal(server.journal.counts["account.GetAuthorizations"], 1);
});

Deno.test("rpc: signing in by a method of the world signs its key in, and logging out ends that", async () => {
  const user = new Api.User({ id: bigInt(1000), self: true });
  await using server = createServer({ methods: { "auth.SignIn": () => new Api.auth.Authorization({ user }) } });
  await using gram = await connectClient(server.port);
  await gram.client.invoke(new Api.auth.SignIn({ phoneNumber: "1", phoneCodeHash: "x", phoneCode: "1" }));
  assert.equal((await gram.client.invoke(state)).className, "updates.State");
  await gram.client.invoke(new Api.auth.LogOut());
  await assert.rejects(gram.client.invoke(state), /AUTH_KEY_UNREGISTERED/);
});

Deno.test("rpc: an authorization exported to another data centre is imported there once", async () => {
  const keys = createKeyStore();
  await using server = createServer({ methods: {}, keys });
  await using gram = await connectClient(server.port, { session: ownerSession(keys) });
  await using other = await connectClient(server.port);
  const { id, bytes } = await gram.client.invoke(new Api.auth.ExportAuthorization({ dcId: 4 }));
  const importing = new Api.auth.ImportAuthorization({ id, bytes });
  await other.client.invoke(importing);
  assert.equal((await other.client.invoke(state)).className, "updates.State");
  await assert.rejects(other.client.invoke(importing), /AUTH_BYTES_INVALID/);
});

Deno.test("rpc: a takeout session carries requests until it is finished", async () => {
  const keys = createKeyStore();
  const seen: unknown[] = [];
  const methods: Methods = {
    "account.GetAuthorizations"(_, { takeoutId }): Api.help.SupportName {
      seen.push(takeoutId);
      return name;
    },
  };
  await using server = createServer({ methods, keys });
  await using gram = await connectClient(server.port, { session: ownerSession(keys) });
  const { id: takeoutId } = await gram.client.invoke(new Api.account.InitTakeoutSession({}));
  const within = (query: Api.AnyRequest): Promise<unknown> =>
    gram.client.invoke(new Api.InvokeWithTakeout({ takeoutId, query }));
  await within(new Api.account.GetAuthorizations());
  assert.deepEqual(seen, [BigInt(takeoutId.toString())]);
  assert.deepEqual(server.journal.entries.at(-1)?.wrappers, ["InvokeWithTakeout"]);
  assert.equal(await within(new Api.account.FinishTakeoutSession({ success: true })), true);
  await assert.rejects(within(new Api.account.GetAuthorizations()), /TAKEOUT_INVALID/);
});

Deno.test("rpc: a method that is not there, one that fails and another layer are told apart", async () => {
  const keys = createKeyStore();
  const reported: unknown[] = [];
  const methods: Methods = {
    "account.GetAuthorizations"(): never {
      throw new TypeError("a defect");
    },
    "account.GetWebAuthorizations"(): never {
      throw new RpcError(420, "FLOOD_WAIT_3");
    },
  };
  await using server = createServer({ methods, keys, report: (error) => reported.push(error) });
  await using gram = await connectClient(server.port, { session: ownerSession(keys) });
  const missing = new Api.messages.GetDialogFilters();
  await assert.rejects(gram.client.invoke(missing), /METHOD_NOT_IMPLEMENTED_IN_SANDBOX_MESSAGES_GET_DIALOG_FILTERS/);
  await assert.rejects(gram.client.invoke(new Api.account.GetAuthorizations()), /INTERNAL/);
  assert.equal(reported.length, 1);
  await assert.rejects(gram.client.invoke(new Api.account.GetWebAuthorizations()), { seconds: 3 });
  const old = new Api.InvokeWithLayer({ layer: 170, query: new Api.help.GetConfig() });
  await assert.rejects(gram.client.invoke(old), /CONNECTION_LAYER_INVALID/);
});

Deno.test("rpc: a client whose connection is cut comes back by itself", async () => {
  const keys = createKeyStore();
  await using server = createServer({ methods: {}, keys });
  await using gram = await connectClient(server.port, { session: ownerSession(keys), retries: Infinity });
  assert.equal(server.closeConnections(), 1);
  assert.equal((await gram.client.invoke(state)).className, "updates.State");
  assert.equal(server.connections.total, 2);
});
