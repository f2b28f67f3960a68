import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { generateKey } from "../../src/auth/key.ts";
import { type KeyStore } from "../../src/auth/keys.ts";
import { createPrincipals, type OpenPrincipals } from "../../src/auth/principals.ts";
import { AppError } from "../../src/errors.ts";
import { LOCAL_PRINCIPAL } from "../../src/model/principal.ts";
import { until } from "../cli/command.ts";
import { at, type KeyHouse, openKeyHouse } from "./house.ts";

/** Principals that look when they are told to. */
interface Stepped extends AsyncDisposable {
  readonly principals: OpenPrincipals;
  /** Looks so often. */
  look(times?: number): Promise<void>;
  readonly problems: unknown[];
}

function step(house: KeyHouse, keys: KeyStore = house.keys): Stepped {
  let due = Promise.withResolvers<void>();
  let looking = Promise.withResolvers<void>();
  const problems: unknown[] = [];
  const principals = createPrincipals({
    keys,
    localKey: "of this machine",
    configuredKey: "of the configuration",
    now: house.now,
    onProblem: (problem) => problems.push(problem),
    sleep: async (seconds, signal) => {
      assert.ok(seconds <= 0.25, "a change is noticed within 250 ms");
      looking.resolve();
      due = Promise.withResolvers();
      signal.addEventListener("abort", () => due.reject(signal.reason), { once: true });
      await due.promise;
    },
  });
  return {
    principals,
    problems,
    look: async (times = 1) => {
      for (let i = 0; i < times; i++) {
        looking = Promise.withResolvers();
        due.resolve();
        await looking.promise;
      }
    },
    [Symbol.asyncDispose]: () => principals[Symbol.asyncDispose](),
  };
}

const isGone = (signal: AbortSignal): boolean =>
  signal.aborted && signal.reason instanceof AppError && signal.reason.code === "AUTH_REQUIRED";

Deno.test("principals: a created key, the configured one and the one of this machine are told apart; others are nobody's", async () => {
  using house = openKeyHouse();
  await using stepped = step(house);
  const { principals } = stepped;
  const { key, secret } = house.beside().create({ name: "a", scopes: ["export"], chats: [{ id: "42" }] });
  assert.deepEqual(principals.authenticate(secret), {
    id: key.id,
    accountId: "default",
    name: "a",
    scopes: ["export"],
    chats: new Set(["42"]),
  });
  assert.deepEqual(principals.authenticate("of this machine"), LOCAL_PRINCIPAL);
  const configured = principals.authenticate("of the configuration");
  assert.deepEqual([configured?.id, configured?.scopes], ["configured", ["read", "export", "metrics"]]);
  for (const text of ["", "of this machine ", key.id, generateKey(), secret.slice(0, -1), `${secret}0`]) {
    assert.equal(principals.authenticate(text), undefined, text);
  }
  assert.deepEqual([secret.slice(0, -1), secret, "other"].map(principals.isMistyped), [true, false, false]);
  assert.deepEqual([key.id, "local", "configured", "k_aaaaaaaaaa"].map((id) => principals.find(id)?.id), [
    key.id,
    "local",
    "configured",
    undefined,
  ]);
});

Deno.test("principals: without a store or a configured key nobody but this machine has one", async () => {
  await using principals = createPrincipals({ localKey: "of this machine" });
  assert.equal(principals.authenticate(generateKey()), undefined);
  assert.equal(principals.find("configured"), undefined);
  assert.equal(principals.authenticate("of this machine")?.id, "local");
  assert.equal(isGone(principals.revoked("k_aaaaaaaaaa")), true);
  assert.equal(principals.revoked("local").aborted, false);
});

Deno.test("principals: a key that another connection revokes is refused at once, and what it began ends with the next look", async () => {
  using house = openKeyHouse();
  const [a, b] = ["a", "b"].map((name) => house.keys.create({ name, scopes: ["read"] }));
  assert.ok(a && b);
  await using stepped = step(house);
  const { principals, look } = stepped;
  const [ofId, ofKey, other] = [
    principals.revoked(a.key.id),
    principals.revoked(a.key.id, a.secret),
    principals.revoked(b.key.id, b.secret),
  ];
  assert.equal(principals.revoked(a.key.id), ofId, "one signal for all that a key begins");
  await look();
  assert.deepEqual([ofId, ofKey, other].map((signal) => signal.aborted), [false, false, false]);
  house.beside().revoke(a.key.id);
  assert.equal(principals.authenticate(a.secret), undefined);
  assert.equal(principals.find(a.key.id), undefined);
  assert.equal(isGone(principals.revoked(a.key.id)), true);
  assert.equal(isGone(principals.revoked(a.key.id, a.secret)), true);
  await look();
  assert.deepEqual([ofId, ofKey].map(isGone), [true, true]);
  assert.equal(other.aborted, false);
  assert.equal(principals.authenticate(b.secret)?.id, b.key.id);
});

Deno.test("principals: what a key began ends with the look after it has expired", async () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create({ name: "a", scopes: ["read"], expires: at(10) });
  await using stepped = step(house);
  const signals = [stepped.principals.revoked(key.id), stepped.principals.revoked(key.id, secret)];
  house.later(9.999);
  await stepped.look();
  assert.deepEqual(signals.map((signal) => signal.aborted), [false, false]);
  house.later(0.001);
  assert.equal(stepped.principals.authenticate(secret), undefined);
  await stepped.look();
  assert.deepEqual(signals.map(isGone), [true, true]);
});

