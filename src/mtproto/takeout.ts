/**
 * Takeouts: sessions for exporting, in which Telegram is less strict about how much is asked for
 * (https://core.telegram.org/api/takeout).
 * @module
 */
import { RpcError } from "./errors.ts";
import { Api, bigInt, type TlRequest } from "./gram.ts";
import type { Call, CallOptions } from "./invoke.ts";

/** What a takeout is opened for: Telegram grants it for that, and tells the account's owner. */
export interface TakeoutScope {
  /** Private chats, bots and saved messages. */
  readonly users: boolean;
  /** Basic groups. */
  readonly groups: boolean;
  readonly supergroups: boolean;
  readonly channels: boolean;
  readonly files: boolean;
}

/**
 * Opens a takeout: TL method account.initTakeoutSession.
 * @param call one that lets takeouts' methods pass: `Account.takeout`
 * @returns its id, a signed 64-bit number in decimal
 * @throws RpcError for which {@link isTakeoutDelay} holds, with `retryAfter`, until the owner has allowed it or waited
 */
export async function initTakeout(call: Call, scope: TakeoutScope, options?: CallOptions): Promise<string> {
  const { users, groups, supergroups, channels, files } = scope;
  const { id } = await call(
    new Api.account.InitTakeoutSession({
      messageUsers: users,
      messageChats: groups,
      messageMegagroups: supergroups,
      messageChannels: channels,
      // The schema has one flag for both.
      ...(files ? { files, fileMaxSize: LARGEST_FILE } : {}),
    }),
    options,
  );
  return id.toString();
}

/** In bytes: no file of Telegram's is larger than 4 GB (https://core.telegram.org/api/files#uploading-files). */
const LARGEST_FILE = bigInt(4).multiply(2 ** 30);

/**
 * Closes a takeout: TL method account.finishTakeoutSession, itself sent within it.
 * @param call as for {@link initTakeout}
 * @param success whether all that was to be exported is
 * @throws RpcError for which {@link isTakeoutLost} holds when it is closed already
 */
export async function finishTakeout(call: Call, id: string, success: boolean, options?: CallOptions): Promise<void> {
  await withTakeout(call, id)(new Api.account.FinishTakeoutSession({ success }), options);
}

/** Sends every request within a takeout: TL function invokeWithTakeout. */
export function withTakeout(call: Call, id: string): Call {
  const takeoutId = bigInt(id);
  return async <R>(request: TlRequest<R>, options?: CallOptions) => {
    const within = new Api.InvokeWithTakeout({ takeoutId, query: request });
    // Only carries the type of the answer; there is no such value.
    return await call<R>(Object.assign(within, { __response: request.__response }), options);
  };
}

/** Whether Telegram wants the account's owner to allow a takeout, or `retryAfter` seconds to pass. It is no flood wait. */
export function isTakeoutDelay(error: unknown): error is RpcError {
  return error instanceof RpcError && error.rpc === "TAKEOUT_INIT_DELAY";
}

/** Whether Telegram does not know the takeout that a request came in, or not any more. */
export function isTakeoutLost(error: unknown): boolean {
  return error instanceof RpcError && (error.rpc === "TAKEOUT_INVALID" || error.rpc === "TAKEOUT_REQUIRED");
}
