/**
 * The connection to Telegram: opened, kept alive, opened again after a break; never a hang.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Socks5Proxy } from "../config/formats.ts";
import { AppError } from "../errors.ts";
import type { Address } from "./data_centres.ts";
import { RpcError, toTelegramError } from "./errors.ts";
import { Api, type TlRequest, withoutUpdates } from "./gram.ts";
import { methodOf } from "./guard.ts";
import { type Call, inTime } from "./invoke.ts";
import { type LiveWire, openLiveWire, type Sleep } from "./live_wire.ts";
import type { Session } from "./session.ts";

/** Where the connection stands. `since` is in milliseconds since the epoch. */
export type ConnectionStatus =
  | { readonly state: "starting" | "connecting" | "ready" | "stopped" }
  | { readonly state: "reconnecting"; readonly since: number; readonly reason: string }
  | { readonly state: "needs_login"; readonly reason: string };

/** A kept connection. */
export interface Connection {
  /** The wire end of the seam: guarded by nothing but the list of methods, waiting for nothing but readiness. */
  readonly call: Call;
  readonly status: () => ConnectionStatus;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** What {@link createConnection} needs. */
export interface ConnectionOptions {
  /** Without a session nothing is dialled and every call answers SESSION_INVALID. */
  readonly session?: Session;
  readonly apiId: number;
  readonly appVersion: string;
  /** Milliseconds for one answer. */
  readonly requestTimeout: number;
  /** Dialled in place of every data centre. */
  readonly testDc?: Address;
  /** What is connected through, if anything. */
  readonly proxy?: Socks5Proxy;
  readonly onStatus?: (status: ConnectionStatus) => void;
  readonly onProblem?: (problem: unknown) => void;
  /** Told, at each connecting, what Telegram says of the account itself. */
  readonly onSelf?: (answer: unknown) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Waits between pings and attempts, and for their answers. */
  readonly sleep?: Sleep;
  readonly random?: () => number;
}

const LONGEST_BACKOFF_MS = 30_000;
/** A connection that lasted so long counts as a good one. */
const STABLE_MS = 10_000;

const NO_SESSION = "No Telegram session is configured.";

/** Starts connecting in the background and returns at once. */
export function createConnection(options: ConnectionOptions): Connection {
  const { session, now = Date.now, random = Math.random, onStatus = () => {}, onProblem = () => {} } = options;
  const { onSelf = () => {} } = options;
  const { sleep = (ms, signal) => sleepMs(ms, undefined, { signal }), testDc: address, apiId, appVersion, proxy } =
    options;
  const stop = new AbortController();
  const waiters = new Set<() => void>();
  let wire: LiveWire | undefined;
  let status: ConnectionStatus = { state: "starting" };

  const become = (next: ConnectionStatus): void => {
    status = next;
    onStatus(next);
    for (const wake of waiters) wake();
    waiters.clear();
  };

  const keepConnected = async (session: Session): Promise<void> => {
    become({ state: "connecting" });
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      let failure: unknown;
      const dialledAt = now();
      try {
        wire = await openLiveWire({
          dcId: session.dcId,
          address: address ?? session,
          proxy,
          authKey: session.authKey,
          first: whoAmI(),
          apiId,
          appVersion,
          onProblem,
          sleep,
          signal: stop.signal,
        });
        onSelf(wire.first);
        become({ state: "ready" });
        failure = await wire.keepAlive();
        // A server that accepts and closes again and again is not dialled ever faster for it.
        if (now() - dialledAt >= STABLE_MS) attempt = 0;
      } catch (error) {
        failure = error;
      } finally {
        await wire?.close();
        wire = undefined;
      }
      if (stop.signal.aborted || status.state === "needs_login") return;
      const error = toTelegramError(failure, "initConnection");
      const { code, message, retryAfter = 0 } = error;
      const isTold = error instanceof RpcError || failure === error;
      if (code === "SESSION_INVALID") return become({ state: "needs_login", reason: message });
      const since = status.state === "reconnecting" ? status.since : now();
      become({ state: "reconnecting", since, reason: isTold ? message : describe(failure) });
      await sleep(Math.max(backoff(attempt, random), retryAfter * 1000), stop.signal).catch(() => {});
    }
  };

  /** The open wire; while the first connection is being made it is waited for, a lost one is the caller's to wait for. */
  const ready = async (request: TlRequest<unknown>, deadline: AbortSignal): Promise<LiveWire> => {
    for (;;) {
      if (status.state === "needs_login") throw sessionInvalid(status.reason);
      if (status.state === "stopped") throw new AppError("CONNECTION", "The server is shutting down.");
      if (wire !== undefined && status.state === "ready") return wire;
      if (deadline.aborted || status.state === "reconnecting") throw notConnected(request, status);
      const changed = Promise.withResolvers<void>();
      waiters.add(changed.resolve);
      deadline.addEventListener("abort", () => changed.resolve(), { once: true });
      await changed.promise;
      waiters.delete(changed.resolve);
    }
  };

  const call: Call = (request, { signal, timeout = options.requestTimeout } = {}) =>
    inTime(request, { signal, timeout }, async (end) => {
      try {
        const live = await ready(request, end);
        return await live.ask(withoutUpdates(request), end);
      } catch (error) {
        if (status.state === "needs_login") throw sessionInvalid(status.reason);
        const failure = toTelegramError(error, methodOf(request));
        if (failure.code === "SESSION_INVALID" && status.state === "ready") {
          become({ state: "needs_login", reason: failure.message });
          await wire?.close();
        }
        throw failure;
      }
    });

  const running = session === undefined ? Promise.resolve() : keepConnected(session);
  if (session === undefined) become({ state: "needs_login", reason: NO_SESSION });
  return {
    call,
    status: () => status,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("the connection is being closed"));
      await wire?.close();
      await running;
      become({ state: "stopped" });
    },
  };
}

/** Fails at once if the session is not signed in. */
function whoAmI(): TlRequest<unknown> {
  return withoutUpdates(new Api.users.GetUsers({ id: [new Api.InputUserSelf()] }));
}

function backoff(attempt: number, random: () => number): number {
  return Math.min(500 * 2 ** attempt, LONGEST_BACKOFF_MS) * (0.5 + random() / 2);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sessionInvalid(reason: string): AppError {
  return new AppError("SESSION_INVALID", reason);
}

function notConnected(request: TlRequest<unknown>, status: ConnectionStatus): AppError {
  const reason = status.state === "reconnecting" ? ` (${status.reason})` : "";
  return new AppError("CONNECTION", `Telegram cannot be reached for ${methodOf(request)}${reason}.`);
}
