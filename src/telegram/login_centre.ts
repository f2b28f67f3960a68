/**
 * The way to Telegram of whoever signs in or out: one data centre at a time, and the one where the account is in the end.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import { AppError } from "../errors.ts";
import { addressFor } from "../mtproto/connection.ts";
import { addressOf, createDataCentre, type DataCentre } from "../mtproto/data_centre.ts";
import { type Address, DATA_CENTRES } from "../mtproto/data_centres.ts";
import { RpcError } from "../mtproto/errors.ts";
import { type TlRequest, trustServerKey } from "../mtproto/gram.ts";
import type { MethodClass } from "../mtproto/guard.ts";
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import type { Session } from "../mtproto/session.ts";

/** A data centre on which one signs in or out. */
export interface LoginCentre extends AsyncDisposable {
  /** Follows to another data centre where Telegram says so, and asks again when the connection was lost meanwhile. */
  readonly call: Call;
  /** Goes on at another data centre, with a key of its own. */
  moveTo(dcId: number): Promise<void>;
  /** The key and where it is good; undefined before the first answer. */
  session(): Session | undefined;
}

/** What {@link openLoginCentre} needs besides the configuration. */
export interface LoginCentreOptions {
  /** One that there is already; a new key is agreed on without it. */
  readonly session?: Session;
  readonly allowed: readonly MethodClass[];
  readonly appVersion: string;
  /** Ends every call. */
  readonly signal: AbortSignal;
}

/** Where accounts are looked for that nobody knows the data centre of. */
const FIRST_DC = 2;
/** How often one request follows to another data centre. */
const MOST_MOVES = 3;

/** Dials nothing yet. */
export function openLoginCentre(
  { telegram, requestTimeout }: Pick<Config, "telegram" | "requestTimeout">,
  { session, allowed, appVersion, signal }: LoginCentreOptions,
): LoginCentre {
  const { apiId = 0, testDc, proxy } = telegram;
  if (testDc !== undefined) trustServerKey(testDc.publicKey);
  const enter = (dcId: number, address: Address, authKey?: Uint8Array): { address: Address; centre: DataCentre } => ({
    address,
    centre: createDataCentre({
      dcId,
      address: () => Promise.resolve(address),
      proxy,
      ...(authKey === undefined ? {} : { authKey }),
      allowed,
      apiId,
      appVersion,
      requestTimeout,
      sleep: (ms, signal) => sleepMs(ms, undefined, { signal }),
    }),
  });
  let dcId = session?.dcId ?? testDc?.id ?? FIRST_DC;
  let { address, centre } = enter(
    dcId,
    session ? addressFor(session, testDc) : testDc ?? known(dcId),
    session?.authKey,
  );

  const once = <R>(request: TlRequest<R>, options: CallOptions = {}): Promise<R> =>
    centre.call(request, { ...options, signal: options.signal ?? signal });
  const moveTo = async (next: number): Promise<void> => {
    const where = await addressOf(once, next, { localOnly: testDc !== undefined });
    await centre[Symbol.asyncDispose]();
    dcId = next;
    ({ address, centre } = enter(next, where));
  };
  const call = async <R>(request: TlRequest<R>, options?: CallOptions): Promise<R> => {
    for (let [moves, losses] = [0, 0];;) {
      try {
        return await once(request, options);
      } catch (error) {
        const next = movedTo(error);
        // While a person thinks, connections come to their end.
        if (isLost(error) && losses++ === 0 && !signal.aborted) continue;
        // A session is good at its own data centre alone.
        if (next === undefined || session !== undefined || moves++ === MOST_MOVES) throw error;
        await moveTo(next);
      }
    }
  };
  return {
    call,
    moveTo,
    session: () => {
      const authKey = centre.authKey();
      const { host, port } = address;
      return authKey === undefined ? undefined : { dcId, host, port, authKey };
    },
    [Symbol.asyncDispose]: () => centre[Symbol.asyncDispose](),
  };
}

/** The data centre that an error sends to (https://core.telegram.org/api/errors#303-see-other). */
function movedTo(error: unknown): number | undefined {
  if (!(error instanceof RpcError)) return undefined;
  const [, dcId] = /^(?:PHONE|NETWORK|USER)_MIGRATE_(\d+)$/.exec(error.rpc) ?? [];
  return dcId === undefined ? undefined : Number(dcId);
}

function isLost(error: unknown): boolean {
  return error instanceof AppError && error.code === "CONNECTION";
}

function known(dcId: number): Address {
  const address = DATA_CENTRES.get(dcId);
  if (address === undefined) throw new Error(`no address of data centre ${dcId}`);
  return address;
}
