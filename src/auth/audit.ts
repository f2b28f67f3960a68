/**
 * The audit trail: who called what, which chats that touched, how it ended. Never what was asked or answered.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../storage/migrate.ts";
import type { AuditRecord } from "./audit_record.ts";
import { type AuditReader, readAudit } from "./audit_tail.ts";

/** The trail while the program runs. Disposing writes what has not been written. */
export interface Audit extends AuditReader, Disposable {
  /** Adds a record of a call that ends now. Never throws, and waits for no disk. */
  append(record: AuditRecord): void;
}

/** Options of {@link createAudit}. */
export interface AuditOptions {
  /** Days that records are kept; 0 for ever. */
  readonly days: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Runs something after so many milliseconds, unless the returned function is called first. */
  readonly after?: (ms: number, run: () => void) => () => void;
  /** Told how many records could not be written, and why; and, of none, why old ones could not be removed. */
  readonly onProblem: (error: unknown, lost: number) => void;
}

/** The steps of its tables: see `storage/migrate.ts`. */
export const AUDIT_SCHEMA = [
  `CREATE TABLE audit (
     id INTEGER PRIMARY KEY AUTOINCREMENT, account_id TEXT NOT NULL, at INTEGER NOT NULL, principal TEXT NOT NULL, name TEXT,
     tool TEXT NOT NULL, chats TEXT NOT NULL, messages INTEGER, outcome TEXT NOT NULL, ms INTEGER NOT NULL,
     request_id TEXT, client_ip TEXT) STRICT;
   CREATE INDEX audit_by_time ON audit (at);`,
  "CREATE INDEX audit_by_principal ON audit (principal, id);",
];

const DAY_MS = 86_400_000;
/** A record written alone costs some 20 µs, one among many 4; see `tests/bench/audit.ts`. */
const MOST_PENDING = 100;
const LONGEST_PENDING_MS = 250;
/** Rows that are removed at once: about a hundredth of a second. */
const PRUNED_AT_ONCE = 10_000;

/** Opens the trail, and removes what is too old: now, and once a day. */
export function createAudit(
  db: DatabaseSync,
  { days, now = Date.now, after = afterMs, onProblem }: AuditOptions,
): Audit {
  migrate(db, "audit", AUDIT_SCHEMA);
  const insert = db.prepare(
    "INSERT INTO audit (account_id, at, principal, name, tool, chats, messages, outcome, ms, request_id, client_ip) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const prune = db.prepare(
    `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY at LIMIT ${PRUNED_AT_ONCE})`,
  );
  const reader = readAudit(db);
  let pending: (readonly [AuditRecord, at: number])[] = [];
  let cancelFlush: (() => void) | undefined;
  let cancelPrune: (() => void) | undefined;
  let isOpen = true;

  const write = ([record, at]: readonly [AuditRecord, number]): void => {
    const { accountId, principal, name, tool, chats, messages, outcome, ms, requestId, clientIp } = record;
    const who = [accountId, at, principal, name ?? null] as const;
    const what = [tool, JSON.stringify(chats), messages ?? null, outcome, Math.round(ms)] as const;
    insert.run(...who, ...what, requestId ?? null, clientIp ?? null);
  };
  const flush = (): void => {
    cancelFlush?.();
    cancelFlush = undefined;
    const records = pending;
    pending = [];
    if (records.length === 0) return;
    try {
      db.exec("BEGIN IMMEDIATE");
      for (const record of records) write(record);
      db.exec("COMMIT");
    } catch (error) {
      rollBack(db);
      onProblem(error, records.length);
    }
  };
  const pruneAll = (): void => {
    try {
      const { changes } = prune.run(now() - days * DAY_MS);
      cancelPrune = after(changes === PRUNED_AT_ONCE ? 0 : DAY_MS, pruneAll);
    } catch (error) {
      onProblem(error, 0);
      cancelPrune = after(DAY_MS, pruneAll);
    }
  };
  if (days > 0) pruneAll();

  return {
    append: (record) => {
      pending.push([record, now()]);
      if (!isOpen || pending.length >= MOST_PENDING) flush();
      else cancelFlush ??= after(LONGEST_PENDING_MS, flush);
    },
    tail: (query) => {
      flush();
      return reader.tail(query);
    },
    search: async (query, pause) => {
      flush();
      return await reader.search(query, pause);
    },
    [Symbol.dispose]: () => {
      isOpen = false;
      cancelPrune?.();
      flush();
    },
  };
}

/** As far as that can be done with a database that fails. */
function rollBack(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec("ROLLBACK");
  } catch {
    // The failure before is the one to tell.
  }
}

function afterMs(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
