/**
 * What everything reads from, built from a configuration: the database, the account and its exports.
 * @module
 */
import { join } from "node:path";
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Config } from "./config/config.ts";
import type { FinishedExports } from "./exports/files.ts";
import { createFinishedExports } from "./exports/finished.ts";
import { createHousekeeping, type Housekeeping } from "./exports/housekeeping.ts";
import type { MediaLimits } from "./exports/media.ts";
import { createExports, type ExportsOptions } from "./exports/runner.ts";
import { createExportStore } from "./exports/store.ts";
import type { SweepOptions } from "./exports/sweep.ts";
import { createKeyStore } from "./auth/keys.ts";
import { type Audit, createAudit } from "./auth/audit.ts";
import { createPrincipals, type Principals } from "./auth/principals.ts";
import { auditOfExport } from "./mcp/audit.ts";
import { createCursors } from "./mcp/cursor.ts";
import { createExportLinks } from "./mcp/export_links.ts";
import { createMediaLinks } from "./mcp/media_links.ts";
import type { Sources } from "./mcp/reading.ts";
import { LOCAL_PRINCIPAL, type Principal } from "./model/principal.ts";
import type { Account } from "./telegram/account.ts";
import { EXPORTS_FOLDER, INDEXES_FOLDER } from "./storage/contents.ts";
import { openDataDirectory } from "./storage/open.ts";
import { loadSecret } from "./storage/secret.ts";
import { type Observers as AccountObservers, type OpenAccount, openAccount } from "./telegram/open.ts";
import { restrict } from "./telegram/restrict.ts";
import { VERSION } from "./version.ts";

/** Who is told of what happens. */
export interface Observers extends AccountObservers, Pick<ExportsOptions, "onFinish">, Pick<SweepOptions, "onRemoved"> {
  /** Told of what goes wrong with exports and no caller hears of. */
  readonly onExportProblem?: (problem: unknown) => void;
  /** The same of keys. */
  readonly onKeyProblem?: (problem: unknown) => void;
  /** Told how many records of the audit trail could not be written, and why. */
  readonly onAuditProblem?: (problem: unknown, lost: number) => void;
}

/** Sources while they are open. */
export interface OpenSources extends AsyncDisposable {
  readonly sources: Sources;
  readonly principals: Principals;
  readonly audit: Audit;
  readonly finished: FinishedExports;
  readonly housekeeping: Housekeeping;
  readonly status: OpenAccount["status"];
}

/**
 * Opens them and starts connecting to Telegram in the background. The data directory must be held.
 * @param options.isServer whether exports that earlier runs left unfinished go on, and the age and the room that they may have count: a
 * command is not told them, and its user waits for it
 * @param options.localKey the key of commands on this machine
 * @throws AppError when the data directory or the session cannot be used, UNSUPPORTED for a server that nobody could ask
 */
export async function openSources(
  config: Config,
  { isServer, localKey, onFinish, onRemoved, onExportProblem, onKeyProblem, onAuditProblem = () => {}, ...observers }:
    & Observers
    & {
      readonly isServer: boolean;
      readonly localKey?: string;
    },
): Promise<OpenSources> {
  const { http: { publicUrl }, dataDir, floodSleepThreshold, maxPageSize, allowProtectedMedia } = config;
  const now = Date.now;
  await using stack = new AsyncDisposableStack();
  const db = stack.use(openDataDirectory(dataDir));
  const days = isServer ? config.auditDays : 0;
  const audit = stack.use(createAudit(db, { days, now, onProblem: onAuditProblem }));
  const keys = createKeyStore(db, LOCAL_PRINCIPAL.accountId, { now });
  const principals = stack.use(createPrincipals({
    keys,
    now,
    ...(onKeyProblem && { onProblem: onKeyProblem }),
    ...(localKey !== undefined && { localKey }),
    ...(config.auth.apiKey && { configuredKey: config.auth.apiKey.reveal() }),
  }));
  const asWhom = { db, accountId: LOCAL_PRINCIPAL.accountId, appVersion: VERSION };
  const { account, status } = stack.use(openAccount(config, { ...asWhom, ...observers }));
  const viewOf = ({ chats }: Principal, whole: Account): Account =>
    chats === undefined ? whole : restrict(whole, chats);
  const directory = join(dataDir, EXPORTS_FOLDER);
  const store = createExportStore(db);
  const shared = {
    store,
    directory,
    now,
    sleep: (seconds: number, signal?: AbortSignal) => sleepMs(seconds * 1000, undefined, { signal }),
    ...(onExportProblem && { onProblem: onExportProblem }),
  };
  const housekeeping = stack.use(createHousekeeping({
    ...shared,
    ...(isServer ? config.exports : { maxAgeHours: 0, maxBytes: 0 }),
    indexes: join(dataDir, INDEXES_FOLDER),
    ...(onRemoved && { onRemoved }),
  }));
  const exports = stack.use(createExports({
    ...shared,
    account,
    actingAs: (owner) => {
      const principal = principals.find(owner);
      return principal && { view: (whole) => viewOf(principal, whole), revoked: principals.revoked(owner) };
    },
    housekeeping,
    limits: mediaLimits(config),
    readAhead: config.exportReadAhead,
    resume: isServer,
    onFinish: (job) => {
      // The end of a key ends its exports, and what is recorded then is still in its name.
      const owner = keys.find(job.owner);
      audit.append(auditOfExport(job, owner?.id === job.owner ? owner.name : undefined));
      onFinish?.(job);
    },
  }));
  const sources: Sources = {
    accountOf: (principal) => viewOf(principal, account),
    exports,
    cursors: createCursors(loadSecret(db, "cursor")),
    links: createMediaLinks({ key: loadSecret(db, "media"), publicUrl, now }),
    exportLinks: createExportLinks({ key: loadSecret(db, "export"), publicUrl, now }),
    patience: floodSleepThreshold,
    maxPageSize,
    allowProtected: allowProtectedMedia,
    now,
  };
  const opened = stack.move();
  return {
    sources,
    principals,
    audit,
    finished: createFinishedExports(store, directory, onExportProblem),
    housekeeping,
    status,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What exports may download. */
function mediaLimits({ allowProtectedMedia, exportMedia: { maxFileBytes, maxFiles } }: Config): MediaLimits {
  return { maxFileBytes: maxFileBytes || Infinity, maxFiles, allowProtected: allowProtectedMedia };
}
