/**
 * The way to a data centre that is not the account's own, where a part of its files lies
 * (https://core.telegram.org/api/datacenter): dialled when first asked, kept while it is used.
 * @module
 */
import type { Socks5Proxy } from "../config/formats.ts";
import { AppError } from "../errors.ts";
import type { Address } from "./data_centres.ts";
import { toTelegramError } from "./errors.ts";
import { Api, readRpcError, type TlRequest, withoutUpdates } from "./gram.ts";
import { methodOf } from "./guard.ts";
import { type Call, inTime, unlessAborted } from "./invoke.ts";
import { type LiveWire, openLiveWire, type Sleep } from "./live_wire.ts";

/** A data centre besides the account's own. */
export interface DataCentre extends AsyncDisposable {
  /** Like the account's own: guarded by the list of methods alone. */
  readonly call: Call;
}

/** What {@link createDataCentre} needs. */
export interface DataCentreOptions {
  readonly dcId: number;
  /** The account's own connection, which says where the data centre is and vouches for us there. */
  readonly home: Call;
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

const IDLE_MS = 60_000;

/** Dials nothing yet. */
export function createDataCentre(options: DataCentreOptions): DataCentre {
  const { dcId, home, sleep, idle = IDLE_MS, requestTimeout, onProblem = () => {} } = options;
  const stop = new AbortController();
  /** What goes on besides calls: it ends before disposing does. */
  const running = new Set<Promise<unknown>>();
  /** Signed in; good for as long as the process lives, whatever becomes of connections. */
  let authKey: Uint8Array | undefined;
  let wire: Promise<LiveWire> | undefined;
  let asking = 0;
  let resting = new AbortController();

  const inBackground = (action: Promise<unknown>): void => {
    const watched = action.catch(() => {}).finally(() => running.delete(watched));
    running.add(watched);
  };
  const dial = async (): Promise<LiveWire> => {
    const { signal } = stop;
    const atHome: Call = (request) => home(request, { signal });
    const address = await addressOf(atHome, dcId);
    const first = authKey === undefined ? await introduction(atHome, dcId) : new Api.help.GetConfig();
    const { apiId, appVersion, proxy } = options;
    try {
      const whereTo = { dcId, address, proxy, authKey };
      const opened = await openLiveWire({ ...whereTo, first, apiId, appVersion, sleep, onProblem, signal });
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
      const failure = toTelegramError(error, methodOf(request));
      // A key that this data centre has forgotten is given up with its connection, other calls on which then end as lost.
      const isForgotten = failure.code === "SESSION_INVALID";
      const isGivenUp = failure.code === "CONNECTION" && key !== authKey && !end.aborted;
      if (!isForgotten && !isGivenUp) throw failure;
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
    [Symbol.asyncDispose]: async () => {
      stop.abort(new AppError("CONNECTION", "The server is shutting down."));
      await close();
      await Promise.all(running);
    },
  };
}

/** TL method help.getConfig: where the data centre is, by an address that needs no proxy and no key of its own. */
async function addressOf(home: Call, dcId: number): Promise<Address> {
  const { dcOptions } = await home(new Api.help.GetConfig());
  const option = dcOptions.find(({ id, cdn, ipv6, tcpoOnly }) => id === dcId && !cdn && !ipv6 && !tcpoOnly);
  if (option !== undefined) return { host: option.ipAddress, port: option.port };
  throw new AppError("CONNECTION", `Telegram names no address of its data centre ${dcId}.`);
}

/** TL methods auth.exportAuthorization, asked at home, and auth.importAuthorization, to be asked there. */
async function introduction(home: Call, dcId: number): Promise<TlRequest<unknown>> {
  const { id, bytes } = await home(new Api.auth.ExportAuthorization({ dcId }));
  return new Api.auth.ImportAuthorization({ id, bytes });
}
