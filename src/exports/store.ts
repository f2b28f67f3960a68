/**
 * The jobs in SQLite.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import * as z from "zod";
import { jsonColumn, optionalColumn } from "../storage/columns.ts";
import { isDiskError } from "../storage/disk_error.ts";
import { migrate } from "../storage/migrate.ts";
import { type ExportQuery, type ExportState, type Job, jobSchema, type Target } from "./job.ts";
import { createOpenTakeouts, type OpenTakeouts } from "./open_takeouts.ts";
import { notWritten } from "./disk.ts";

/** The steps of its tables: see `storage/migrate.ts`. */
export const EXPORTS_SCHEMA = [
  `CREATE TABLE exports (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    query TEXT NOT NULL,
    format TEXT NOT NULL,
    targets TEXT NOT NULL,
    created TEXT NOT NULL,
    state TEXT NOT NULL,
    plan TEXT,
    position TEXT,
    waiting TEXT,
    error TEXT,
    complete INTEGER,
    started TEXT,
    finished TEXT,
    bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX exports_by_owner ON exports (account_id, owner, created)`,
  "ALTER TABLE exports ADD COLUMN undelivered INTEGER NOT NULL DEFAULT 0",
];

/** Whose jobs are meant. */
export interface Owner {
  readonly id: string;
  readonly accountId: string;
}

/** What a job is made of. */
export interface Wanted {
  readonly query: ExportQuery;
  readonly targets: readonly Target[];
  /** Whether a command makes it, which delivers the files and then removes them. */
  readonly isForCommand?: boolean | undefined;
}

/** A place in a list, newest first. */
export interface ListPlace {
  readonly created: string;
  readonly id: string;
}

/** When a job ended, and its id for those of one moment. */
export interface FinishedPlace {
  /** RFC 3339. */
  readonly finished: string;
  readonly id: string;
}

/** The jobs of all owners. */
export interface ExportStore {
  /** A new job in the queue. @throws AppError RESOURCE_EXHAUSTED, as {@link ExportStore.save} */
  create(owner: Owner, wanted: Wanted, now: number): Job;
  get(id: string): Job | undefined;
  /** Jobs that are not over, oldest first. */
  unfinished(): Job[];
  /** Jobs that were cancelled or failed, and have no files. */
  withoutFiles(): Job[];
  /** An owner's jobs, newest first, and how many there are in all. */
  list(
    owner: Owner,
    options: { readonly states: readonly ExportState[]; readonly after?: ListPlace; readonly limit: number },
  ): { readonly jobs: Job[]; readonly total: number };
  /** An owner's jobs that are over, the last to end first; from a place on, its own included. */
  finished(owner: Owner, options: { readonly from?: FinishedPlace; readonly limit: number }): Job[];
  /** Whether nobody but a command knows of a job, and has not delivered its files yet. */
  isUndelivered(id: string): boolean;
  /** Those of an owner that are over, with this fingerprint, the last to end first. */
  undelivered(owner: Owner, print: string): Job[];
  /** Makes a job one like any other. @throws AppError RESOURCE_EXHAUSTED, as {@link ExportStore.save} */
  setDelivered(id: string): void;
  /** When a job was over, undefined while it is not; null where there is no job. */
  endOf(id: string): string | undefined | null;
  /** Jobs that were over by then, RFC 3339. */
  endedUntil(time: string): string[];
  /** Forgets a job. @throws AppError RESOURCE_EXHAUSTED, as {@link ExportStore.save} */
  remove(id: string): void;
  /**
   * Writes what changes in a job's life.
   * @throws AppError RESOURCE_EXHAUSTED when the disk does not take it
   */
  save(job: Job): void;
  readonly takeouts: OpenTakeouts;
}

/** A row as a job; its columns are named as the fields are. */
const rowSchema = z.object({
  id: z.string(),
  accountId: z.string(),
  owner: z.string(),
  fingerprint: z.string(),
  query: jsonColumn,
  targets: jsonColumn,
  created: z.string(),
  state: z.string(),
  plan: optionalColumn(jsonColumn),
  position: optionalColumn(jsonColumn),
  waiting: optionalColumn(jsonColumn),
  error: optionalColumn(jsonColumn),
  complete: optionalColumn(z.int().transform(Boolean)),
  started: optionalColumn(z.string()),
  finished: optionalColumn(z.string()),
  bytes: z.int(),
}).transform((row): Job => jobSchema.parse(row));

const COLUMNS =
  "id, account_id AS accountId, owner, fingerprint, query, targets, created, state, plan, position, waiting, error, " +
  "complete, started, finished, bytes";
const UNFINISHED = "state IN ('queued', 'running', 'waiting')";

const endSchema = z.object({ unfinished: z.int().transform(Boolean), finished: z.string() }).optional();

