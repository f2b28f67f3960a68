/**
 * Signing in by phone, as a test data centre has it: no code is sent anywhere, it follows from the phone number
 * (https://core.telegram.org/api/auth#test-accounts).
 * @module
 */
import { randomBytes } from "node:crypto";
import { checkApplication } from "../../application.ts";
import { type Caller, type Method, RpcError } from "../../rpc.ts";
import { Api } from "../../tl.ts";
import { AWAY_DC, HOME_DC } from "../../wire/keys.ts";
import type { World } from "../../world/mod.ts";
import { encode, type TlPlain } from "../encode.ts";
import { method } from "../method.ts";
import type { Password } from "./password.ts";

/** `99966XYYYY`: X is the data centre. */
const TEST_PHONE = /^99966([1-5])\d{4}$/;
/** A number that Telegram has banned. */
export const BANNED_PHONE = "9996629999";
/** How long a code is good, in seconds. */
const LIFETIME = 300;
/** How many wrong codes are taken before the right one is no longer. */
const TRIES = 5;
/** Seconds that a client gives a code to come before it offers the next way. */
const PATIENCE = 60;
/** Codes are asked for again rather than kept for ever. */
const KEPT = 100;

/** The ways a code comes, in the order that auth.resendCode goes through them. */
const WAYS = [
  { sent: "auth.sentCodeTypeApp", next: "auth.codeTypeSms" },
  { sent: "auth.sentCodeTypeSms", next: "auth.codeTypeCall" },
  { sent: "auth.sentCodeTypeCall", next: undefined },
];

/** A code that was sent. */
interface Code {
  readonly phone: string;
  /** Which of {@link WAYS}. */
  readonly way: number;
  /** Unix seconds. */
  readonly expires: number;
  readonly wrong: number;
}

/** What signing in by phone takes. */
export interface PhoneOptions {
  readonly world: World;
  readonly password: Password;
  /** Unix seconds of the wire. */
  readonly now: () => number;
}

/** auth.sendCode, auth.resendCode, auth.cancelCode and auth.signIn; they share which codes were sent. */
export function phoneMethods({ world, password, now }: PhoneOptions): readonly (readonly [string, Method])[] {
  const codes = new Map<string, Code>();

  function send(phone: string, way: number): Uint8Array {
    const { sent, next } = WAYS[way] ?? {};
    if (sent === undefined) throw new RpcError(406, "SEND_CODE_UNAVAILABLE");
    const hash = randomBytes(9).toString("hex");
    if (codes.size >= KEPT) codes.clear();
    codes.set(hash, { phone, way, expires: now() + LIFETIME, wrong: 0 });
    return encode({
      _: "auth.sentCode",
      type: { _: sent, length: codeOf(phone).length },
      phone_code_hash: hash,
      ...next !== undefined && { next_type: { _: next }, timeout: PATIENCE },
    });
  }

  function sentCode(hash: string, phone: string): Code {
    const code = codes.get(hash);
    if (code?.phone !== phone || code.expires <= now()) throw new RpcError(400, "PHONE_CODE_EXPIRED");
    return code;
  }

  /** https://core.telegram.org/method/auth.sendCode. Errors: API_ID_INVALID, PHONE_NUMBER_BANNED and those of a number. */
  const sendCode = method(Api.auth.SendCode, ({ phoneNumber, apiId, apiHash }, caller) => {
    checkApplication(apiId, apiHash);
    const phone = phoneOf(phoneNumber, caller);
    if (phone === BANNED_PHONE) throw new RpcError(400, "PHONE_NUMBER_BANNED");
    return send(phone, 0);
  });

  /**
   * https://core.telegram.org/method/auth.resendCode: the code goes out by the next way, under a new hash that ends the old.
   * Errors: PHONE_CODE_EXPIRED, SEND_CODE_UNAVAILABLE after the last way, and those of a number.
   */
  const resendCode = method(Api.auth.ResendCode, ({ phoneNumber, phoneCodeHash }, caller) => {
    const phone = phoneOf(phoneNumber, caller);
    const { way } = sentCode(phoneCodeHash, phone);
    const answer = send(phone, way + 1);
    codes.delete(phoneCodeHash);
    return answer;
  });

  /** https://core.telegram.org/method/auth.cancelCode. Errors: PHONE_CODE_EXPIRED and those of a number. */
  const cancelCode = method(Api.auth.CancelCode, ({ phoneNumber, phoneCodeHash }, caller) => {
    sentCode(phoneCodeHash, phoneOf(phoneNumber, caller));
    codes.delete(phoneCodeHash);
    return encode({ _: "boolTrue" });
  });

  /**
   * https://core.telegram.org/method/auth.signIn; a number of nobody is answered `auth.authorizationSignUpRequired`. The code
   * stays good while the password is missing. Errors: PHONE_CODE_EMPTY, PHONE_CODE_EXPIRED, PHONE_CODE_INVALID,
   * SESSION_PASSWORD_NEEDED and those of a number.
   */
  const signIn = method(Api.auth.SignIn, ({ phoneNumber, phoneCodeHash, phoneCode }, caller) => {
    const phone = phoneOf(phoneNumber, caller);
    if (!phoneCode) throw new RpcError(400, "PHONE_CODE_EMPTY");
    const code = sentCode(phoneCodeHash, phone);
    if (code.wrong >= TRIES) throw new RpcError(400, "PHONE_CODE_EXPIRED");
    if (phoneCode !== codeOf(phone)) {
      codes.set(phoneCodeHash, { ...code, wrong: code.wrong + 1 });
      throw new RpcError(400, "PHONE_CODE_INVALID");
    }
    const answer = authorization(phone, caller);
    codes.delete(phoneCodeHash);
    return encode(answer);
  });

  /** The world is the account of its owner; the others in it only write. */
  function authorization(phone: string, caller: Caller): TlPlain {
    const owner = world.users.get(String(world.ownerId));
    return owner?.phone === phone ? password.admit(caller) : { _: "auth.authorizationSignUpRequired" };
  }

  return [sendCode, resendCode, cancelCode, signIn];
}

/**
 * The number's digits.
 * @throws {RpcError} PHONE_NUMBER_INVALID; PHONE_MIGRATE_2 away from home, https://core.telegram.org/api/datacenter#user-migration
 */
function phoneOf(written: string, { dcId }: Caller): string {
  const digits = written.replace(/[\s()+-]/g, "");
  if (!TEST_PHONE.test(digits)) throw new RpcError(406, "PHONE_NUMBER_INVALID");
  if (dcId === AWAY_DC) throw new RpcError(303, `PHONE_MIGRATE_${HOME_DC}`);
  return digits;
}

/** The data centre of the number, five times. */
function codeOf(phone: string): string {
  return (TEST_PHONE.exec(phone)?.[1] ?? "").repeat(5);
}
