/**
 * Every user and chat that Telegram has told about, with the access hash to ask for it again; kept in SQLite, so that
 * numeric ids work after a restart (https://core.telegram.org/api/peers).
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { chatKindSchema } from "../model/chat.ts";
import { Api } from "../mtproto/gram.ts";
import type { Call } from "../mtproto/invoke.ts";
import { migrate } from "../storage/migrate.ts";
import { bareId } from "./ids.ts";
import { mapChat, mapUser, type Peer } from "./map/peer.ts";

/** The steps of its tables: see `storage/migrate.ts`. */
export const PEERS_SCHEMA = [
  `CREATE TABLE peers (
     account_id TEXT NOT NULL, id TEXT NOT NULL, bare_id TEXT NOT NULL, record TEXT NOT NULL,
     PRIMARY KEY (account_id, id)) STRICT;
   CREATE INDEX peers_by_bare_id ON peers (account_id, bare_id);
   CREATE TABLE usernames (
     account_id TEXT NOT NULL, username TEXT NOT NULL COLLATE NOCASE, peer_id TEXT NOT NULL,
     PRIMARY KEY (account_id, username)) STRICT;
   CREATE INDEX usernames_by_peer ON usernames (account_id, peer_id);`,
  `CREATE INDEX peers_by_title ON peers (account_id, record ->> 'title');`,
];

const recordSchema = z.object({
  id: z.string(),
  kind: chatKindSchema,
  title: z.string(),
  username: z.string().optional(),
  usernames: z.array(z.string()),
  accessHash: z.string().optional(),
  left: z.literal(true).optional(),
  forbidden: z.literal(true).optional(),
  protected: z.literal(true).optional(),
  members: z.number().optional(),
  contact: z.literal(true).optional(),
  migratedTo: z.string().optional(),
}) satisfies z.ZodType<Peer>;

/** How many peers are kept in memory in front of the database. */
const REMEMBERED = 10_000;
/** Asking for a username costs a budget with flood waits of hours, and a typing error is asked for more than once. */
const MISSING_MS = 10 * 60_000;

/** The peers of one account. */
export interface Peers {
  /** Takes in the users and chats of any TL answer. */
  learn(answer: unknown): void;
  get(id: string): Peer | undefined;
  byUsername(name: string): Peer | undefined;
  /** Users and chats of that exact title. */
  byTitle(title: string): readonly Peer[];
  /** Peers of any kind with that bare id. */
  byBareId(digits: string): readonly Peer[];
  /**
   * Users and chats of this process's answers that Telegram has shown in part only (`min`): good for comparing ids and
   * names, not for asking.
   */
  glimpsed(): Iterable<Peer>;
  /** The account itself, once it is known. */
  self(): Peer | undefined;
  /** Remembers for some minutes that nobody has a username. */
  miss(name: string): void;
  isMissing(name: string): boolean;
}

/**
 * Opens the peer tables of an account.
 * @param now milliseconds
 */
