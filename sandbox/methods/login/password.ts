/**
 * Two-step verification: the owner's password, off until it is set.
 * @module
 */
import { randomBytes } from "node:crypto";
import { type Caller, type Method, RpcError } from "../../rpc.ts";
import { Api } from "../../tl.ts";
import type { World } from "../../world/mod.ts";
import { encode, type TlPlain } from "../encode.ts";
import { user as mapUser } from "../map_peer.ts";
import { method } from "../method.ts";
import { type Challenge, createVerifier, newAlgorithm, type Verifier } from "./srp.ts";

/** How many wrong passwords are taken, and for how many seconds none is after that. */
const TRIES = 5;
const BLOCKED = 60;

/** The password. */
export interface Password {
  /** account.getPassword and auth.checkPassword. */
  readonly methods: readonly (readonly [string, Method])[];
  /** Sets it, or removes it. */
  set(text: string | null, hint?: string): void;
  /**
   * The owner's `auth.authorization`, for a key that has shown a code or an accepted token, or is signed in.
   * @throws {RpcError} SESSION_PASSWORD_NEEDED: the key may now check the password
   */
  admit(caller: Caller): TlPlain;
}

/** No password. @param now Unix seconds of the wire */
export function createPassword(world: World, now: () => number): Password {
  let current: { readonly verifier: Verifier; readonly hint: string | undefined } | undefined;
  /** The keys that have nothing but the password to show. */
  const waiting = new Set<string>();
  /** The last question that each key was asked, and what password it is about. */
  const asked = new Map<string, { readonly challenge: Challenge; readonly about: Verifier }>();
  let wrong = 0;
  let blockedUntil = 0;

  function authorization(): TlPlain {
    const owner = world.users.get(String(world.ownerId));
    if (owner === undefined) throw new Error("a world without its owner");
    return { _: "auth.authorization", user: mapUser(world, owner, false) };
  }

  /** https://core.telegram.org/method/account.getPassword, answered before login too: it is the second step of it. */
  const getPassword = method(Api.account.GetPassword, (_, { keyId = "" }) => {
    const common = {
      _: "account.password",
      new_algo: newAlgorithm(),
      new_secure_algo: { _: "securePasswordKdfAlgoPBKDF2HMACSHA512iter100000", salt: randomBytes(8) },
      secure_random: randomBytes(256),
    };
    if (current === undefined) return encode(common);
    const { verifier, hint } = current;
    const challenge = verifier.challenge();
    asked.set(keyId, { challenge, about: verifier });
    return encode({
      ...common,
      has_password: true,
      current_algo: verifier.algorithm,
      srp_B: challenge.b,
      srp_id: challenge.id,
      hint,
    });
  });

  /**
   * https://core.telegram.org/method/auth.checkPassword; a question is good for one answer. Errors: AUTH_KEY_UNREGISTERED
   * before a code or a token, FLOOD_WAIT_X, PASSWORD_HASH_INVALID, SRP_ID_INVALID, SRP_PASSWORD_CHANGED.
   */
  const checkPassword = method(Api.auth.CheckPassword, ({ password }, { userId, keyId = "" }) => {
    if (userId === undefined && !waiting.has(keyId)) throw new RpcError(401, "AUTH_KEY_UNREGISTERED");
    const blocked = Math.ceil(blockedUntil - now());
    if (blocked > 0) throw new RpcError(420, `FLOOD_WAIT_${blocked}`);
    if (!(password instanceof Api.InputCheckPasswordSRP)) throw new RpcError(400, "PASSWORD_HASH_INVALID");
    const { challenge, about } = asked.get(keyId) ?? {};
    if (challenge?.id !== BigInt(password.srpId.toString())) throw new RpcError(400, "SRP_ID_INVALID");
    asked.delete(keyId);
    if (about !== current?.verifier) throw new RpcError(400, "SRP_PASSWORD_CHANGED");
    if (!challenge.isProvedBy(password.A, password.M1)) {
      wrong++;
      if (wrong % TRIES === 0) blockedUntil = now() + BLOCKED;
      throw new RpcError(400, "PASSWORD_HASH_INVALID");
    }
    wrong = 0;
    waiting.delete(keyId);
    return encode(authorization());
  });

  return {
    methods: [getPassword, checkPassword],
    set(text, hint): void {
      current = text === null ? undefined : { verifier: createVerifier(text), hint };
      wrong = 0;
      blockedUntil = 0;
    },
    admit({ keyId = "", userId }): TlPlain {
      if (current === undefined || userId !== undefined) return authorization();
      waiting.add(keyId);
      throw new RpcError(401, "SESSION_PASSWORD_NEEDED");
    },
  };
}
