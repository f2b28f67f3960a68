/**
 * The commands `keys list`, `show`, `revoke` and `rotate`. They change the database beside a server that runs, which notices.
 * @module
 */
import type { ApiKey } from "../auth/key_row.ts";
import { createKeyStore, type Issued, type KeyStore } from "../auth/keys.ts";
import type { Config } from "../config/config.ts";
import { loadConfig, warningsOf } from "../config/load.ts";
import { AppError } from "../errors.ts";
import { LOCAL_PRINCIPAL } from "../model/principal.ts";
import { visible } from "../model/visible.ts";
import { writeAll, writeToStderr } from "../observability/output.ts";
import { openDataDirectory } from "../storage/open.ts";
import { nearest } from "../telegram/candidates.ts";
import { readOptions, readRotateOptions } from "./keys_options.ts";
import { describeKey, keyBody, keyTable } from "./keys_text.ts";

/**
 * Shows all keys, those that are over too, since the audit trail names them.
 * @returns the exit code, as all commands do
 * @throws AppError, as all commands do
 */
export function listKeys(rawOptions: unknown): number {
  const { json } = readOptions(rawOptions);
  return withKeys(configure(), (keys) => {
    const [all, now] = [keys.list(), Date.now()];
    if (json) print(all.map((key) => keyBody(key, now)));
    else if (all.length > 0) writeAll(Deno.stdout, keyTable(all, now));
    else writeToStderr("There are no keys; `keys create --name NAME` makes one.\n");
    return 0;
  });
}

/** Shows one key: all but the key itself, which is not known any more. */
export function showKey(name: string, rawOptions: unknown): number {
  const { json } = readOptions(rawOptions);
  return withKeys(configure(), (keys) => {
    const [key, now] = [findKey(keys, name), Date.now()];
    if (json) print(keyBody(key, now));
    else writeAll(Deno.stdout, describeKey(key, now));
    return 0;
  });
}

/** Takes a key back. One that was taken back before stays as it is. */
export function revokeKey(name: string, rawOptions: unknown): number {
  const { json } = readOptions(rawOptions);
  return withKeys(configure(), (keys) => {
    const { id } = findKey(keys, name);
    const isNew = keys.revoke(id);
    const key = findKey(keys, id);
    if (json) print(keyBody(key, Date.now()));
    writeToStderr(
      isNew
        ? `${called(key)} is revoked: it is refused from now on, and what it has under way ends within a second.\n`
        : `${called(key)} was revoked already, ${key.revoked}.\n`,
    );
    return 0;
  });
}

/** Puts another key in place of one. */
export function rotateKey(name: string, rawOptions: unknown): number {
  const { grace = 0, expires, json } = readRotateOptions(rawOptions);
  return withKeys(configure(), (keys) => {
    const { id } = findKey(keys, name);
    const issued = keys.rotate(id, { graceSeconds: grace, ...(expires && { expires: inSeconds(expires) }) });
    const { formerUntil } = issued.key;
    const former = formerUntil === undefined ? "is refused from now on" : `is good until ${formerUntil}`;
    printIssued(issued, `${called(issued.key)} has another secret; the former one ${former}.`, json);
    return 0;
  });
}

/** Prints a new key on standard output, and on standard error what it is good for. */
export function printIssued({ key, secret }: Issued, said: string, json: true | undefined): void {
  const now = Date.now();
  if (json) print({ ...keyBody(key, now), key: secret });
  else writeAll(Deno.stdout, `${secret}\n`);
  writeToStderr(
    `${said}\n${describeKey(key, now)}` +
      "The key is shown this once. Clients send it in the header Authorization: Bearer KEY.\n",
  );
}

/** The configuration; what is odd about it is told. */
export function configure(): Config {
  const config = loadConfig();
  for (const warning of warningsOf(config)) writeToStderr(`${warning}\n`);
  return config;
}

/** Does something with the keys of the data directory, which a server may hold meanwhile. */
export function withKeys<T>({ dataDir }: Config, work: (keys: KeyStore) => T): T {
  using db = openDataDirectory(dataDir);
  return work(createKeyStore(db, LOCAL_PRINCIPAL.accountId));
}

/** The moment so many seconds from now, RFC 3339. */
export function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

/** How a key is named in a sentence. */
export function called({ name, id }: ApiKey): string {
  return `Key ${JSON.stringify(visible(name))} (${id})`;
}

function findKey(keys: KeyStore, name: string): ApiKey {
  const key = keys.find(name.trim().normalize());
  if (key === undefined) throw noSuchKey(name, keys.list());
  return key;
}

/** The error for a name or id that is no key's, with the nearest names. */
export function noSuchKey(name: string, known: readonly { readonly name: string }[]): AppError {
  // What is secret is not repeated, where others may read it.
  if (name.startsWith("tgk_")) {
    return new AppError("INPUT_VALIDATION", "That is a key, not its name or id.", {
      hint: "`keys list` shows both. A key that has been in a command line may be known to others: rotate it.",
    });
  }
  const near = nearest(name, known, (each) => [each.name]).map((each) => JSON.stringify(each.name));
  return new AppError("NOT_FOUND", `There is no key ${JSON.stringify(visible(name.slice(0, 80)))}.`, {
    hint: near.length === 0
      ? "`keys list` shows all there are."
      : `Did you mean ${[...new Set(near)].join(", ")}? \`keys list\` shows all there are.`,
  });
}

function print(body: unknown): void {
  writeAll(Deno.stdout, `${JSON.stringify(body)}\n`);
}
