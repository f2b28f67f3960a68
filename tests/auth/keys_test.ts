import assert from "node:assert/strict";
import { join } from "node:path";
import { hashKey } from "../../src/auth/key.ts";
import { stateOf, toPrincipal } from "../../src/auth/key_row.ts";
import type { KeyStore } from "../../src/auth/keys.ts";
import { AppError } from "../../src/errors.ts";
import { at, openKeyHouse } from "./house.ts";

const wanted = (name: string, more = {}): Parameters<KeyStore["create"]>[0] => ({ name, scopes: ["read"], ...more });

const idOf = (keys: KeyStore, secret: string): string | undefined => keys.findByHash(hashKey(secret))?.id;

Deno.test("key store: what is created is found by its secret, its id and its name, with all that was said", () => {
  using house = openKeyHouse();
  const { keys } = house;
  const chats = [{ id: "-1001", title: "Team", username: "team", former: "-7" }, { id: "42" }];
  const { key, secret } = keys.create({
    name: "Team agent",
    scopes: ["read", "export"],
    chats,
    rate: { count: 60, seconds: 60 },
    expires: at(3600),
  });
  assert.match(key.id, /^k_[a-z2-7]{10}$/);
  assert.match(secret, /^tgk_/);
  assert.deepEqual(keys.findByHash(hashKey(secret)), key);
  for (const name of [key.id, "Team agent", "TEAM AGENT"]) assert.deepEqual(keys.find(name), key);
  assert.deepEqual(key, {
    id: key.id,
    accountId: "default",
    name: "Team agent",
    scopes: ["read", "export"],
    chats,
    rate: { count: 60, seconds: 60 },
    created: at(0),
    rotated: undefined,
    formerUntil: undefined,
    expires: at(3600),
    revoked: undefined,
    lastUsed: undefined,
    uses: 0,
  });
  assert.deepEqual(toPrincipal(key), {
    id: key.id,
    accountId: "default",
    name: "Team agent",
    scopes: ["read", "export"],
    chats: new Set(["-1001", "-7", "42"]),
    rate: { count: 60, seconds: 60 },
  });
});

Deno.test("key store: without chats a key sees all, with none of them it sees none", () => {
  using house = openKeyHouse();
  assert.equal("chats" in toPrincipal(house.keys.create(wanted("all")).key), false);
  const none = house.keys.create(wanted("none", { chats: [] })).key;
  assert.deepEqual(toPrincipal(none).chats, new Set());
});

Deno.test("key store: the secret is in no file of the database, its hash is", () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create(wanted("a"));
  const { secret: rotated } = house.keys.rotate(key.id, { graceSeconds: 60 });
  const bytes = ["", "-wal"].map((end) =>
    Deno.readFileSync(join(house.directory, `telegram-toolkit.sqlite${end}`)).toHex()
  ).join();
  for (const each of [secret, rotated]) {
    assert.ok(!bytes.includes(new TextEncoder().encode(each.slice(4, 24)).toHex()));
    assert.ok(bytes.includes(hashKey(each).toHex()));
  }
});

Deno.test("key store: a revoked key is refused at once, from other connections too, and stays listed", () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create(wanted("a"));
  house.later(5);
  assert.equal(house.beside().revoke(key.id), true);
  assert.equal(idOf(house.keys, secret), undefined);
  assert.equal(house.keys.findLive(key.id), undefined);
  assert.equal(house.keys.revoke(key.id), false);
  const [listed] = house.keys.list();
  assert.deepEqual([listed?.name, listed?.revoked], ["a", at(5)]);
  assert.equal(listed && stateOf(listed, house.now()), "revoked");
});

Deno.test("key store: a key is good until the moment it expires, not in it", () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create(wanted("a", { expires: at(10) }));
  house.later(9.999);
  assert.equal(idOf(house.keys, secret), key.id);
  assert.equal(stateOf(key, house.now()), "active");
  house.later(0.001);
  assert.equal(idOf(house.keys, secret), undefined);
  assert.equal(house.keys.findLive(key.id), undefined);
  assert.equal(stateOf(key, house.now()), "expired");
  assert.equal(house.keys.list().length, 1);
});

