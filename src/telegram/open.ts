/**
 * From a configuration to a connected account: the one place where the decorators of the seam are put together.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Config } from "../config/load.ts";
import { type Connection, type ConnectionOptions, createConnection } from "../mtproto/connection.ts";
import { createDataCentre } from "../mtproto/data_centre.ts";
import { floodGate, type OnFlood } from "../mtproto/flood.ts";
import { trustServerKey } from "../mtproto/gram.ts";
import { type Call, type CallEnd, guarded, limited, measured } from "../mtproto/invoke.ts";
import type { Sleep } from "../mtproto/live_wire.ts";
import { parseSession } from "../mtproto/session.ts";
import { type Account, createAccount } from "./account.ts";
import { createLearner, createPeers } from "./peers.ts";

/** Requests to Telegram under way at once. */
const CONCURRENCY = 2;
/** A request waits so long for its turn; with its own time-out behind it, callers hear within a minute whatever happens. */
const LONGEST_QUEUE_MS = 15_000;

/** Who wants to know what happens on the way to Telegram. */
export interface Observers extends Pick<ConnectionOptions, "onStatus" | "onProblem"> {
  readonly onCall?: (end: CallEnd) => void;
  readonly onFlood?: OnFlood;
}

/** An account and the connection that it is read through. */
export interface OpenAccount extends AsyncDisposable {
  readonly account: Account;
  readonly status: Connection["status"];
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
  const { apiId, stringSession, testDc, proxy } = config.telegram;
  if (testDc !== undefined) trustServerKey(testDc.publicKey);
  const peers = createPeers(db, accountId);
  const learn = createLearner(peers, observers.onProblem ?? (() => {}));
  const session = stringSession && apiId ? parseSession(stringSession.reveal()) : undefined;
  const asWhom = { apiId: apiId ?? 0, appVersion, requestTimeout: config.requestTimeout, proxy };
  const connection = createConnection({
    ...asWhom,
    ...(session === undefined ? {} : { session }),
    ...(testDc === undefined ? {} : { testDc }),
    onSelf: learn,
    ...observers,
  });
  // The gate is behind the queue: it may have closed while a call waited its turn.
  const decorated = (wire: Call): Call =>
    guarded(
      measured(
        limited(floodGate(wire, { onFlood: observers.onFlood }), CONCURRENCY, LONGEST_QUEUE_MS),
        observers.onCall,
      ),
    );
  const call = decorated(connection.call);
  const centres = new AsyncDisposableStack();
  const ways = new Map<number, Call>();
  const withDc = (dcId: number): Call => {
    const known = dcId === session?.dcId ? call : ways.get(dcId);
    if (known !== undefined) return known;
    const { onProblem } = observers;
    const sleep: Sleep = (ms, signal) => sleepMs(ms, undefined, { signal });
    const centre = centres.use(createDataCentre({ ...asWhom, dcId, home: connection.call, sleep, onProblem }));
    const way = decorated(centre.call);
    ways.set(dcId, way);
    return way;
  };
  return {
    account: createAccount({ call, withDc }, peers, learn),
    status: connection.status,
    [Symbol.asyncDispose]: async () => {
      await centres.disposeAsync();
      await connection[Symbol.asyncDispose]();
    },
  };
}
