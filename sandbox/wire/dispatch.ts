/**
 * From a request to its answer: https://core.telegram.org/mtproto/service_messages#rpc-requests-and-results.
 * @module
 */
import { Buffer } from "node:buffer";
import { checkApplication } from "../application.ts";
import type { Faults } from "../faults.ts";
import type { Journal } from "../journal.ts";
import { type Answer, type Caller, type Methods, RpcError } from "../rpc.ts";
import { Api, BinaryReader } from "../tl.ts";
import { bytes, int } from "./bytes.ts";
import { type AuthKey, AWAY_DC, HOME_DC, type KeyStore } from "./keys.ts";
import type { KeyMethod } from "./methods.ts";
import { namedBy } from "./named.ts";
import { readRequest } from "./request.ts";
import type { Takeouts } from "./takeouts.ts";

const RPC_ERROR = 0x2144ca19;
const AUTHORIZATION = 0x2ea2c0d4;
const LOGIN_TOKEN_SUCCESS = 0x390d5c5e;

/** What may be asked before anybody has signed in; `account.getPassword` is the second step of doing so. */
const BEFORE_LOGIN = /^(help|langpack)\.|^auth\.(?!LogOut|ExportAuthorization|AcceptLoginToken)|^account\.GetPassword$/;

/** What the data centre answers that is not the account's: files, and what belongs to a connection. */
const AWAY = /^(auth|help|upload)\./;

/** What a connection does with one request. */
export type Outcome =
  | { readonly kind: "answer"; readonly body: Buffer; readonly close?: boolean }
  /** Executed, the answer withheld. */
  | { readonly kind: "lost"; readonly body: Buffer; readonly close?: boolean }
  /** Not executed. */
  | { readonly kind: "dropped"; readonly close?: boolean };

/** What answering takes. */
export interface DispatchOptions {
  readonly methods: Methods;
  /** The data centre's own methods, which come first. */
  readonly centre: ReadonlyMap<string, KeyMethod>;
  readonly takeouts: Takeouts;
  readonly keys: KeyStore;
  readonly faults: Faults;
  readonly journal: Journal;
  /** Gathers the keys that have asked for updates: by a request without `invokeWithoutUpdates`. */
  readonly awake: Set<string>;
  /** Takes what a method threw that is not an {@link RpcError}. */
  readonly report: (error: unknown) => void;
}

/**
 * Answers a request: the bytes of its result or of an `rpc_error`. Never throws.
 * @param wait pauses for so many milliseconds
 */
export type Dispatch = (body: Buffer, key: AuthKey, wait: (ms: number) => Promise<void>) => Promise<Outcome>;

/** Builds the dispatcher. */
export function createDispatch(options: DispatchOptions): Dispatch {
  const { methods, centre, takeouts, keys, faults, journal, awake, report } = options;
  async function execute(name: string, run: () => Answer | Promise<Answer>, key: AuthKey): Promise<Buffer> {
    try {
      const answer = await run();
      const body = answer instanceof Uint8Array ? asBuffer(answer) : asBuffer(answer.getBytes());
      if (name.startsWith("auth.")) signIn(body, key);
      return body;
    } catch (error) {
      return errorBody(error);
    }
  }

  function errorBody(error: unknown): Buffer {
    if (error instanceof RpcError) return rpcError(error.code, error.message);
    report(error);
    return rpcError(500, "INTERNAL");
  }

  /** The world says who has signed in by its answer, whichever of the ways to sign in it was. */
  function signIn(body: Buffer, key: AuthKey): void {
    const constructor = body.length < 4 ? 0 : body.readUInt32LE();
    if (constructor !== AUTHORIZATION && constructor !== LOGIN_TOKEN_SUCCESS) return;
    const answer: unknown = new BinaryReader(body).tgReadObject();
    const authorization = answer instanceof Api.auth.LoginTokenSuccess ? answer.authorization : answer;
    if (!(authorization instanceof Api.auth.Authorization)) return;
    keys.signIn(key, BigInt(authorization.user.id.toString()));
  }

  async function answer(
    { query, takeoutId, apiId }: ReturnType<typeof readRequest>,
    key: AuthKey,
    wait: (ms: number) => Promise<void>,
  ): Promise<Outcome> {
    const name = query.className;
    const caller: Caller = { userId: key.userId, takeoutId, keyId: key.id, dcId: key.dcId };
    const fault = faults.hook(name, query, caller);
    const delay = faults.settings.latencyMs + (fault?.delayMs ?? 0);
    if (delay > 0) await wait(delay);
    if (fault?.drop || (fault?.close && !fault.lose)) return { kind: "dropped", close: fault.close };
    const { error } = fault ?? {};

    const body = await execute(name, () => {
      if (error !== undefined) throw new RpcError(error.code, error.message);
      if (apiId !== undefined) checkApplication(apiId);
      refuse(key, name);
      if (key.userId === undefined && !BEFORE_LOGIN.test(name)) throw new RpcError(401, "AUTH_KEY_UNREGISTERED");
      if (key.dcId === AWAY_DC && !AWAY.test(name)) throw new RpcError(303, `USER_MIGRATE_${HOME_DC}`);
      if (takeoutId !== undefined && (key.userId === undefined || !takeouts.isOpen(takeoutId, key.userId))) {
        throw new RpcError(400, "TAKEOUT_INVALID");
      }
      const own = centre.get(name);
      if (own !== undefined) return own(query, caller, key);
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
      if (method === undefined) throw new RpcError(400, notImplemented(name));
      return method(query, caller);
    }, key);
    const result = fault?.garble ? Buffer.alloc(64, 0xa5) : body;
    return { kind: fault?.lose ? "lost" : "answer", body: result, close: fault?.close };
  }

  return async (body, key, wait) => {
    const request = attempt(() => readRequest(body));
    if ("error" in request) {
      journal.record({ method: "unreadable", wrappers: [], keyId: key.id });
      return { kind: "answer", body: errorBody(request.error) };
    }
    const { query, wrappers, takeoutId } = request.value;
    const { className: name } = query;
    const names = namedBy(query);
    journal.record({
      method: name,
      wrappers,
      keyId: key.id,
      takeoutId: takeoutId?.toString(),
      ...names.length > 0 && { names },
    });
    if (!wrappers.includes("InvokeWithoutUpdates")) awake.add(key.id);
    const end = journal.begin(name);
    try {
      return await answer(request.value, key, wait);
    } finally {
      end();
    }
  };
}

/** A revoked key may sign in again, unless it is one that Telegram has seen in two places and will never take again. */
function refuse({ refusal }: AuthKey, method: string): void {
  if (refusal === "AUTH_KEY_DUPLICATED") throw new RpcError(406, refusal);
  if (refusal !== undefined && !BEFORE_LOGIN.test(method)) throw new RpcError(401, refusal);
}

/** In Telegram's own alphabet, so that clients can take it apart as they do with any other. */
function notImplemented(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase().replace(/[^A-Z]+/g, "_");
  return `METHOD_NOT_IMPLEMENTED_IN_SANDBOX_${words}`.slice(0, 100);
}

function rpcError(code: number, message: string): Buffer {
  return Buffer.concat([int(RPC_ERROR), int(code), bytes(message)]);
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function attempt<T>(action: () => T): { value: T } | { error: unknown } {
  try {
    return { value: action() };
  } catch (error) {
    return { error };
  }
}
