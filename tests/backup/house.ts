/**
 * Data directories with something of everything in them, and what is in one.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createKeyStore } from "../../src/auth/keys.ts";
import { pack } from "../../src/backup/archive.ts";
import { type BackupFile, FORMAT } from "../../src/backup/format.ts";
import { takeSnapshot } from "../../src/backup/snapshot.ts";
import { migrateAll } from "../../src/backup/tables.ts";
import { entriesOf } from "../../src/exports/tree.ts";
import { openDataDirectory } from "../../src/storage/open.ts";

/** A text that could be an export's id, of one letter. */
export const idOf = (letter: string): string => letter.repeat(26);

/** Fills a directory; its key, its session, its index and its export are called by a letter. */
export async function furnish(directory: string, letter: string): Promise<void> {
  using db = openDataDirectory(directory);
  migrateAll(db);
  createKeyStore(db, "default").create({ name: letter, scopes: ["read"] });
  await put(join(directory, "session"), `session of ${letter}\n`);
  await put(join(directory, "exports-index", idOf(letter)), `index of ${letter}`);
  await put(join(directory, "exports", idOf(letter), "messages.ndjson"), `export of ${letter}\n`);
}

/** Writes a file as this program does. */
export async function put(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(path, text, { mode: 0o600 });
}

/** What a directory has. */
export interface Contents {
  /** Names of the keys; undefined without a database. */
  readonly keys?: readonly string[];
  readonly session?: string;
  readonly indexes: readonly string[];
  readonly exports: readonly string[];
}

/** Looks into a directory, past all that refuses it. */
export async function contentsIn(directory: string): Promise<Contents> {
  const database = join(directory, "telegram-toolkit.sqlite");
  const session = await Deno.readTextFile(join(directory, "session")).catch(() => undefined);
  const names = async (folder: string): Promise<string[]> =>
    (await entriesOf(join(directory, folder))).map(({ name }) => name).toSorted();
  return {
    ...(await isThere(database) && { keys: keysIn(database) }),
    ...(session !== undefined && { session: session.trim() }),
    indexes: await names("exports-index"),
    exports: await names("exports"),
  };
}

/** What {@link furnish} has put there; a backup has no exports. */
export function furnished(letter: string, { exports = true }: { readonly exports?: boolean } = {}): Contents {
  const ids = [idOf(letter)];
  return { keys: [letter], session: `session of ${letter}`, indexes: ids, exports: exports ? ids : [] };
}

function keysIn(path: string): string[] {
  using db = new DatabaseSync(path);
  return db.prepare("SELECT name FROM api_keys ORDER BY name").all().map(({ name }) => String(name));
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** A backup of a directory, made in this process. */
export async function backupOf(directory: string): Promise<Uint8Array<ArrayBuffer>> {
  await using snapshot = await takeSnapshot(directory, { signal: new AbortController().signal, onWait: () => {} });
  return await packed(snapshot.folder, snapshot.files);
}

/** An archive of files as they are now. */
export async function archiveOf(folder: string, names: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const files = await Promise.all(names.map(async (name): Promise<BackupFile> => {
    const bytes = await Deno.readFile(join(folder, name));
    return { name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }));
  return await packed(folder, files);
}

async function packed(folder: string, files: readonly BackupFile[]): Promise<Uint8Array<ArrayBuffer>> {
  const program = { name: "telegram-toolkit-mcp", version: "0.0.0" };
  const created = "2030-01-01T00:00:00.000Z";
  const bytes = pack(folder, { schema: FORMAT, program, created, files: [...files] });
  return new Uint8Array(await new Response(bytes).arrayBuffer());
}

/** Calls back with a folder that is then removed. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "backup-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
