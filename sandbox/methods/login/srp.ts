/**
 * The server's half of Telegram's secure remote password: https://core.telegram.org/api/srp.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, pbkdf2Sync, randomBytes } from "node:crypto";
import { generator, prime } from "../../wire/diffie_hellman.ts";
import { powerModulo, toBigInt, toBuffer } from "../../wire/modular.ts";
import type { TlPlain } from "../encode.ts";

const SIZE = prime.length;
const P = toBigInt(prime);
const G = toBuffer(BigInt(generator), SIZE);
const K = toBigInt(sha256(prime, G));

/** What is kept of a password. */
export interface Verifier {
  /** How clients hash it, a `PasswordKdfAlgo`. */
  readonly algorithm: TlPlain;
  /** A new question for a client that claims to know it. */
  challenge(): Challenge;
}

/** A question that is asked once. */
export interface Challenge {
  /** `srp_id`, a signed 64-bit number. */
  readonly id: bigint;
  /** `srp_B`, 256 bytes. */
  readonly b: Buffer;
  /** Whether the `A` and `M1` of a client were made with the password. */
  isProvedBy(a: Uint8Array, m1: Uint8Array): boolean;
}

/** The hashing of a password to come: fresh salts, Telegram's own prime. */
export function newAlgorithm(salt1: Buffer = randomBytes(8), salt2: Buffer = randomBytes(16)): TlPlain {
  const _ = "passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow";
  return { _, salt1, salt2, g: generator, p: prime };
}

/** Hashes a password. */
export function createVerifier(password: string): Verifier {
  const [salt1, salt2] = [randomBytes(8), randomBytes(16)];
  const first = salted(salted(Buffer.from(password), salt1), salt2);
  const x = salted(pbkdf2Sync(first, salt1, 100_000, 64, "sha512"), salt2);
  const v = powerModulo(BigInt(generator), toBigInt(x), P);
  return {
    algorithm: newAlgorithm(salt1, salt2),
    challenge(): Challenge {
      const secret = toBigInt(randomBytes(SIZE));
      const b = toBuffer((K * v + powerModulo(BigInt(generator), secret, P)) % P, SIZE);
      return {
        id: randomBytes(8).readBigInt64LE(),
        b,
        isProvedBy(a, m1): boolean {
          const value = toBigInt(a);
          // Zero would make the shared secret zero, whatever the password.
          if (value % P === 0n || value >= P) return false;
          const padded = toBuffer(value, SIZE);
          const u = toBigInt(sha256(padded, b));
          const shared = powerModulo(value * powerModulo(v, u, P) % P, secret, P);
          const proof = sha256(
            xor(sha256(prime), sha256(G)),
            sha256(salt1),
            sha256(salt2),
            padded,
            b,
            sha256(toBuffer(shared, SIZE)),
          );
          return proof.equals(m1);
        },
      };
    },
  };
}

function salted(data: Buffer, salt: Buffer): Buffer {
  return sha256(salt, data, salt);
}

function sha256(...parts: readonly Buffer[]): Buffer {
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}
