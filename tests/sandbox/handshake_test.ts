import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, randomBytes } from "node:crypto";
import { createServer } from "../../sandbox/server.ts";
import { decryptIge, encryptIge } from "../../sandbox/wire/aes_ige.ts";
import { ByteReader, bytes, int, long, WireError } from "../../sandbox/wire/bytes.ts";
import { prime } from "../../sandbox/wire/diffie_hellman.ts";
import { createHandshake, type Handshake } from "../../sandbox/wire/handshake.ts";
import { type AuthKey, createKeyStore, keyId } from "../../sandbox/wire/keys.ts";
import { powerModulo, toBigInt, toBuffer } from "../../sandbox/wire/modular.ts";
import { fingerprint, publicKeyPem } from "../../sandbox/wire/rsa.ts";
import { connectClient } from "./client.ts";
import { Peer } from "./peer.ts";

const P = toBigInt(prime);
const N = toBigInt(Buffer.from(createPublicKey(publicKeyPem).export({ format: "jwk" }).n ?? "", "base64url"));

function encryptRsa(block: Buffer): Buffer {
  return toBuffer(powerModulo(toBigInt(block), 65_537n, N), 256);
}

function hash(name: "sha1" | "sha256", ...parts: Uint8Array[]): Buffer {
  return createHash(name).update(Buffer.concat(parts)).digest();
}

/** https://core.telegram.org/mtproto/auth_key#41-rsa-paddata-server-public-key */
function padRsa(data: Buffer): Buffer {
  const padded = Buffer.concat([data, randomBytes(192 - data.length)]);
  const key = randomBytes(32);
  const plain = Buffer.concat([Buffer.from(padded).reverse(), hash("sha256", key, padded)]);
  const encrypted = encryptIge(plain, key, Buffer.alloc(32));
  const digest = hash("sha256", encrypted);
  const block = Buffer.concat([key.map((byte, i) => byte ^ (digest[i] ?? 0)), encrypted]);
  // A block beyond the modulus cannot be encrypted: another key is drawn.
  return toBigInt(block) < N ? encryptRsa(block) : padRsa(data);
}

/** The scheme before RSA_PAD. */
function padOldRsa(data: Buffer): Buffer {
  return encryptRsa(Buffer.concat([Buffer.alloc(1), hash("sha1", data), data, randomBytes(235 - data.length)]));
}

interface Trial {
  readonly withDc: boolean;
  readonly pad?: (data: Buffer) => Buffer;
  /** Chooses `g ^ b` and the shared key from `g ^ a`. */
  readonly choose?: (gA: bigint) => { gB: bigint; shared: bigint };
  readonly legacy?: boolean;
}

/** The client's half of an exchange: the server's verdict and the shared key. */
function exchange(
  handshake: Handshake,
  { withDc, pad = padRsa, choose = leadingZero, legacy }: Trial,
): { verdict: Buffer; key: Buffer; newNonce: Buffer } {
  const nonce = randomBytes(16);
  const resPq = new ByteReader(handshake(Buffer.concat([int(legacy ? 0x60469778 : 0xbe7e8ef1), nonce])));
  assert.equal(resPq.id(), 0x05162463);
  assert.deepEqual(resPq.raw(16), nonce);
  const serverNonce = resPq.raw(16);
  const nonces = Buffer.concat([nonce, serverNonce]);
  const pq = resPq.bytes();
  assert.deepEqual(resPq.longs(), [fingerprint]);
  const [p, q] = [bytes(toBuffer(1229739323n, 4)), bytes(toBuffer(1402015859n, 4))];
  assert.equal(1229739323n * 1402015859n, toBigInt(pq));
  const newNonce = randomBytes(32);
  const dc = withDc ? int(2) : Buffer.alloc(0);
  const inner = Buffer.concat([int(withDc ? 0xa9f55f95 : 0x83c95aec), bytes(pq), p, q, nonces, newNonce, dc]);
  const request = [int(0xd712e4be), nonces, p, q, long(fingerprint), bytes(pad(inner))];
  const answer = new ByteReader(handshake(Buffer.concat(request)));
  assert.equal(answer.id(), 0xd0e8075c);
  assert.deepEqual(answer.raw(32), nonces);

  const serverNew = hash("sha1", serverNonce, newNonce);
  const key = Buffer.concat([hash("sha1", newNonce, serverNonce), serverNew.subarray(0, 12)]);
  const iv = Buffer.concat([serverNew.subarray(12), hash("sha1", newNonce, newNonce), newNonce.subarray(0, 4)]);
  const plain = decryptIge(answer.bytes(), key, iv);
  const reader = new ByteReader(plain.subarray(20));
  assert.equal(reader.id(), 0xb5890dba);
  assert.deepEqual(reader.raw(32), nonces);
  assert.equal(reader.int(), 3);
  assert.deepEqual(reader.bytes(), prime);
  const gA = toBigInt(reader.bytes());
  reader.int();
  assert.deepEqual(hash("sha1", plain.subarray(20, 20 + reader.position)), plain.subarray(0, 20));

  const { gB, shared } = choose(gA);
  const half = Buffer.concat([int(0x6643b654), nonces, long(0n), bytes(toBuffer(gB, 256))]);
  const hashed = Buffer.concat([hash("sha1", half), half]);
  const whole = Buffer.concat([hashed, randomBytes((16 - hashed.length % 16) % 16)]);
  const verdict = handshake(Buffer.concat([int(0xf5045f1f), nonces, bytes(encryptIge(whole, key, iv))]));
  return { verdict, key: toBuffer(shared, 256), newNonce };
}

