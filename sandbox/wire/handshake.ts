/**
 * The key exchange: https://core.telegram.org/mtproto/auth_key.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { decryptIge, encryptIge } from "./aes_ige.ts";
import { ByteReader, bytes, int, long, WireError } from "./bytes.ts";
import { createKeyPair, generator, type KeyPair, prime } from "./diffie_hellman.ts";
import { type AuthKey, HOME_DC, keyId } from "./keys.ts";
import { decryptRsa, fingerprint } from "./rsa.ts";

const REQ_PQ = 0x60469778;
const REQ_PQ_MULTI = 0xbe7e8ef1;
const REQ_DH_PARAMS = 0xd712e4be;
const SET_CLIENT_DH_PARAMS = 0xf5045f1f;
const PQ_INNER_DATA = 0x83c95aec;
const PQ_INNER_DATA_DC = 0xa9f55f95;
const CLIENT_DH_INNER_DATA = 0x6643b654;
const RES_PQ = 0x05162463;
const SERVER_DH_PARAMS_OK = 0xd0e8075c;
const SERVER_DH_INNER_DATA = 0xb5890dba;
const DH_GEN_OK = 0x3bcbf734;
const DH_GEN_RETRY = 0x46dc1fb9;
const DH_GEN_FAIL = 0xa69dae02;

/** The documentation's own example, which takes a client no time to factor. */
const p = Buffer.from("494c553b", "hex");
const q = Buffer.from("53911073", "hex");
const pq = Buffer.from("17ed48941a08f981", "hex");

/** What the exchange needs from the data centre. */
export interface HandshakeOptions {
  /** Unix seconds. */
  readonly now: () => number;
  /** Whether a key of this id exists already, so that the client must choose anew. */
  readonly isTaken: (id: string) => boolean;
  /** The data centre of a key whose client does not say for which it is. */
  readonly dcId?: number;
  /** Takes the agreed key. */
  readonly agreed: (key: AuthKey) => void;
}

/** One connection's exchange: an unencrypted request in, the unencrypted answer out. Throws {@link WireError}. */
export type Handshake = (request: Buffer) => Buffer;

/** What is known of an exchange once the client has sent its secret. */
interface Inner {
  readonly newNonce: Buffer;
  readonly dcId: number | undefined;
}

/** An exchange that has not begun. */
export function createHandshake({ now, isTaken, dcId = HOME_DC, agreed }: HandshakeOptions): Handshake {
  let nonces = Buffer.alloc(0);
  let inner: Inner | undefined;
  let pair: KeyPair | undefined;

  function begin(nonce: Buffer): Buffer {
    nonces = Buffer.concat([nonce, randomBytes(16)]);
    return Buffer.concat([int(RES_PQ), nonces, bytes(pq), int(0x1cb5c415), int(1), long(fingerprint)]);
  }

  function offer(reader: ByteReader): Buffer {
    if (!reader.bytes().equals(p) || !reader.bytes().equals(q)) throw new WireError("wrong factors");
    if (reader.long() !== fingerprint) throw new WireError("unknown RSA key");
    inner = readInner(reader.bytes(), nonces);
    pair = createKeyPair();
    const answer = Buffer.concat([
      int(SERVER_DH_INNER_DATA),
      nonces,
      int(generator),
      bytes(prime),
      bytes(pair.gA),
      int(Math.floor(now())),
    ]);
    const { key, iv } = temporaryKey(inner.newNonce, nonces.subarray(16));
    const hashed = Buffer.concat([sha1(answer), answer]);
    const encrypted = encryptIge(Buffer.concat([hashed, randomBytes((16 - hashed.length % 16) % 16)]), key, iv);
    return Buffer.concat([int(SERVER_DH_PARAMS_OK), nonces, bytes(encrypted)]);
  }

  function finish(encrypted: Buffer): Buffer {
    if (inner === undefined || pair === undefined) throw new WireError("set_client_DH_params came too early");
    const { key, iv } = temporaryKey(inner.newNonce, nonces.subarray(16));
    const authKey = pair.agree(readClientHalf(decryptIge(whole(encrypted), key, iv), nonces));
    if (authKey === undefined) return verdict(DH_GEN_FAIL, 3, Buffer.alloc(0), inner.newNonce);
    const id = keyId(authKey);
    if (isTaken(id)) return verdict(DH_GEN_RETRY, 2, authKey, inner.newNonce);
    agreed({ id, key: authKey, dcId: inner.dcId ?? dcId, created: Math.floor(now()) });
    return verdict(DH_GEN_OK, 1, authKey, inner.newNonce);
  }

  function verdict(constructor: number, number: number, authKey: Buffer, newNonce: Buffer): Buffer {
    const hash = sha1(newNonce, Buffer.from([number]), sha1(authKey).subarray(0, 8)).subarray(4);
    return Buffer.concat([int(constructor), nonces, hash]);
  }

  return (request) => {
    const reader = new ByteReader(request);
    const constructor = reader.id();
    if (constructor === REQ_PQ || constructor === REQ_PQ_MULTI) return begin(reader.raw(16));
    if (!reader.raw(32).equals(nonces)) throw new WireError("wrong nonces");
    if (constructor === REQ_DH_PARAMS) return offer(reader);
    if (constructor === SET_CLIENT_DH_PARAMS) return finish(reader.bytes());
    throw new WireError("an unencrypted request that is not of the key exchange");
  };
}

