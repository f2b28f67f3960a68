/**
 * From a configuration to a connected account: the one place where the decorators of the seam are put together.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import { budgeted } from "../mtproto/budget.ts";
import { type ConnectionOptions, createConnection } from "../mtproto/connection.ts";
import { createDataCentre, vouchedBy } from "../mtproto/data_centre.ts";
import { floodGate, type OnFlood } from "../mtproto/flood.ts";
import { createFloods } from "../mtproto/floods.ts";
import { trustServerKey } from "../mtproto/gram.ts";
import type { MethodClass } from "../mtproto/guard.ts";
import { type Call, type CallEnd, guarded, measured } from "../mtproto/invoke.ts";
import type { Sleep } from "../mtproto/live_wire.ts";
import type { Session } from "../mtproto/session.ts";
import type { TelegramStatus } from "../mtproto/status.ts";
import { createTurns } from "../mtproto/turns.ts";
import { type Account, createAccount } from "./account.ts";
import { createLearner, createPeers } from "./peers.ts";
import { CONFIGURED_SESSION_HINT, sessionSource } from "./session_source.ts";

/** Requests to Telegram under way at once, besides those of exports. */
const CONCURRENCY = 2;
/** A request waits so long for its turn; with its own time-out behind it, callers hear within a minute whatever happens. */
const LONGEST_QUEUE_MS = 15_000;

/** The longest time that a timer can take: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Who wants to know what happens on the way to Telegram. */
export interface Observers extends Pick<ConnectionOptions, "onProblem"> {
  readonly onStatus?: (status: TelegramStatus) => void;
  readonly onCall?: (end: CallEnd) => void;
  readonly onFlood?: OnFlood;
}

/** An account and the connection that it is read through. */
export interface OpenAccount extends AsyncDisposable {
  readonly account: Account;
  readonly status: () => TelegramStatus;
}

/**
 * Opens the account of the configuration; connecting goes on in the background.
 * @throws AppError SESSION_INVALID for a string session that cannot be read
 */
export function openAccount(
  config: Config,
  { db, accountId, appVersion, ...observers }: Observers & {
    readonly db: DatabaseSync;
    readonly accountId: string;
    readonly appVersion: string;
  },
): OpenAccount {
  const { apiId, testDc, proxy } = config.telegram;
  const { onStatus = () => {}, onProblem = () => {}, onFlood = () => {} } = observers;
  if (testDc !== undefined) trustServerKey(testDc.publicKey);
  const peers = createPeers(db, accountId);
  const learn = createLearner(peers, onProblem);
  const floods = createFloods(db, accountId, { onProblem });
  const stop = new AbortController();
  const sleep: Sleep = (ms, signal) => sleepMs(ms, undefined, { signal });
  const asWhom = { apiId: apiId ?? 0, appVersion, requestTimeout: config.requestTimeout, proxy, sleep, onProblem };
  const connection = createConnection({
    ...asWhom,
    findSession: sessionSource(config),
    ...(config.telegram.stringSession === undefined ? {} : { loginHint: CONFIGURED_SESSION_HINT }),
    ...(testDc === undefined ? {} : { testDc }),
    onSelf: (self) => {
      const before = peers.self()?.id;
      learn(self);
      // Another account has waits of its own.
      if (before !== undefined && before !== peers.self()?.id) {
        floods.clear();
        watch();
      }
    },
    onStatus: () => onStatus(status()),
  });
  const status = (): TelegramStatus => {
    const now = connection.status();
    const flood = now.state === "ready" ? floods.longest() : undefined;
    return flood === undefined ? now : { state: "flood_waiting", method: flood.method, until: flood.until };
  };
  let watching: Promise<void> | undefined;
  let changed = new AbortController();
  /** Tells of the end of the flood waits. */
  const watchFloods = async (): Promise<void> => {
    for (let flood; !stop.signal.aborted && (flood = floods.longest()) !== undefined;) {
      const left = Math.min(Math.max(0, flood.until - Date.now()), LONGEST_TIMER_MS);
      await sleep(left, AbortSignal.any([stop.signal, changed.signal])).catch(() => {});
    }
    if (!stop.signal.aborted) onStatus(status());
  };
  const watch = (): void => {
    changed.abort();
    changed = new AbortController();
    watching ??= watchFloods().finally(() => watching = undefined);
  };
  if (floods.longest() !== undefined) watch();
  const begun: OnFlood = (flood) => {
    onFlood(flood);
    onStatus(status());
    watch();
  };
  const background = config.exportReadAhead;
  const takingTurns = createTurns({ limit: CONCURRENCY, background, longestWait: LONGEST_QUEUE_MS, floods });
  const gated = (wire: Call): Call => floodGate(wire, floods, { onFlood: begun });
  // The gate is behind the queue: it may have closed while a call waited its turn.
  const decorated = (wire: Call, allowed?: readonly MethodClass[]): Call =>
    guarded(measured(takingTurns(gated(wire)), observers.onCall), allowed);
  const call = decorated(budgeted(connection.call, db, accountId, { onProblem }));
  const takeout = decorated(connection.call, ["takeout"]);
  const centres = new AsyncDisposableStack();
  /** Other data centres know the account by keys that its session has vouched for. */
  const ways = new WeakMap<Session, Map<number, Call>>();
  const withDc = (dcId: number): Call => {
    const session = connection.session();
    if (session === undefined || dcId === session.dcId) return call;
    const known = ways.get(session) ?? new Map<number, Call>();
    ways.set(session, known);
    const way = known.get(dcId) ??
      decorated(
        centres.use(
          createDataCentre({
            ...asWhom,
            ...vouchedBy(gated(connection.call), dcId, { localOnly: testDc !== undefined }),
          }),
        ).call,
      );
    known.set(dcId, way);
    return way;
  };
  return {
    account: createAccount({ call, withDc, takeout }, peers, learn),
    status,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await watching;
      await centres.disposeAsync();
      await connection[Symbol.asyncDispose]();
    },
  };
}
