/**
 * One open wire, on which requests are asked and given up, and which knows when it has died.
 * @module
 */
import type { Socks5Proxy } from "../config/formats.ts";
import { AppError } from "../errors.ts";
import type { Address } from "./data_centres.ts";
import { toTelegramError } from "./errors.ts";
import { Api, bigInt, LAYER, openWire, type TlRequest, UnknownAuthKeyError, type Wire } from "./gram.ts";
import { assertAllowed, type MethodClass } from "./guard.ts";

/** Resolves after that many milliseconds; rejects when the signal is aborted. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<unknown>;

/** A wire whose first request has been answered. */
export interface LiveWire {
  /** The answer to the first request. */
  readonly first: unknown;
  /** 256 bytes: the key that was given, or the one that was agreed on. */
  readonly authKey: Uint8Array;
  /** Settles whatever happens: with the answer, when `end` is aborted, or when the wire breaks. */
  ask<R>(request: TlRequest<R>, end: AbortSignal): Promise<R>;
  /** Pings until the wire breaks; resolves with the reason. */
  keepAlive(): Promise<Error>;
  close(): Promise<void>;
}

/** What {@link openLiveWire} needs. */
export interface LiveWireOptions {
  readonly dcId: number;
  readonly address: Address;
  /** What is connected through, if anything. */
  readonly proxy?: Socks5Proxy;
  /** A key exchange takes place when absent. */
  readonly authKey?: Uint8Array;
  /** What is asked first, together with saying who we are. */
  readonly first: TlRequest<unknown>;
  readonly apiId: number;
  readonly appVersion: string;
  /** What may leave; by default what reads, and what keeps the connection. */
  readonly allowed?: readonly MethodClass[];
  readonly onProblem: (problem: unknown) => void;
  readonly sleep: Sleep;
  /** Aborts the opening. */
  readonly signal: AbortSignal;
}

const OPEN_TIMEOUT_MS = 20_000;
const PING_INTERVAL_MS = 30_000;
const PING_TIMEOUT_MS = 15_000;
/** Telegram closes the connection when no ping has come for so long (https://core.telegram.org/mtproto/service_messages). */
const DISCONNECT_DELAY_S = 75;

/**
 * Opens a wire and asks a first request.
 * @throws AppError TIMEOUT after 20 s, or what the opening or the first answer failed with
 */
export function openLiveWire(options: LiveWireOptions): Promise<LiveWire> {
  const { dcId, authKey, address: { host, port }, proxy, allowed = ["read", "session"], sleep, onProblem } = options;
  const guard = (request: { readonly className: string }): void => assertAllowed(request, allowed);
  const who = proxy === undefined
    ? "Telegram did not"
    : "Telegram, or the proxy on the way to it (TELEGRAM_PROXY), did not";
  const late = (): AppError => new AppError("TIMEOUT", `${who} answer while connecting.`);
  return within(OPEN_TIMEOUT_MS, sleep, late, async (deadline) => {
    const signal = AbortSignal.any([options.signal, deadline]);
    const opened = await openWire({ host, port, proxy, dcId, authKey, guard, onProblem, signal });
    const wire = live(opened, sleep);
    try {
      const first = await wire.ask(greeting(options), signal);
      return { ...wire, first, authKey: opened.authKey };
    } catch (error) {
      await wire.close();
      throw error;
    }
  });
}

/** The first request of a connection (https://core.telegram.org/api/invoking#saving-client-info). */
function greeting({ apiId, appVersion, first }: LiveWireOptions): TlRequest<unknown> {
  return new Api.InvokeWithLayer({
    layer: LAYER,
    query: new Api.InitConnection({
      apiId,
      deviceModel: "telegram-toolkit-mcp",
      systemVersion: "Deno",
      appVersion,
      systemLangCode: "en",
      langPack: "",
      langCode: "en",
      query: first,
    }),
  });
}

function live(wire: Wire, sleep: Sleep): Omit<LiveWire, "first" | "authKey"> {
  const inFlight = new Set<(reason: unknown) => void>();
  const life = new AbortController();
  const lost = wire.broken.then((reason) => {
    life.abort(reason);
    for (const fail of inFlight) fail(connectionLost(reason));
    return reason;
  });
  const ask = async <R>(request: TlRequest<R>, end: AbortSignal): Promise<R> => {
    end.throwIfAborted();
    if (life.signal.aborted) throw connectionLost(life.signal.reason);
    const { answer, forget } = wire.send(request);
    const settled = Promise.withResolvers<R>();
    const onEnd = (): void => settled.reject(end.reason);
    end.addEventListener("abort", onEnd, { once: true });
    inFlight.add(settled.reject);
    answer.then(settled.resolve, settled.reject);
    try {
      return await settled.promise;
    } finally {
      inFlight.delete(settled.reject);
      end.removeEventListener("abort", onEnd);
      forget();
    }
  };
  const ping = (): Promise<unknown> =>
    within(PING_TIMEOUT_MS, sleep, () => new Error("time-out"), (end) => {
      const pingId = bigInt.randBetween(1, Number.MAX_SAFE_INTEGER);
      return ask(new Api.PingDelayDisconnect({ pingId, disconnectDelay: DISCONNECT_DELAY_S }), end);
    });
  return {
    ask,
    keepAlive: async () => {
      while (!life.signal.aborted) {
        try {
          await sleep(PING_INTERVAL_MS, life.signal);
          await ping();
        } catch (error) {
          if (!life.signal.aborted) return new Error("no answer to a ping", { cause: error });
        }
      }
      return await lost;
    },
    close: () => wire.close(),
  };
}

/** Runs an action whose signal is aborted after so many milliseconds. */
async function within<R>(
  ms: number,
  sleep: Sleep,
  reason: () => Error,
  action: (end: AbortSignal) => Promise<R>,
): Promise<R> {
  const [end, done] = [new AbortController(), new AbortController()];
  const watch = sleep(ms, done.signal).then(() => end.abort(reason()), () => {});
  try {
    return await action(end.signal);
  } finally {
    done.abort();
    await watch;
  }
}

function connectionLost(cause: unknown): AppError {
  if (cause instanceof UnknownAuthKeyError) return toTelegramError(cause, "initConnection");
  return new AppError("CONNECTION", "The connection to Telegram was lost.", { cause });
}