/** Decrypts `p_q_inner_data`, from RSA_PAD or from the scheme before it, which Telethon 1 still uses. */
function readInner(encrypted: Buffer, nonces: Buffer): Inner {
  if (encrypted.length !== 256) throw new WireError("RSA data must be 256 bytes");
  const decrypted = decryptRsa(encrypted);
  const data = unpadRsa(decrypted) ?? unpadOldRsa(decrypted);
  const reader = new ByteReader(data);
  const constructor = reader.id();
  // The temporary forms (perfect forward secrecy) are not served.
  if (constructor !== PQ_INNER_DATA && constructor !== PQ_INNER_DATA_DC) throw new WireError("unknown inner data");
  for (const expected of [pq, p, q]) if (!reader.bytes().equals(expected)) throw new WireError("wrong inner factors");
  if (!reader.raw(32).equals(nonces)) throw new WireError("wrong inner nonces");
  const newNonce = reader.raw(32);
  return { newNonce, dcId: constructor === PQ_INNER_DATA ? undefined : Math.abs(reader.int()) % 10_000 };
}

function unpadRsa(decrypted: Buffer): Buffer | undefined {
  const encrypted = decrypted.subarray(32);
  const key = xor(decrypted.subarray(0, 32), sha256(encrypted));
  const plain = decryptIge(encrypted, key, Buffer.alloc(32));
  const data = Buffer.from(plain.subarray(0, 192)).reverse();
  return sha256(key, data).equals(plain.subarray(192)) ? data : undefined;
}

function unpadOldRsa(decrypted: Buffer): Buffer {
  const data = decrypted.subarray(21);
  const reader = new ByteReader(data);
  const constructor = reader.id();
  for (let i = 0; i < 3; i++) reader.bytes();
  reader.raw(constructor === PQ_INNER_DATA_DC ? 68 : 64);
  const content = data.subarray(0, reader.position);
  if (!sha1(content).equals(decrypted.subarray(1, 21))) throw new WireError("the RSA data cannot be decrypted");
  return content;
}

function readClientHalf(plain: Buffer, nonces: Buffer): Buffer {
  const reader = new ByteReader(plain.subarray(20));
  if (reader.id() !== CLIENT_DH_INNER_DATA) throw new WireError("unknown client data");
  if (!reader.raw(32).equals(nonces)) throw new WireError("wrong client nonces");
  reader.long();
  const gB = reader.bytes();
  const content = plain.subarray(20, 20 + reader.position);
  if (!sha1(content).equals(plain.subarray(0, 20))) throw new WireError("wrong hash of the client's data");
  return gB;
}

function temporaryKey(newNonce: Buffer, serverNonce: Buffer): { key: Buffer; iv: Buffer } {
  const newServer = sha1(newNonce, serverNonce);
  const serverNew = sha1(serverNonce, newNonce);
  return {
    key: Buffer.concat([newServer, serverNew.subarray(0, 12)]),
    iv: Buffer.concat([serverNew.subarray(12), sha1(newNonce, newNonce), newNonce.subarray(0, 4)]),
  };
}

function whole(encrypted: Buffer): Buffer {
  if (encrypted.length % 16 !== 0) throw new WireError("not whole blocks");
  return encrypted;
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
}

function sha1(...parts: Buffer[]): Buffer {
  return createHash("sha1").update(Buffer.concat(parts)).digest();
}

function sha256(...parts: Buffer[]): Buffer {
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}
