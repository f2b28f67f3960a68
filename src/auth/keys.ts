/**
 * API keys in SQLite. Commands change them in processes of their own while a server looks them up.
 * @module
 */
import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../errors.ts";
import type { Principal } from "../model/principal.ts";
import { migrate } from "../storage/migrate.ts";
import { generateKey, hashKey } from "./key.ts";
import {
  type ApiKey,
  COLUMNS,
  type GoodSecret,
  goodSecretSchema,
  readKeys,
  stateOf,
  type WantedKey,
} from "./key_row.ts";

/** The steps of its tables: see `storage/migrate.ts`. */
export const KEYS_SCHEMA = [
  `CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    hash BLOB NOT NULL UNIQUE,
    former_hash BLOB UNIQUE,
    former_until TEXT,
    scopes TEXT NOT NULL,
    chats TEXT,
    rate TEXT,
    created TEXT NOT NULL,
    rotated TEXT,
    expires TEXT,
    revoked TEXT,
    last_used TEXT,
    uses INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX api_keys_by_name ON api_keys (account_id, name)`,
];

/** A key as it is known, and the secret that is shown this once. */
export interface Issued {
  readonly key: ApiKey;
  readonly secret: string;
}

/** How often a key was used since that was last written. */
export interface Uses {
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly last: number;
}

/** The keys of one account. */
export interface KeyStore {
  /**
   * A new key.
   * @throws AppError INPUT_VALIDATION when a key that may be used has the name
   */
  create(wanted: WantedKey): Issued;
  /** @throws AppError INPUT_VALIDATION when a key that may be used has the name */
  assertFree(name: string): void;
  /** All there ever were, oldest first. */
  list(): ApiKey[];
  /** By id, or by name: the one that may be used, else the last one that was called so. */
  find(idOrName: string): ApiKey | undefined;
  /** The key of a secret's hash, if it may be used now. */
  findByHash(hash: Uint8Array): ApiKey | undefined;
  /** The key with that id, if it may be used now. */
  findLive(id: string): ApiKey | undefined;
  /** From now on it is refused; false when it was already. */
  revoke(id: string): boolean;
  /**
   * Another secret under the same id, so that what belongs to the key stays its own. The former one is refused from now on, or once
   * so many seconds have passed; the one before it at once.
   * @param options.expires RFC 3339, in place of what was said before
   * @throws AppError UNSUPPORTED for a key that may not be used any more
   */
  rotate(id: string, options?: { readonly graceSeconds?: number; readonly expires?: string }): Issued;
  /** Adds uses by the keys' ids. */
  addUses(uses: ReadonlyMap<string, Uses>): void;
  /** Every secret that is good now: one a key, or two for a while after it was rotated. */
  goodSecrets(): GoodSecret[];
  /**
   * A number that is another one after each change that another process, or another connection of this one, has made to the
   * database. It costs a microsecond and reads no table: https://www.sqlite.org/pragma.html#pragma_data_version
   */
  changes(): number;
}

/** `:now` is compared as text, which RFC 3339 in UTC with three digits of milliseconds lets be. */
const LIVE = "revoked IS NULL AND (expires IS NULL OR expires > :now)";

/**
 * Opens the table.
 * @param options.now milliseconds since the epoch
 */
