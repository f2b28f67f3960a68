/**
 * From a configuration to a connected account: the one place where the decorators of the seam are put together.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Config } from "../config/load.ts";
import { type Connection, type ConnectionOptions, createConnection } from "../mtproto/connection.ts";
import { floodGate, type OnFlood } from "../mtproto/flood.ts";
import { trustServerKey } from "../mtproto/gram.ts";
import { type CallEnd, guarded, limited, measured } from "../mtproto/invoke.ts";
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
  const { apiId, stringSession, testDc } = config.telegram;
  if (testDc !== undefined) trustServerKey(testDc.publicKey);
  const peers = createPeers(db, accountId);
  const learn = createLearner(peers, observers.onProblem ?? (() => {}));
  const connection = createConnection({
    ...(stringSession === undefined || apiId === undefined ? {} : { session: parseSession(stringSession.reveal()) }),
    apiId: apiId ?? 0,
    appVersion,
    requestTimeout: config.requestTimeout,
    ...(testDc === undefined ? {} : { testDc }),
    onSelf: learn,
    ...observers,
  });
  // The gate is behind the queue: it may have closed while a call waited its turn.
  const gated = limited(floodGate(connection.call, { onFlood: observers.onFlood }), CONCURRENCY, LONGEST_QUEUE_MS);
  const call = guarded(measured(gated, observers.onCall ?? (() => {})));
  return {
    account: createAccount(call, peers, learn),
    status: connection.status,
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}
