/**
 * The auth keys that the data centre knows, kept in a file when there is a state directory.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";

/** The data centre that keys belong to unless they were made for another. */
export const HOME_DC = 2;
/** The data centre with a listener of its own, where a part of the files lies. */
export const AWAY_DC = 5;

/** One client's key. */
export interface AuthKey {
  /** The last 8 bytes of the key's SHA-1, in hexadecimal. */
  readonly id: string;
  readonly key: Buffer;
  readonly dcId: number;
  /** The user signed in on it. */
  readonly userId?: bigint;
  /** Unix seconds. */
  readonly created: number;
  /** Whether it is the key of the session file. */
  readonly owner?: boolean;
  /** Why nobody is signed in on it any more, until somebody is again. */
  readonly refusal?: Refusal;
}

/** Why Telegram ends a session: https://core.telegram.org/api/errors. */
export const Refusal = z.enum([
  "AUTH_KEY_UNREGISTERED",
  "SESSION_REVOKED",
  "USER_DEACTIVATED",
  "AUTH_KEY_DUPLICATED",
]);
export type Refusal = z.infer<typeof Refusal>;

/** The known keys by id. */
export interface KeyStore {
  get(id: string): AuthKey | undefined;
  /** Adds a key or replaces what is known of it. */
  put(key: AuthKey): void;
  remove(id: string): void;
  /** Signs a user in on a key. */
  signIn(key: AuthKey, userId: bigint): void;
  /** Signs out the keys of a user, or all keys, which answer with `reason` from then on; returns how many. */
  revoke(reason: Refusal, userId?: bigint): number;
  /** The session file's key, made on the first call and signed in as `userId`. */
  owner(userId: bigint): AuthKey;
}

const File = z.array(z.object({
  key: z.base64(),
  dc: z.int(),
  user: z.string().regex(/^\d+$/).optional(),
  created: z.int(),
  owner: z.boolean().optional(),
  refusal: Refusal.optional(),
}));

/** A key's id from its bytes; see https://core.telegram.org/mtproto/description#key-identifier-auth-key-id. */
export function keyId(key: Uint8Array): string {
  return createHash("sha1").update(key).digest().toString("hex", 12, 20);
}

/**
 * Opens the store.
 * @param options.directory where `keys.json` lies (mode 0600); nothing is kept without it. Several processes may share it: each
 * writes under a lock what it changed, and looks again before it calls a key unknown.
 * @param options.now Unix seconds
 */
export function createKeyStore(options: { directory?: string; now?: () => number } = {}): KeyStore {
  const { directory, now = (): number => Math.floor(Date.now() / 1000) } = options;
  const known = new Map<string, AuthKey>();
  const removed = new Set<string>();
  const file = directory === undefined ? undefined : createFile(directory);

  function load(): void {
    for (const key of file?.read() ?? []) if (!removed.has(key.id)) known.set(key.id, known.get(key.id) ?? key);
  }
  function change(apply: () => void): void {
    if (file === undefined) return apply();
    file.locked(() => {
      load();
      apply();
      file.write([...known.values()]);
    });
  }
  load();
  return {
    get(id): AuthKey | undefined {
      if (!known.has(id)) load();
      return known.get(id);
    },
    put: (key) => change(() => known.set(key.id, key)),
    remove: (id) => change(() => removed.add(id) && known.delete(id)),
    signIn: (key, userId) =>
      change(() => known.set(key.id, { ...known.get(key.id) ?? key, userId, refusal: undefined })),
    revoke(reason, userId): number {
      let count = 0;
      change(() => {
        for (const key of known.values()) {
          if (userId !== undefined && key.userId !== userId) continue;
          known.set(key.id, { ...key, userId: undefined, owner: undefined, refusal: reason });
          count++;
        }
      });
      return count;
    },
    owner(userId): AuthKey {
      const find = (): AuthKey | undefined => known.values().find((key) => key.owner && key.userId === userId);
      if (find() === undefined) {
        change(() => {
          if (find() !== undefined) return;
          const key = randomBytes(256);
          known.set(keyId(key), { id: keyId(key), key, dcId: HOME_DC, userId, created: now(), owner: true });
        });
      }
      const owner = find();
      if (owner === undefined) throw new Error("the owner's key was not kept");
      return owner;
    },
  };
}

interface KeyFile {
  read(): AuthKey[];
  write(keys: readonly AuthKey[]): void;
  locked(action: () => void): void;
}

function createFile(directory: string): KeyFile {
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "keys.json");
  return {
    read(): AuthKey[] {
      return File.parse(JSON.parse(readText(path) ?? "[]")).map(({ key: text, dc, user, ...rest }) => {
        const key = Buffer.from(text, "base64");
        return { id: keyId(key), key, dcId: dc, userId: user === undefined ? undefined : BigInt(user), ...rest };
      });
    },
    write(keys): void {
      const rows = keys.map(({ key, dcId, userId, created, owner, refusal }) => (
        { key: key.toString("base64"), dc: dcId, user: userId?.toString(), created, owner, refusal }
      ));
      const temporary = `${path}.${Deno.pid}`;
      Deno.writeTextFileSync(temporary, JSON.stringify(rows, null, 1), { mode: 0o600 });
      Deno.renameSync(temporary, path);
    },
    locked(action): void {
      using lock = Deno.openSync(`${path}.lock`, { create: true, write: true, mode: 0o600 });
      lock.lockSync(true);
      action();
    },
  };
}

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * A key as GramJS and Telethon carry sessions about: `1`, then base64 of the data centre, its address, its port and the key.
 * @param address where the client believes the data centre to be
 */
export function stringSession(key: AuthKey, address: string, port: number): string {
  const host = Buffer.from(address);
  const head = Buffer.alloc(3);
  head.writeUInt8(key.dcId);
  head.writeInt16BE(host.length, 1);
  const tail = Buffer.alloc(2);
  tail.writeInt16BE(port);
  return `1${Buffer.concat([head, host, tail, key.key]).toString("base64")}`;
}
