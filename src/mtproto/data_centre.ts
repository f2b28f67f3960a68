/**
 * The way to one data centre (https://core.telegram.org/api/datacenter): dialled when first asked, kept while it is used. One
 * that is not the account's own holds a part of its files; before there is an account, it is where one signs in.
 * @module
 */
import { isLocalNetwork, type Socks5Proxy } from "../config/formats.ts";
import { AppError } from "../errors.ts";
import type { Address } from "./data_centres.ts";
import { toTelegramError } from "./errors.ts";
import { Api, readRpcError, type TlRequest, withoutUpdates } from "./gram.ts";
import { type MethodClass, methodOf } from "./guard.ts";
import { type Call, inTime, unlessAborted } from "./invoke.ts";
import { type LiveWire, openLiveWire, type Sleep } from "./live_wire.ts";

/** A data centre that can be asked. */
export interface DataCentre extends AsyncDisposable {
  /** Guarded by the list of methods alone. */
  readonly call: Call;
  /** 256 bytes: the key agreed on there; undefined before the first answer. */
  readonly authKey: () => Uint8Array | undefined;
}

/** What {@link createDataCentre} needs. */
export interface DataCentreOptions {
  readonly dcId: number;
  /** Where it is, asked before each dialling. */
  readonly address: (signal: AbortSignal) => Promise<Address>;
  /**
   * What a new key is introduced with. With it a key that the data centre has forgotten is replaced by a new one; without it
   * that ends the call.
   */
  readonly introduce?: (signal: AbortSignal) => Promise<TlRequest<unknown>>;
  /** A key that is known there; one is agreed on when absent. */
  readonly authKey?: Uint8Array;
  /** What may be sent there; see {@link openLiveWire}. */
  readonly allowed?: readonly MethodClass[];
  readonly apiId: number;
  readonly appVersion: string;
  /** What is connected through, if anything. */
  readonly proxy?: Socks5Proxy;
  /** Milliseconds for one answer, dialling included. */
  readonly requestTimeout: number;
  /** Milliseconds after the last answer until the connection is closed. */
  readonly idle?: number;
  readonly sleep: Sleep;
  readonly onProblem?: (problem: unknown) => void;
}

/** The options of a data centre that the account's own one names and vouches for. */
export function vouchedBy(
  home: Call,
  dcId: number,
  options: { readonly localOnly?: boolean } = {},
): Pick<DataCentreOptions, "dcId" | "address" | "introduce"> {
  const atHome = (signal: AbortSignal): Call => (request) => home(request, { signal });
  return {
    dcId,
    address: (signal) => addressOf(atHome(signal), dcId, options),
    introduce: (signal) => introduction(atHome(signal), dcId),
  };
}

const IDLE_MS = 60_000;

/** What the account's own data centre has said of the account counts, and is not this one's. */
class FailedAtHome extends Error {}

function atHome(cause: unknown): never {
  throw new FailedAtHome("the account's own data centre did not help", { cause });
}