export function createKeyStore(
  db: DatabaseSync,
  accountId: Principal["accountId"],
  { now = Date.now }: { readonly now?: () => number } = {},
): KeyStore {
  migrate(db, "keys", KEYS_SCHEMA);
  const moment = (): string => new Date(now()).toISOString();
  const select = (where: string): ReturnType<DatabaseSync["prepare"]> =>
    db.prepare(`SELECT ${COLUMNS} FROM api_keys WHERE account_id = :account AND ${where}`);
  const byHash = select(`(hash = :hash OR (former_hash = :hash AND former_until > :now)) AND ${LIVE}`);
  const byId = select(`id = :id AND ${LIVE}`);
  const named = select(`(id = :name OR name = :name) ORDER BY id = :name DESC, ${LIVE} DESC, created DESC, rowid DESC`);
  const namedLive = select(`name = :name AND ${LIVE}`);
  const goodSecrets = db.prepare(
    `SELECT id, lower(hex(hash)) AS hash, expires AS until FROM api_keys WHERE account_id = :account AND ${LIVE} UNION ALL ` +
      "SELECT id, lower(hex(former_hash)), former_until FROM api_keys " +
      `WHERE account_id = :account AND former_until > :now AND ${LIVE}`,
  );
  const version = db.prepare("PRAGMA data_version");
  const account = accountId;

  const assertFree = (name: string): void => {
    const [taken] = readKeys(namedLive.all({ account, name, now: moment() }));
    if (taken === undefined) return;
    throw new AppError("INPUT_VALIDATION", `There is a key named ${JSON.stringify(taken.name)} already: ${taken.id}.`, {
      field: "name",
      hint: "Choose another name; or `keys rotate` gives that key a new secret, `keys revoke` takes it back.",
    });
  };
  const find = (name: string): ApiKey | undefined => readKeys(named.all({ account, name, now: moment() }))[0];
  const get = (id: string): ApiKey => {
    const key = find(id);
    if (key === undefined) throw new RangeError("what was written is not there");
    return key;
  };
  return {
    assertFree,
    create: ({ name, scopes, chats, rate, expires }) => {
      const [id, secret] = [newId(), generateKey()];
      const texts = [JSON.stringify(scopes), chats ? JSON.stringify(chats) : null, rate ? JSON.stringify(rate) : null];
      atomically(db, () => {
        assertFree(name);
        db.prepare(
          "INSERT INTO api_keys (id, account_id, name, hash, scopes, chats, rate, created, expires) " +
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ).run(id, account, name, hashKey(secret), ...texts, moment(), expires ?? null);
      });
      return { key: get(id), secret };
    },
    list: () => readKeys(select("true ORDER BY created, rowid").all({ account })),
    find,
    findByHash: (hash) => readKeys(byHash.all({ account, hash, now: moment() }))[0],
    findLive: (id) => readKeys(byId.all({ account, id, now: moment() }))[0],
    revoke: (id) => {
      const revoking = db.prepare(
        "UPDATE api_keys SET revoked = ?, former_hash = NULL, former_until = NULL " +
          "WHERE account_id = ? AND id = ? AND revoked IS NULL",
      );
      return revoking.run(moment(), account, id).changes === 1;
    },
    rotate: (id, { graceSeconds = 0, expires } = {}) => {
      const secret = generateKey();
      const time = now();
      const until = graceSeconds > 0 ? new Date(time + graceSeconds * 1000).toISOString() : null;
      atomically(db, () => {
        const key = find(id);
        const state = key && stateOf(key, time);
        if (key === undefined || state !== "active") throw notRotated(key, state);
        db.prepare(
          "UPDATE api_keys SET former_hash = hash, former_until = ?, hash = ?, rotated = ?, " +
            "expires = ? WHERE account_id = ? AND id = ?",
        ).run(until, hashKey(secret), new Date(time).toISOString(), expires ?? key.expires ?? null, account, id);
      });
      return { key: get(id), secret };
    },
    addUses: (uses) => {
      const add = db.prepare(
        "UPDATE api_keys SET uses = uses + ?, last_used = max(coalesce(last_used, ''), ?) WHERE account_id = ? AND id = ?",
      );
      atomically(db, () => {
        for (const [id, { count, last }] of uses) add.run(count, new Date(last).toISOString(), account, id);
      });
    },
    goodSecrets: () => goodSecrets.all({ account, now: moment() }).map((row) => goodSecretSchema.parse(row)),
    changes: () => Number(version.get()?.data_version),
  };
}

/** All of it or nothing; nobody else writes meanwhile. */
function atomically(db: DatabaseSync, work: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    work();
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function notRotated(key: ApiKey | undefined, state: string | undefined): AppError {
  if (key === undefined) return new AppError("NOT_FOUND", "There is no such key.");
  return new AppError("UNSUPPORTED", `The key ${JSON.stringify(key.name)} (${key.id}) is ${state}.`, {
    hint: "Create another one with `keys create`; its name is free again.",
  });
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** 50 random bits: an id is no secret, and no two keys have the same. */
function newId(): string {
  return `k_${Array.from(randomBytes(10), (byte) => ALPHABET[byte & 31]).join("")}`;
}
