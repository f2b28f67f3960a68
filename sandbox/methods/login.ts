/**
 * auth.sendCode and auth.signIn, as a test data centre has them: no code is sent anywhere, it follows from the phone number
 * (https://core.telegram.org/api/auth#test-accounts).
 * @module
 */
import { randomBytes } from "node:crypto";
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import type { World } from "../world/mod.ts";
import { encode } from "./encode.ts";
import { user as mapUser } from "./map_peer.ts";
import { method } from "./method.ts";

/** `99966XYYYY`: X is the data centre. */
const TEST_PHONE = /^99966([1-5])\d{4}$/;
/** Codes are asked for again rather than kept for ever. */
const KEPT = 100;

/** The two methods; they share which codes were asked for. */
export function login(world: World): readonly (readonly [string, Method])[] {
  const phones = new Map<string, string>();
  return [sendCode(phones), signIn(world, phones)];
}

/** https://core.telegram.org/method/auth.sendCode. Errors: API_ID_INVALID, PHONE_NUMBER_INVALID. */
function sendCode(phones: Map<string, string>): readonly [string, Method] {
  return method(Api.auth.SendCode, ({ phoneNumber, apiId, apiHash }) => {
    if (apiId <= 0 || !/^[0-9a-f]{32}$/.test(apiHash)) throw new RpcError(400, "API_ID_INVALID");
    const phone = digits(phoneNumber);
    const hash = randomBytes(9).toString("hex");
    if (phones.size >= KEPT) phones.clear();
    phones.set(hash, phone);
    return encode({
      _: "auth.sentCode",
      type: { _: "auth.sentCodeTypeApp", length: codeOf(phone).length },
      phone_code_hash: hash,
    });
  });
}

/**
 * https://core.telegram.org/method/auth.signIn; a number of nobody is answered `auth.authorizationSignUpRequired`.
 * Errors: PHONE_NUMBER_INVALID, PHONE_CODE_EMPTY, PHONE_CODE_EXPIRED, PHONE_CODE_INVALID.
 */
function signIn(world: World, phones: Map<string, string>): readonly [string, Method] {
  return method(Api.auth.SignIn, ({ phoneNumber, phoneCodeHash, phoneCode }) => {
    const phone = digits(phoneNumber);
    if (!phoneCode) throw new RpcError(400, "PHONE_CODE_EMPTY");
    if (phones.get(phoneCodeHash) !== phone) throw new RpcError(400, "PHONE_CODE_EXPIRED");
    if (phoneCode !== codeOf(phone)) throw new RpcError(400, "PHONE_CODE_INVALID");
    phones.delete(phoneCodeHash);
    // The world is the account of its owner; the others in it only write.
    const owner = world.users.get(String(world.ownerId));
    if (owner?.phone !== phone) return encode({ _: "auth.authorizationSignUpRequired" });
    return encode({ _: "auth.authorization", user: mapUser(world, owner, false) });
  });
}

function digits(phone: string): string {
  const digits = phone.replace(/[\s()+-]/g, "");
  if (!TEST_PHONE.test(digits)) throw new RpcError(406, "PHONE_NUMBER_INVALID");
  return digits;
}

/** The data centre of the number, five times. */
function codeOf(phone: string): string {
  return (TEST_PHONE.exec(phone)?.[1] ?? "").repeat(5);
}