Deno.test("key store: a name is one key's while that may be used, whatever its capitals; then it is free", () => {
  using house = openKeyHouse();
  const { keys } = house;
  const first = keys.create(wanted("agent", { expires: at(10) })).key;
  assert.throws(
    () => keys.create(wanted("Agent")),
    (error) => error instanceof AppError && error.code === "INPUT_VALIDATION" && error.message.includes(first.id),
  );
  assert.equal(keys.list().length, 1);
  house.later(10);
  const second = keys.create(wanted("Agent")).key;
  assert.equal(keys.find("agent")?.id, second.id);
  keys.revoke(second.id);
  const third = keys.create(wanted("agent")).key;
  assert.equal(keys.find("agent")?.id, third.id);
  keys.revoke(third.id);
  assert.equal(keys.find("agent")?.id, third.id, "of those that are over the last one");
  assert.equal(keys.find(first.id)?.id, first.id);
  assert.equal(keys.find("nobody"), undefined);
});

Deno.test("key store: rotating gives another secret under the same id, and the former one is refused at once", () => {
  using house = openKeyHouse();
  const { keys } = house;
  const { key, secret } = keys.create(wanted("a", { expires: at(100) }));
  house.later(1);
  const rotated = keys.rotate(key.id);
  assert.deepEqual(rotated.key, { ...key, rotated: at(1) });
  assert.notEqual(rotated.secret, secret);
  assert.equal(idOf(keys, secret), undefined);
  assert.equal(idOf(keys, rotated.secret), key.id);
});

Deno.test("key store: with grace the former secret is good for so long; the one before it is not", () => {
  using house = openKeyHouse();
  const { keys } = house;
  const { key, secret: first } = keys.create(wanted("a", { expires: at(100) }));
  const { secret: second } = keys.rotate(key.id, { graceSeconds: 60 });
  house.later(59);
  assert.deepEqual([first, second].map((each) => idOf(keys, each)), [key.id, key.id]);
  const { secret: third } = keys.rotate(key.id, { graceSeconds: 60 });
  assert.deepEqual([first, second, third].map((each) => idOf(keys, each)), [undefined, key.id, key.id]);
  house.later(41);
  assert.deepEqual([second, third].map((each) => idOf(keys, each)), [undefined, undefined], "no longer than the key");
});

Deno.test("key store: rotating may set when the key expires; one that is over is not revived", () => {
  using house = openKeyHouse();
  const { keys } = house;
  const { key } = keys.create(wanted("a", { expires: at(10) }));
  const { secret } = keys.rotate(key.id, { expires: at(20) });
  house.later(15);
  assert.equal(idOf(keys, secret), key.id);
  house.later(5);
  const refused = (error: unknown): boolean => error instanceof AppError && /expired|revoked/.test(error.message);
  assert.throws(() => keys.rotate(key.id, { expires: at(1000) }), refused);
  const other = keys.create(wanted("b")).key;
  keys.revoke(other.id);
  assert.throws(() => keys.rotate(other.id), refused);
  assert.equal(keys.goodSecrets().length, 0);
});

Deno.test("key store: revoking ends the grace of a former secret too", () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create(wanted("a"));
  house.keys.rotate(key.id, { graceSeconds: 60 });
  house.keys.revoke(key.id);
  assert.equal(idOf(house.keys, secret), undefined);
  assert.deepEqual(house.keys.goodSecrets(), []);
});

Deno.test("key store: keys of another account are not found", () => {
  using house = openKeyHouse();
  const { key, secret } = house.keys.create(wanted("a"));
  const other = house.besideAs("another");
  assert.equal(idOf(other, secret), undefined);
  assert.equal(other.find(key.id), undefined);
  assert.equal(other.revoke(key.id), false);
  assert.deepEqual([other.list(), other.goodSecrets()], [[], []]);
});