/** Steps through secrets until the shared key begins with a zero byte, as one in 256 does. */
function leadingZero(gA: bigint): { gB: bigint; shared: bigint } {
  let [gB, shared] = [3n, gA];
  for (let b = 1; b < 3000 || shared >> 2040n !== 0n; b++) [gB, shared] = [gB * 3n % P, shared * gA % P];
  return { gB, shared };
}

function verdictOf(number: number, key: Buffer, newNonce: Buffer): Buffer {
  return hash("sha1", newNonce, Buffer.from([number]), hash("sha1", key).subarray(0, 8)).subarray(4);
}

function start(isTaken: (id: string) => boolean = () => false): { handshake: Handshake; agreed: AuthKey[] } {
  const agreed: AuthKey[] = [];
  return {
    handshake: createHandshake({ now: () => 1_700_000_000, isTaken, agreed: (key) => agreed.push(key) }),
    agreed,
  };
}

for (const withDc of [true, false]) {
  for (const pad of [padRsa, padOldRsa]) {
    const form = `${withDc ? "with" : "without"} a data centre, ${pad.name}`;
    Deno.test(`handshake: a shared key that begins with a zero has all 256 bytes (${form})`, () => {
      const { handshake, agreed } = start();
      const { verdict, key, newNonce } = exchange(handshake, { withDc, pad, legacy: pad === padOldRsa });
      assert.equal(verdict.readUInt32LE(), 0x3bcbf734);
      assert.deepEqual(verdict.subarray(36), verdictOf(1, key, newNonce));
      assert.equal(key[0], 0);
      assert.deepEqual(agreed.map(({ id }) => id), [keyId(key)]);
    });
  }
}

Deno.test("handshake: a key that exists already is refused by dh_gen_retry, and another is taken", () => {
  let taken = true;
  const { handshake, agreed } = start(() => taken);
  const { verdict, key, newNonce } = exchange(handshake, { withDc: true });
  assert.equal(verdict.readUInt32LE(), 0x46dc1fb9);
  assert.deepEqual(verdict.subarray(36), verdictOf(2, key, newNonce));
  assert.deepEqual(agreed, []);
  taken = false;
  assert.equal(exchange(handshake, { withDc: true }).verdict.readUInt32LE(), 0x3bcbf734);
});

for (const gB of [0n, 1n, P - 1n, 1n << 1900n]) {
  Deno.test(`handshake: an unsafe g^b of ${gB.toString(2).length} bits is refused by dh_gen_fail`, () => {
    const { handshake, agreed } = start();
    const { verdict } = exchange(handshake, { withDc: true, choose: () => ({ gB, shared: 1n }) });
    assert.equal(verdict.readUInt32LE(), 0xa69dae02);
    assert.deepEqual(agreed, []);
  });
}

Deno.test("handshake: steps out of order, strange nonces and undecryptable data are errors of the wire", () => {
  const step = (constructor: number, ...rest: Buffer[]): void => {
    const { handshake } = start();
    const nonces = handshake(Buffer.concat([int(0xbe7e8ef1), Buffer.alloc(16)])).subarray(4, 36);
    handshake(Buffer.concat([int(constructor), ...rest.length > 0 ? [nonces, ...rest] : [randomBytes(32)]]));
  };
  const [p, q] = [bytes(toBuffer(1229739323n, 4)), bytes(toBuffer(1402015859n, 4))];
  assert.throws(() => step(0xd712e4be), WireError);
  assert.throws(() => step(0xf5045f1f, bytes(Buffer.alloc(64))), WireError);
  assert.throws(() => step(0xd712e4be, q, p, long(fingerprint), bytes(Buffer.alloc(256))), WireError);
  assert.throws(() => step(0xd712e4be, p, q, long(1n), bytes(Buffer.alloc(256))), WireError);
  assert.throws(() => step(0xd712e4be, p, q, long(fingerprint), bytes(Buffer.alloc(256, 7))), WireError);
  assert.throws(() => step(0xd712e4be, p, q, long(fingerprint), bytes(Buffer.alloc(256, 255))), WireError);
  assert.throws(() => step(0xd712e4be, p, q, long(fingerprint), bytes(Buffer.alloc(100))), WireError);
});

Deno.test("handshake: GramJS comes through a refused key by beginning again", async () => {
  const keys = createKeyStore();
  let refused = 0;
  const stubborn = { ...keys, get: (id: string) => refused++ === 0 ? keys.owner(1n) : keys.get(id) };
  await using server = createServer({ methods: {}, keys: stubborn });
  await using _gram = await connectClient(server.port);
  assert.ok(refused > 1);
});

Deno.test("keys: they outlive the data centre, those of another process are found, destroyed ones are not", async () => {
  const directory = await Deno.makeTempDir();
  const store = createKeyStore({ directory });
  const peerKey = await (async () => {
    await using server = createServer({ methods: {}, keys: store });
    using peer = await Peer.connect(server.port);
    return await peer.authenticate();
  })();
  const other = createKeyStore({ directory });
  const owner = other.owner(1000n);
  const id = keyId(peerKey);
  assert.equal(store.get(owner.id)?.userId, 1000n);
  assert.equal(store.owner(1000n).id, owner.id);
  store.put({ id, key: peerKey, dcId: 2, userId: 5n, created: 1 });
  const reopened = createKeyStore({ directory });
  assert.equal(reopened.get(id)?.userId, 5n);
  assert.deepEqual(reopened.owner(1000n), owner);
  reopened.remove(id);
  assert.equal(reopened.get(id), undefined);
  assert.equal(createKeyStore({ directory }).get(id), undefined);
  const { mode } = await Deno.stat(`${directory}/keys.json`);
  assert.equal((mode ?? 0) & 0o777, 0o600);
  await Deno.remove(directory, { recursive: true });
});
