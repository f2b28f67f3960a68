/**
 * The connection to Telegram: opened, kept alive, opened again after a break; never a hang.
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { setTimeout as sleepMs } from "node:timers/promises";
import { isLocalNetwork, type Socks5Proxy } from "../config/formats.ts";
import { AppError, ERROR_CODES, toAppError } from "../errors.ts";
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
  | { readonly state: "needs_login"; readonly reason: string; readonly hint: string };

/** A kept connection. */
export interface Connection {
  /** The wire end of the seam: guarded by nothing but the list of methods, waiting for nothing but readiness. */
  readonly call: Call;
  readonly status: () => ConnectionStatus;
  /** The session in use, or the one that was refused last. */
  readonly session: () => Session | undefined;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** What {@link createConnection} needs. */
export interface ConnectionOptions {
  /**
   * The session there is, looked for again every two seconds while there is none that Telegram accepts: meanwhile nothing
   * is dialled and every call answers SESSION_INVALID. What it rejects with is the reason.
   */
  readonly findSession: () => Promise<Session | undefined>;
  /** What helps when a session is refused, where that is not the command `login`. */
  readonly loginHint?: string;
  readonly apiId: number;
  readonly appVersion: string;
  /** Milliseconds for one answer. */
  readonly requestTimeout: number;
  /** Dialled in place of Telegram's own data centres. */
  readonly testDc?: { readonly id?: number; readonly host: string; readonly port: number };
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

/** A new login is noticed within so long. */
const LOOK_EVERY_MS = 2000;
/** What Telegram has refused may be accepted again, a blocked application for one. */
const TRY_AGAIN_MS = 900_000;

/** Starts connecting in the background and returns at once. */
export function createConnection(options: ConnectionOptions): Connection {
  const { findSession, testDc, proxy, apiId, appVersion } = options;
  const { onStatus = () => {}, onProblem = () => {}, onSelf = () => {} } = options;
  const { sleep = (ms, signal) => sleepMs(ms, undefined, { signal }), now = Date.now, random = Math.random } = options;
  const stop = new AbortController();
  const waiters = new Set<() => void>();
  let wire: LiveWire | undefined;
  let session: Session | undefined;
  let status: ConnectionStatus = { state: "starting" };

  const become = (next: ConnectionStatus): void => {
    status = next;
    onStatus(next);
    for (const wake of waiters) wake();
    waiters.clear();
  };

  /** What callers are told from now on. */
  const needLogin = (error: AppError): AppError => {
    const usual = ERROR_CODES.SESSION_INVALID.hint;
    const hint = error.hint.replace(usual, options.loginHint ?? usual);
    const isKnown = status.state === "needs_login" && status.reason === error.message;
    if (!isKnown) become({ state: "needs_login", reason: error.message, hint });
    return new AppError("SESSION_INVALID", error.message, { hint, cause: error });
  };

  /** Waits for a session that has not been refused; undefined when the connection is being closed. */
  const nextSession = async (): Promise<Session | undefined> => {
    const refusedAt = now();
    for (; !stop.signal.aborted; await sleep(LOOK_EVERY_MS, stop.signal).catch(() => {})) {
      try {
        const found = await findSession();
        if (found === undefined) needLogin(noSession());
        else if (!isSame(found, session) || now() - refusedAt >= TRY_AGAIN_MS) return found;
      } catch (error) {
        if (!(error instanceof AppError)) onProblem(error);
        needLogin(toAppError(error));
      }
    }
    return undefined;
  };

  const run = async (): Promise<void> => {
    for (;;) {
      const next = await nextSession();
      if (next === undefined) return;
      session = next;
      await keepConnected(next);
    }
  };

  /** One connection from its opening to its end; why it ended. */
  const connectOnce = async (session: Session): Promise<unknown> => {
    try {
      wire = await openLiveWire({
        dcId: session.dcId,
        address: addressFor(session, testDc),
        proxy,
        authKey: session.authKey,
        first: whoAmI(),
        apiId,
        appVersion,
        allowed: ["read", "session", "takeout"],
        onProblem,
        sleep,
        signal: stop.signal,
      });
      onSelf(wire.first);
      become({ state: "ready" });
      return await wire.keepAlive();
    } catch (error) {
      return error;
    } finally {
      await wire?.close();
      wire = undefined;
    }
  };

  /** Says why a connection ended; milliseconds that Telegram wants to be left alone, or undefined when it refuses the session. */
  const ended = (failure: unknown): number | undefined => {
    const error = toTelegramError(failure, "initConnection");
    if (error.code === "SESSION_INVALID") return void needLogin(error);
    const isTold = error instanceof RpcError || failure === error;
    const since = status.state === "reconnecting" ? status.since : now();
    become({ state: "reconnecting", since, reason: isTold ? error.message : describe(failure) });
    return (error.retryAfter ?? 0) * 1000;
  };

  /** Until the connection is closed or Telegram refuses the session. */
  const keepConnected = async (session: Session): Promise<void> => {
    become({ state: "connecting" });
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      const dialledAt = now();
      // An error holds the connection it arose on: none may be kept here for as long as the next one lasts.
      const wanted = await connectOnce(session).then((failure) => {
        if (stop.signal.aborted || status.state === "needs_login") return undefined;
        // A server that accepts and closes again and again is not dialled ever faster for it.
        if (status.state === "ready" && now() - dialledAt >= STABLE_MS) attempt = 0;
        return ended(failure);
      });
      if (wanted === undefined) return;
      await sleep(Math.max(backoff(attempt, random), wanted), stop.signal).catch(() => {});
    }
  };

  /** The open wire; while the first connection is being made it is waited for, a lost one is the caller's to wait for. */
  const ready = async (request: TlRequest<unknown>, deadline: AbortSignal): Promise<LiveWire> => {
    for (;;) {
      if (status.state === "needs_login") throw sessionInvalid(status);
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
        if (status.state === "needs_login") throw sessionInvalid(status);
        const failure = toTelegramError(error, methodOf(request));
        if (failure.code === "SESSION_INVALID" && status.state === "ready") {
          const refusal = needLogin(failure);
          await wire?.close();
          throw refusal;
        }
        throw failure;
      }
    });

  const running = run();
  return {
    call,
    status: () => status,
    session: () => session,
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

function isSame(one: Session, other: Session | undefined): boolean {
  return other !== undefined && one.dcId === other.dcId && timingSafeEqual(one.authKey, other.authKey);
}

/** A test data centre stands in for all of Telegram; a session of its other data centres names their own addresses. */
export function addressFor({ dcId, host, port }: Session, testDc: ConnectionOptions["testDc"]): Address {
  const isOther = testDc?.id !== undefined && testDc.id !== dcId && isLocalNetwork(host);
  return testDc === undefined || isOther ? { host, port } : testDc;
}

function noSession(): AppError {
  return new AppError("SESSION_INVALID", "No Telegram account is signed in.");
}

function sessionInvalid({ reason, hint }: ConnectionStatus & { readonly state: "needs_login" }): AppError {
  return new AppError("SESSION_INVALID", reason, { hint });
}

function notConnected(request: TlRequest<unknown>, status: ConnectionStatus): AppError {
  const reason = status.state === "reconnecting" ? ` (${status.reason.replace(/\.$/, "")})` : "";
  return new AppError("CONNECTION", `Telegram cannot be reached for ${methodOf(request)}${reason}.`);
}
