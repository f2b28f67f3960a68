/**
 * The flood waits in force, kept in the database: a restart does not make Telegram forget them either.
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { migrate } from "../storage/migrate.ts";

/** The steps of its tables: see `storage/migrate.ts`. */
export const FLOODS_SCHEMA = [
  `CREATE TABLE floods (
    account_id TEXT NOT NULL,
    method TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    PRIMARY KEY (account_id, method)
  ) STRICT`,
];

const rowSchema = z.object({ method: z.string(), until_ms: z.number(), seconds: z.number() })
  .transform(({ method, until_ms: until, seconds }): Flood => ({ method, until, seconds }));

/** A wait that Telegram has asked for. */
export interface Flood {
  /** The TL method that must not be sent. */
  readonly method: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** How long it was to last when Telegram asked for it. */
  readonly seconds: number;
}

/** What Telegram counts together, as far as can be seen from outside. */
export type MethodClass = "messages" | "names" | "files" | "chats";

/** After a flood wait the methods of its class are sent one at a time for so long. */
const CAREFUL_MS = 60_000;

/** The flood waits of one account. */
export interface Floods {
  /** The wait that is in force for a method. */
  find(method: string): Flood | undefined;
  /** The wait in force that ends last. */
  longest(): Flood | undefined;
  /** Telegram has asked to wait; of two waits for one method the one that ends later counts. */
  begin(method: string, seconds: number): Flood;
  /** Whether a wait of the class is in force, or has ended less than a minute ago. */
  isCareful(of: MethodClass): boolean;
  /** Forgets all of them: they were another account's. */
  clear(): void;
}

/**
 * The flood waits that a database knows of.
 * @param options.now milliseconds since the epoch
 * @param options.onProblem is told when a wait could not be kept, on a full disk for one: it is in force all the same
 */
export function createFloods(
  db: DatabaseSync,
  accountId: string,
  options: { readonly now?: () => number; readonly onProblem?: (problem: unknown) => void } = {},
): Floods {
  const { now = Date.now, onProblem = () => {} } = options;
  migrate(db, "floods", FLOODS_SCHEMA);
  const put = db.prepare(
    `INSERT INTO floods VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET until_ms = excluded.until_ms, seconds = excluded.seconds`,
  );
  const rows = db.prepare("SELECT method, until_ms, seconds FROM floods WHERE account_id = ?").all(accountId);
  const floods = new Map(z.array(rowSchema).parse(rows).map((flood) => [flood.method, flood]));

  /**
   * A clock that was set back does not make a wait longer than Telegram asked for: it counts from then anew. Nor does it bring
   * one back that is over.
   */
  const current = (flood: Flood): Flood => {
    const until = Math.min(flood.until, now() + flood.seconds * 1000);
    const seconds = until <= now() ? 0 : flood.seconds;
    if (until === flood.until && seconds === flood.seconds) return flood;
    const anew = { ...flood, until, seconds };
    floods.set(flood.method, anew);
    return anew;
  };
  const inForce = (): Flood[] => [...floods.values()].map(current).filter(({ until }) => until > now());
  const keep = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      onProblem(error);
    }
  };

  return {
    find: (method) => inForce().find((flood) => flood.method === method),
    longest: () =>
      inForce().reduce<Flood | undefined>((a, b) => a === undefined || a.until < b.until ? b : a, undefined),
    begin: (method, seconds) => {
      const until = now() + seconds * 1000;
      const known = inForce().find((flood) => flood.method === method);
      const flood = known !== undefined && known.until > until ? known : { method, until, seconds };
      floods.set(method, flood);
      keep(() => void put.run(accountId, method, Math.round(flood.until), Math.round(flood.seconds)));
      return flood;
    },
    isCareful: (of) =>
      [...floods.values()].some((flood) => classOf(flood.method) === of && current(flood).until + CAREFUL_MS > now()),
    clear: () => {
      floods.clear();
      keep(() => void db.prepare("DELETE FROM floods WHERE account_id = ?").run(accountId));
    },
  };
}

/** The class of a TL method that reads. */
export function classOf(method: string): MethodClass {
  if (method === "upload.GetFile") return "files";
  if (method === "contacts.ResolveUsername" || method === "messages.CheckChatInvite") return "names";
  return /\.(GetHistory|GetMessages|GetReplies|GetDiscussionMessage|Search|SearchGlobal)$/.test(method)
    ? "messages"
    : "chats";
}
