/**
 * What stands between the wire and the world: one handler a TL method, chosen by its class name.
 * @module
 */

/** A TL object as GramJS reads it: its name says which method or constructor it is. */
export interface TlObject {
  readonly className: string;
  getBytes(): Uint8Array;
}

/** An answer: a TL object, or the bytes of one (vectors and cached messages). */
export type Answer = TlObject | Uint8Array;

/** Who sent a request, as the wire knows it. */
export interface Caller {
  /** The user signed in on this auth key; absent before login. */
  readonly userId?: bigint;
  /** The takeout session, when the request came inside `invokeWithTakeout`. */
  readonly takeoutId?: bigint;
  /** The auth key's id in hexadecimal: what tells one client from another before login. */
  readonly keyId?: string;
  /** The data centre that the key belongs to. */
  readonly dcId?: number;
}

/** A method of Telegram: the parsed request in, the answer or an {@link RpcError} out. */
export type Method = (request: TlObject, caller: Caller) => Answer | Promise<Answer>;

/** The methods by class name, `messages.GetHistory` for one. */
export type Methods = Readonly<Record<string, Method>>;

/** An `rpc_error`; see https://core.telegram.org/api/errors. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  constructor(readonly code: number, message: string) {
    super(message);
  }
}