/** Opens the table. */
export function createExportStore(db: DatabaseSync): ExportStore {
  migrate(db, "exports", EXPORTS_SCHEMA);
  const insert = db.prepare(
    "INSERT INTO exports (id, account_id, owner, fingerprint, query, format, targets, created, undelivered, state) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')",
  );
  const update = db.prepare(
    "UPDATE exports SET state = ?, plan = ?, position = ?, waiting = ?, error = ?, complete = ?, started = ?, " +
      "finished = ?, bytes = ? WHERE id = ?",
  );
  const end = db.prepare(
    `SELECT ${UNFINISHED} AS unfinished, coalesce(finished, created) AS finished FROM exports WHERE id = ?`,
  );
  const read = (where: string, ...values: SQLInputValue[]): Job[] =>
    z.array(rowSchema).parse(db.prepare(`SELECT ${COLUMNS} FROM exports WHERE ${where}`).all(...values));
  return {
    takeouts: createOpenTakeouts(db),
    create: ({ id: owner, accountId }, { query, targets, isForCommand = false }, now) => {
      const [id, created] = [newId(), new Date(now).toISOString()];
      const print = fingerprint(query, targets);
      const texts = [JSON.stringify(query), query.format, JSON.stringify(targets)];
      toDisk(() => insert.run(id, accountId, owner, print, ...texts, created, Number(isForCommand)));
      // Read back as every later run has it: what is undefined here is absent in JSON.
      const [job] = read("id = ?", id);
      if (job === undefined) throw new RangeError("what was written is not there");
      return job;
    },
    get: (id) => read("id = ?", id)[0],
    unfinished: () => read(`${UNFINISHED} ORDER BY created, id`),
    withoutFiles: () => read("state IN ('cancelled', 'failed') AND bytes = 0 AND position IS NOT NULL"),
    list: ({ id: owner, accountId }, { states, after, limit }) => {
      const mine = `account_id = ? AND owner = ? AND state IN (${states.map(() => "?").join()})`;
      const count = db.prepare(`SELECT count(*) AS total FROM exports WHERE ${mine}`).get(accountId, owner, ...states);
      const place: ListPlace = after ?? { created: "9999", id: "" };
      const rest = `${mine} AND (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ?`;
      const jobs = read(rest, accountId, owner, ...states, place.created, place.id, limit);
      return { jobs, total: z.int().parse(count?.total) };
    },
    finished: ({ id: owner, accountId }, { from, limit }) => {
      const place: FinishedPlace = from ?? { finished: "9999", id: "" };
      const mine = "account_id = ? AND owner = ? AND (finished, id) <= (?, ?) ORDER BY finished DESC, id DESC LIMIT ?";
      return read(mine, accountId, owner, place.finished, place.id, limit);
    },
    isUndelivered: (id) => read("id = ? AND undelivered = 1", id).length > 0,
    undelivered: ({ id: owner, accountId }, print) => {
      const mine = `account_id = ? AND owner = ? AND fingerprint = ? AND undelivered = 1 AND NOT ${UNFINISHED}`;
      return read(`${mine} ORDER BY finished DESC, id DESC`, accountId, owner, print);
    },
    setDelivered: (id) => toDisk(() => void db.prepare("UPDATE exports SET undelivered = 0 WHERE id = ?").run(id)),
    endOf: (id) => {
      const row = endSchema.parse(end.get(id));
      return row === undefined ? null : row.unfinished ? undefined : row.finished;
    },
    endedUntil: (time) =>
      z.array(z.object({ id: z.string() })).parse(
        db.prepare(`SELECT id FROM exports WHERE NOT ${UNFINISHED} AND finished <= ?`).all(time),
      ).map(({ id }) => id),
    remove: (id) => toDisk(() => void db.prepare("DELETE FROM exports WHERE id = ?").run(id)),
    save: ({ id, state, plan, position, waiting, error, complete, started, finished, bytes }) => {
      const texts = [plan, position, waiting, error].map((each) => each === undefined ? null : JSON.stringify(each));
      const done = complete === undefined ? null : Number(complete);
      toDisk(() => update.run(state, ...texts, done, started ?? null, finished ?? null, bytes, id));
    },
  };
}

/**
 * Puts the jobs that are not over into the queue again, as if they had never run: for files that may not be those that their positions
 * tell of.
 * @returns their ids
 */
export function beginAgain(db: DatabaseSync): string[] {
  migrate(db, "exports", EXPORTS_SCHEMA);
  const rows = db.prepare(
    "UPDATE exports SET state = 'queued', plan = NULL, position = NULL, waiting = NULL, started = NULL " +
      `WHERE ${UNFINISHED} RETURNING id`,
  ).all();
  return z.array(z.object({ id: z.string() })).parse(rows).map(({ id }) => id);
}

/** Equal for queries that mean the same messages in the same form. */
export function fingerprint(
  { from, to, tz, type, limit, format, download_media, delta_of, takeout }: ExportQuery,
  targets: readonly Target[],
): string {
  const chats = targets.map(({ id, topic, sender }) => [id, topic, sender]);
  const added = { download_media, delta_of, takeout };
  return createHash("sha256").update(JSON.stringify([chats, from, to, tz, type, limit, format, added])).digest("hex");
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** Whether a text could be a job's id. */
export function isExportId(text: string): boolean {
  return /^[a-z2-7]{26}$/.test(text);
}

/** 128 random bits and two that are always 0: nobody guesses it. */
function newId(): string {
  let bits = BigInt(`0x${randomBytes(16).toString("hex")}`);
  let id = "";
  for (; id.length < 26; bits >>= 5n) id += ALPHABET[Number(bits & 31n)];
  return id;
}

function toDisk(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isDiskError(error)) throw error;
    throw notWritten("The database", error, "Free space on the disk of DATA_DIR; nothing is lost.");
  }
}
