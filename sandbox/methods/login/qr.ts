/**
 * Signing in by QR code: https://core.telegram.org/api/qr-login.
 * @module
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { APPLICATION, checkApplication } from "../../application.ts";
import { type Method, RpcError } from "../../rpc.ts";
import { Api } from "../../tl.ts";
import { AWAY_DC, HOME_DC } from "../../wire/keys.ts";
import { encode } from "../encode.ts";
import { method } from "../method.ts";
import type { Password } from "./password.ts";

/** How long a token waits to be accepted, and then to be asked about; in seconds. */
const LIFETIME = 30;
/** How long it is known that a token has expired, in seconds. */
const REMEMBERED = 600;

/** What a QR code shows. */
interface Token {
  readonly bytes: Buffer;
  /** The key that is to be signed in, and where it is. */
  readonly keyId: string;
  readonly dcId: number;
  /** Unix seconds. */
  readonly expires: number;
  readonly isAccepted: boolean;
  /** The key at home that took it over. */
  readonly importedBy?: string;
}

/** What signing in by QR code takes. */
export interface QrOptions {
  readonly password: Password;
  /** Unix seconds of the wire. */
  readonly now: () => number;
  /** Told of the key whose token was accepted. */
  readonly onAccepted: (keyId: string) => void;
}

/** The tokens. */
export interface Qr {
  /** auth.exportLoginToken, auth.importLoginToken and auth.acceptLoginToken. */
  readonly methods: readonly (readonly [string, Method])[];
  /**
   * Accepts a token as the owner's phone does after scanning it; the newest one that waits when none is given.
   * @throws {RpcError} AUTH_TOKEN_INVALIDX, AUTH_TOKEN_EXPIRED, AUTH_TOKEN_ALREADY_ACCEPTED
   */
  accept(bytes?: Uint8Array): void;
}

/** No tokens yet. */
export function createQr({ password, now, onAccepted }: QrOptions): Qr {
  const tokens = new Map<string, Token>();
  const isAlive = ({ expires }: Token): boolean => expires > now();
  const expiry = (): number => Math.floor(now()) + LIFETIME;
  const put = (token: Token): void => void tokens.set(token.bytes.toString("hex"), token);
  const find = (bytes: Uint8Array): Token | undefined => tokens.get(Buffer.from(bytes).toString("hex"));

  function issue(keyId: string, dcId: number): Token {
    for (const [name, { expires }] of tokens) if (expires + REMEMBERED < now()) tokens.delete(name);
    const token = { bytes: randomBytes(32), keyId, dcId, expires: expiry(), isAccepted: false };
    put(token);
    return token;
  }

  /**
   * https://core.telegram.org/method/auth.exportLoginToken; a key has one token at a time. Errors: API_ID_INVALID,
   * SESSION_PASSWORD_NEEDED.
   */
  const exportToken = method(Api.auth.ExportLoginToken, ({ apiId, apiHash }, caller) => {
    checkApplication(apiId, apiHash);
    const { keyId = "", dcId = HOME_DC, userId } = caller;
    const success = (): Uint8Array => encode({ _: "auth.loginTokenSuccess", authorization: password.admit(caller) });
    if (userId !== undefined) return success();
    const isOwn = (token: Token): boolean => token.keyId === keyId && token.importedBy === undefined && isAlive(token);
    const token = tokens.values().find(isOwn) ?? issue(keyId, dcId);
    const { bytes, expires, isAccepted } = token;
    if (!isAccepted) return encode({ _: "auth.loginToken", expires, token: bytes });
    if (dcId === AWAY_DC) return encode({ _: "auth.loginTokenMigrateTo", dc_id: HOME_DC, token: bytes });
    const answer = success();
    tokens.delete(bytes.toString("hex"));
    return answer;
  });

  /**
   * https://core.telegram.org/method/auth.importLoginToken. Errors: AUTH_TOKEN_INVALID, AUTH_TOKEN_EXPIRED,
   * AUTH_TOKEN_ALREADY_ACCEPTED, SESSION_PASSWORD_NEEDED.
   */
  const importToken = method(Api.auth.ImportLoginToken, (request, caller) => {
    const { keyId = "", dcId, userId } = caller;
    const token = find(request.token);
    if (token === undefined) throw new RpcError(400, "AUTH_TOKEN_INVALID");
    const mayAgain = token.importedBy === keyId && userId === undefined;
    if (token.importedBy !== undefined && !mayAgain) throw new RpcError(400, "AUTH_TOKEN_ALREADY_ACCEPTED");
    if (!isAlive(token)) throw new RpcError(400, "AUTH_TOKEN_EXPIRED");
    const isForHome = token.isAccepted && token.dcId === AWAY_DC && dcId !== AWAY_DC;
    if (!isForHome) throw new RpcError(400, "AUTH_TOKEN_INVALID");
    put({ ...token, importedBy: keyId });
    return encode({ _: "auth.loginTokenSuccess", authorization: password.admit(caller) });
  });

  function accept(bytes?: Uint8Array): void {
    const newest = (): Token | undefined =>
      [...tokens.values()].findLast((token) => !token.isAccepted && isAlive(token));
    const token = bytes === undefined ? newest() : find(bytes);
    if (token === undefined) throw new RpcError(400, "AUTH_TOKEN_INVALIDX");
    if (token.isAccepted) throw new RpcError(400, "AUTH_TOKEN_ALREADY_ACCEPTED");
    if (!isAlive(token)) throw new RpcError(400, "AUTH_TOKEN_EXPIRED");
    put({ ...token, isAccepted: true, expires: expiry() });
    onAccepted(token.keyId);
  }

  /**
   * https://core.telegram.org/method/auth.acceptLoginToken. Errors: USER_MIGRATE_2 and those of {@link Qr.accept}.
   */
  const acceptToken = method(Api.auth.AcceptLoginToken, ({ token }, { dcId }) => {
    if (dcId === AWAY_DC) throw new RpcError(303, `USER_MIGRATE_${HOME_DC}`);
    accept(token);
    const date = Math.floor(now());
    return encode({
      _: "authorization",
      hash: randomBytes(8).readBigInt64LE(),
      device_model: "Sandbox",
      platform: "",
      system_version: "",
      api_id: APPLICATION.id,
      app_name: "Sandbox",
      app_version: "",
      date_created: date,
      date_active: date,
      ip: "127.0.0.1",
      country: "Germany",
      region: "",
    });
  });

  return { methods: [exportToken, importToken, acceptToken], accept };
}