export function createPeers(db: DatabaseSync, accountId: string, now: () => number = Date.now): Peers {
  migrate(db, "peers", PEERS_SCHEMA);
  const select = db.prepare("SELECT record FROM peers WHERE account_id = ? AND id = ?");
  const selectBare = db.prepare("SELECT record FROM peers WHERE account_id = ? AND bare_id = ?");
  const selectName = db.prepare("SELECT peer_id FROM usernames WHERE account_id = ? AND username = ?");
  const selectTitle = db.prepare("SELECT record FROM peers WHERE account_id = ? AND record ->> 'title' = ?");
  const selectSelf = db.prepare("SELECT record FROM peers WHERE account_id = ? AND record ->> 'kind' = 'saved'");
  const upsert = db.prepare(
    "INSERT INTO peers VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
  );
  const forgetNames = db.prepare("DELETE FROM usernames WHERE account_id = ? AND peer_id = ?");
  const addName = db.prepare(
    "INSERT INTO usernames VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET peer_id = excluded.peer_id",
  );
  const remembered = new Map<string, { readonly peer: Peer; readonly record: string }>();
  const missing = new Map<string, number>();
  const glimpsed = new Map<string, Peer>();
  let self: Peer | undefined;

  const remember = (peer: Peer, record: string): Peer => {
    remembered.delete(peer.id);
    remembered.set(peer.id, { peer, record });
    for (const id of remembered.keys()) {
      if (remembered.size <= REMEMBERED) break;
      remembered.delete(id);
    }
    return peer;
  };
  const glimpse = (peer: Peer): void => {
    glimpsed.delete(peer.id);
    glimpsed.set(peer.id, peer);
    for (const id of glimpsed.keys()) {
      if (glimpsed.size <= REMEMBERED) break;
      glimpsed.delete(id);
    }
  };
  const read = (row: Record<string, unknown>): Peer => {
    const record = z.string().parse(row.record);
    const peer = recordSchema.parse(JSON.parse(record));
    return remember(peer, record);
  };
  const get = (id: string): Peer | undefined => {
    const known = remembered.get(id);
    if (known !== undefined) return known.peer;
    const row = select.get(accountId, id);
    return row === undefined ? undefined : read(row);
  };
  const findSelf = (): Peer | undefined => {
    if (self !== undefined) return self;
    const row = selectSelf.get(accountId);
    return row === undefined ? undefined : self = read(row);
  };
  const store = (told: Peer): void => {
    const accessHash = told.accessHash ?? get(told.id)?.accessHash;
    const peer = accessHash === undefined ? told : { ...told, accessHash };
    const record = JSON.stringify(peer);
    if (peer.kind === "saved" && (findSelf()?.id ?? peer.id) !== peer.id) forgetAll();
    const before = get(peer.id);
    remember(peer, record);
    if (peer.kind === "saved") self = peer;
    upsert.run(accountId, peer.id, bareId(peer.id).toString(), record);
    if (before?.usernames.join() === peer.usernames.join()) return;
    forgetNames.run(accountId, peer.id);
    for (const name of peer.usernames) {
      const former = byUsername(name);
      if (former !== undefined && former.id !== peer.id) store(withoutUsername(former, name));
      addName.run(accountId, name, peer.id);
    }
  };
  const byUsername = (name: string): Peer | undefined => {
    const row = selectName.get(accountId, name);
    return row === undefined ? undefined : get(z.string().parse(row.peer_id));
  };
  /** Access hashes belong to one account: after a login as somebody else none of them works. */
  const forgetAll = (): void => {
    remembered.clear();
    glimpsed.clear();
    self = undefined;
    db.prepare("DELETE FROM peers WHERE account_id = ?").run(accountId);
    db.prepare("DELETE FROM usernames WHERE account_id = ?").run(accountId);
  };

  return {
    get,
    learn: (answer) => {
      const all = peersOf(answer);
      for (const peer of all) if (peer.min) glimpse(peer);
      const peers = all.filter((peer) => !peer.min && remembered.get(peer.id)?.record !== JSON.stringify(peer));
      if (peers.length === 0) return;
      // IMMEDIATE: another process may write too, and a lock that is only asked for amid a transaction is not waited for.
      db.exec("BEGIN IMMEDIATE");
      try {
        // The account itself first: when it is another one, all that was known before it is forgotten.
        for (const peer of peers.sort((a, b) => Number(b.kind === "saved") - Number(a.kind === "saved"))) store(peer);
        db.exec("COMMIT");
      } catch (error) {
        remembered.clear();
        self = undefined;
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    },
    byUsername,
    glimpsed: () => glimpsed.values(),
    byTitle: (title) => selectTitle.all(accountId, title).map(read),
    byBareId: (digits) => selectBare.all(accountId, digits).map(read),
    self: findSelf,
    miss: (name) => {
      if (missing.size >= REMEMBERED) missing.clear();
      missing.set(name.toLowerCase(), now() + MISSING_MS);
    },
    isMissing: (name) => (missing.get(name.toLowerCase()) ?? 0) > now(),
  };
}

/** A peer that has lost one of its usernames to another: it may get it back, which must then be seen as a change. */
function withoutUsername({ username: _, ...peer }: Peer, lost: string): Peer {
  const usernames = peer.usernames.filter((name) => name.toLowerCase() !== lost.toLowerCase());
  return { ...peer, usernames, ...(usernames[0] === undefined ? {} : { username: usernames[0] }) };
}

/** The users and chats that an answer carries; `getUsers` answers with a bare vector of them. */
export function peersOf(answer: unknown): Peer[] {
  const parts = Array.isArray(answer) ? answer : carriedBy(answer);
  return parts.flatMap((part: unknown) => {
    const peer = isUser(part) ? mapUser(part) : isChat(part) ? mapChat(part) : undefined;
    return peer === undefined ? [] : [peer];
  });
}

function carriedBy(answer: unknown): unknown[] {
  if (typeof answer !== "object" || answer === null) return [];
  const users = "users" in answer && Array.isArray(answer.users) ? answer.users : [];
  const chats = "chats" in answer && Array.isArray(answer.chats) ? answer.chats : [];
  return [...users, ...chats];
}

const isUser = (part: unknown): part is Api.TypeUser => part instanceof Api.User;
const isChat = (part: unknown): part is Api.TypeChat =>
  [Api.Chat, Api.Channel, Api.ChatForbidden, Api.ChannelForbidden].some((type) => part instanceof type);

/** Learns from answers, and only reports when one cannot be learnt, from a full disk for one: it is a good answer still. */
export function createLearner(peers: Peers, onProblem: (problem: unknown) => void): (answer: unknown) => void {
  return (answer) => {
    try {
      peers.learn(answer);
    } catch (error) {
      onProblem(error);
    }
  };
}

/** A `Call` whose answers are learnt from. */
export function learning(call: Call, learn: (answer: unknown) => void): Call {
  return async (request, options) => {
    const answer = await call(request, options);
    learn(answer);
    return answer;
  };
}