Deno.test("principals: rotating ends what the former secret began, and nothing else of that key", async () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create({ name: "a", scopes: ["read"] });
  await using stepped = step(house);
  const { principals, look } = stepped;
  const [jobs, former] = [principals.revoked(key.id), principals.revoked(key.id, secret)];
  const { secret: next } = house.beside().rotate(key.id);
  const latter = principals.revoked(key.id, next);
  await look();
  assert.equal(isGone(former), true);
  assert.deepEqual([jobs, latter].map((signal) => signal.aborted), [false, false], "exports of the key go on");
  house.beside().revoke(key.id);
  await look();
  assert.deepEqual([jobs, latter].map(isGone), [true, true]);
});

Deno.test("principals: with grace, what the former secret began ends when the grace does", async () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create({ name: "a", scopes: ["read"] });
  await using stepped = step(house);
  const { principals, look } = stepped;
  const former = principals.revoked(key.id, secret);
  const { secret: next } = house.beside().rotate(key.id, { graceSeconds: 60 });
  const latter = principals.revoked(key.id, next);
  await look();
  house.later(59);
  await look();
  assert.equal(former.aborted, false);
  assert.equal(principals.authenticate(secret)?.id, key.id);
  house.later(1);
  assert.equal(principals.authenticate(secret), undefined);
  await look();
  assert.deepEqual([isGone(former), latter.aborted], [true, false]);
});

Deno.test("principals: what came and went between two looks ends what it began too", async () => {
  using house = openKeyHouse();
  await using stepped = step(house);
  const { principals, look } = stepped;
  const beside = house.beside();
  const short = beside.create({ name: "short", scopes: ["read"] });
  const begun = [principals.revoked(short.key.id), principals.revoked(short.key.id, short.secret)];
  beside.revoke(short.key.id);
  const { key } = beside.create({ name: "twice", scopes: ["read"] });
  const { secret } = beside.rotate(key.id);
  const between = principals.revoked(key.id, secret);
  const jobs = principals.revoked(key.id);
  const latter = principals.revoked(key.id, beside.rotate(key.id).secret);
  assert.deepEqual([...begun, between, jobs, latter].map(({ aborted }) => aborted), Array(5).fill(false));
  await look();
  assert.deepEqual([...begun, between, jobs, latter].map(isGone), [true, true, true, false, false]);
});

Deno.test("principals: a secret of one key does not keep another one's id alive", async () => {
  using house = openKeyHouse();
  const [a, b] = ["a", "b"].map((name) => house.keys.create({ name, scopes: ["read"] }));
  assert.ok(a && b);
  await using stepped = step(house);
  assert.equal(isGone(stepped.principals.revoked(a.key.id, b.secret)), true);
});

Deno.test("principals: uses are counted without a write, and written every five seconds and at the end", async () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create({ name: "a", scopes: ["read"] });
  const seen = house.beside();
  const stepped = step(house);
  const used = (): unknown[] => [seen.find(key.id)?.uses, seen.find(key.id)?.lastUsed];
  const before = seen.changes();
  for (let i = 0; i < 3; i++) stepped.principals.authenticate(secret);
  house.later(2);
  stepped.principals.authenticate(secret);
  assert.equal(seen.changes(), before, "a request writes nothing");
  await stepped.look(19);
  assert.deepEqual(used(), [0, undefined]);
  await stepped.look();
  assert.deepEqual(used(), [4, at(2)]);
  await stepped.look(40);
  stepped.principals.authenticate(secret);
  assert.deepEqual(used(), [4, at(2)]);
  await stepped[Symbol.asyncDispose]();
  assert.deepEqual(used(), [5, at(2)]);
  assert.deepEqual(stepped.problems, []);
});

Deno.test("principals: what cannot be written or read is told of, kept and tried again", async () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create({ name: "a", scopes: ["read"] });
  let isBroken = false;
  const failing = <T>(work: () => T): T => {
    if (isBroken) throw new Error("the disk is full");
    return work();
  };
  const keys: KeyStore = {
    ...house.keys,
    addUses: (uses) => failing(() => house.keys.addUses(uses)),
    goodSecrets: () => failing(() => house.keys.goodSecrets()),
  };
  await using stepped = step(house, keys);
  const signal = stepped.principals.revoked(key.id);
  stepped.principals.authenticate(secret);
  isBroken = true;
  house.beside().revoke(key.id);
  await stepped.look(20);
  assert.equal(stepped.problems.length, 21);
  assert.equal(signal.aborted, false);
  isBroken = false;
  await stepped.look(20);
  assert.equal(isGone(signal), true);
  assert.equal(house.keys.find(key.id)?.uses, 1);
  assert.equal(stepped.problems.length, 21);
});

Deno.test("principals: a key that another process revokes is refused, and its signal aborts, by the real clock", async () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create({ name: "a", scopes: ["read"] });
  await using principals = createPrincipals({ keys: house.keys });
  const signal = principals.revoked(key.id, secret);
  assert.equal(principals.authenticate(secret)?.id, key.id);
  const script = fileURLToPath(new URL("./revoke.ts", import.meta.url));
  const args = ["run", "-A", "--no-check", script, house.directory, key.id];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.equal(principals.authenticate(secret), undefined);
  await until(() => isGone(signal), "the revoked key's signal aborts");
});