/** Dials nothing yet. */
export function createDataCentre(options: DataCentreOptions): DataCentre {
  const { dcId, introduce, allowed, sleep, idle = IDLE_MS, requestTimeout, onProblem = () => {} } = options;
  const stop = new AbortController();
  /** What goes on besides calls: it ends before disposing does. */
  const running = new Set<Promise<unknown>>();
  /** Signed in; good for as long as the process lives, whatever becomes of connections. */
  let { authKey } = options;
  let wire: Promise<LiveWire> | undefined;
  let asking = 0;
  let resting = new AbortController();

  const inBackground = (action: Promise<unknown>): void => {
    const watched = action.catch(() => {}).finally(() => running.delete(watched));
    running.add(watched);
  };
  const dial = async (): Promise<LiveWire> => {
    const { signal } = stop;
    const address = await options.address(signal).catch(atHome);
    const first = authKey === undefined ? await introduce?.(signal).catch(atHome) : undefined;
    const { apiId, appVersion, proxy } = options;
    try {
      const opened = await openLiveWire({
        dcId,
        address,
        proxy,
        authKey,
        first: first ?? new Api.help.GetConfig(),
        apiId,
        appVersion,
        allowed,
        sleep,
        onProblem,
        signal,
      });
      authKey = opened.authKey;
      return opened;
    } catch (cause) {
      if (cause instanceof AppError || readRpcError(cause) !== undefined) throw cause;
      throw new AppError("CONNECTION", `Telegram's data centre ${dcId} cannot be reached.`, { cause });
    }
  };
  const connect = (): Promise<LiveWire> => {
    if (wire !== undefined) return wire;
    const dialling = wire = dial();
    const forget = (): void => {
      if (wire === dialling) wire = undefined;
    };
    inBackground(
      dialling.then(async (open) => {
        await open.keepAlive();
        forget();
        await open.close();
      }, forget),
    );
    return dialling;
  };
  const close = async (): Promise<void> => {
    const closing = wire;
    wire = undefined;
    await closing?.then((open) => open.close(), () => {});
  };
  const ask = async <R>(request: TlRequest<R>, end: AbortSignal, isAgain = false): Promise<R> => {
    const used = connect();
    let key = authKey;
    try {
      const open = await unlessAborted(used, end);
      key = authKey;
      return await open.ask(withoutUpdates(request), end);
    } catch (error) {
      if (error instanceof FailedAtHome) throw error.cause;
      const failure = toTelegramError(error, methodOf(request));
      // A key that this data centre has forgotten is given up with its connection, other calls on which then end as lost.
      const isForgotten = failure.code === "SESSION_INVALID";
      const isGivenUp = failure.code === "CONNECTION" && key !== authKey && !end.aborted;
      if (introduce === undefined || (!isForgotten && !isGivenUp)) throw failure;
      if (isAgain) {
        // Only the account's own data centre can say that the session is at an end.
        const message = `Telegram's data centre ${dcId} does not take the account in.`;
        throw new AppError("CONNECTION", message, { cause: failure });
      }
      if (authKey === key) authKey = undefined;
      if (wire === used) await close();
      return await ask(request, end, true);
    }
  };

  return {
    call: (request, { signal, timeout = requestTimeout } = {}) =>
      inTime(request, { signal, timeout }, async (end) => {
        resting.abort();
        asking++;
        try {
          return await ask(request, AbortSignal.any([end, stop.signal]));
        } finally {
          if (--asking === 0) {
            resting = new AbortController();
            inBackground(sleep(idle, AbortSignal.any([resting.signal, stop.signal])).then(close));
          }
        }
      }),
    authKey: () => authKey,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new AppError("CONNECTION", "The server is shutting down."));
      await close();
      await Promise.all(running);
    },
  };
}

/**
 * TL method help.getConfig: where the data centre is, by an address that needs no proxy and no key of its own.
 * @param options.localOnly a test data centre stands in for Telegram, so nothing beyond the local network is dialled
 * @throws AppError CONNECTION when there is none
 */
export async function addressOf(
  home: Call,
  dcId: number,
  { localOnly = false }: { readonly localOnly?: boolean } = {},
): Promise<Address> {
  const { dcOptions } = await home(new Api.help.GetConfig());
  const option = dcOptions.find(({ id, cdn, ipv6, tcpoOnly, ipAddress }) =>
    id === dcId && !cdn && !ipv6 && !tcpoOnly && (!localOnly || isLocalNetwork(ipAddress))
  );
  if (option !== undefined) return { host: option.ipAddress, port: option.port };
  throw new AppError("CONNECTION", `Telegram names no address of its data centre ${dcId}.`);
}

/** TL methods auth.exportAuthorization, asked at home, and auth.importAuthorization, to be asked there. */
async function introduction(home: Call, dcId: number): Promise<TlRequest<unknown>> {
  const { id, bytes } = await home(new Api.auth.ExportAuthorization({ dcId }));
  return new Api.auth.ImportAuthorization({ id, bytes });
}
