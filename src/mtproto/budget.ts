/**
 * A budget for lookups of names: whoever asks Telegram for too many in a row is made to wait for most of a day.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { AppError, type ErrorCode } from "../errors.ts";
import { migrate } from "../storage/migrate.ts";
import { methodOf } from "./guard.ts";
import type { Call } from "./invoke.ts";

const METHOD = "contacts.ResolveUsername";
/** Lookups in a row. */
const MOST = 30;
/** One more comes back in so long: 288 a day. */
const ONE_MORE_MS = 300_000;

const UNASKED: readonly ErrorCode[] = ["CONNECTION", "SESSION_INVALID"];

/** The steps of its tables: see `storage/migrate.ts`. */
export const LOOKUP_BUDGET_SCHEMA = [
  `CREATE TABLE lookup_budget (account_id TEXT PRIMARY KEY, spare REAL NOT NULL, at_ms INTEGER NOT NULL) STRICT`,
];
const rowSchema = z.object({ spare: z.number(), at_ms: z.number() });

/**
 * Lets lookups of usernames (TL method contacts.resolveUsername) pass while the account's budget lasts, restarts included.
 * Telegram does not say how many it allows; accounts were seen to be blocked for 15 hours and more after some 160 in a row.
 * @param options.now milliseconds since the epoch
 * @param options.onProblem is told when the budget could not be kept, on a full disk for one: it is spent all the same
 * @throws AppError RATE_LIMITED with `retry_after`
 */
export function budgeted(
  call: Call,
  db: DatabaseSync,
  accountId: string,
  options: { readonly now?: () => number; readonly onProblem?: (problem: unknown) => void } = {},
): Call {
  const { now = Date.now, onProblem = () => {} } = options;
  migrate(db, "lookup_budget", LOOKUP_BUDGET_SCHEMA);
  const row = db.prepare("SELECT spare, at_ms FROM lookup_budget WHERE account_id = ?").get(accountId);
  const put = db.prepare(
    "INSERT INTO lookup_budget VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET spare = excluded.spare, at_ms = excluded.at_ms",
  );
  let { spare, at_ms: at } = row === undefined ? { spare: MOST, at_ms: now() } : rowSchema.parse(row);
  const keep = (): void => {
    try {
      put.run(accountId, spare, Math.round(at));
    } catch (error) {
      onProblem(error);
    }
  };
  const spend = (): void => {
    spare = Math.min(MOST, spare + Math.max(0, now() - at) / ONE_MORE_MS);
    at = now();
    if (spare < 1) throw exhausted(Math.ceil((1 - spare) * ONE_MORE_MS / 1000));
    spare--;
    keep();
  };
  const giveBack = (): void => {
    spare = Math.min(MOST, spare + 1);
    keep();
  };
  return async (request, callOptions) => {
    if (methodOf(request) !== METHOD) return await call(request, callOptions);
    spend();
    try {
      return await call(request, callOptions);
    } catch (error) {
      // Telegram has not looked anything up.
      if (error instanceof AppError && UNASKED.includes(error.code)) giveBack();
      throw error;
    }
  };
}

function exhausted(retryAfter: number): AppError {
  const minutes = ONE_MORE_MS / 60_000;
  const message =
    `This server looks up ${MOST} names in a row and then one every ${minutes} minutes: Telegram blocks ` +
    "accounts that ask for more.";
  return new AppError("RATE_LIMITED", message, {
    retryAfter,
    hint: "Name the chat by its id, or by its title if it is in list_chats; or wait retry_after seconds.",
  });
}
