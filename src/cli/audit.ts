/**
 * The command `audit tail`: what was called, by whom, and how it ended; beside a running server or without one.
 * @module
 */
import { setTimeout as sleepMs } from "node:timers/promises";
import * as z from "zod";
import { auditLine } from "../auth/audit_record.ts";
import { readAudit, sinceSchema } from "../auth/audit_tail.ts";
import { readKeyNames } from "../auth/key_names.ts";
import { CONFIGURED } from "../auth/principals.ts";
import { loadConfig } from "../config/load.ts";
import { AppError } from "../errors.ts";
import { LOCAL_PRINCIPAL } from "../model/principal.ts";
import { type Database, readDataDirectory } from "../storage/open.ts";
import { createAuditLines } from "./audit_lines.ts";
import { tailAudit } from "./audit_follow.ts";
import { INTERRUPTED, listenForInterrupt } from "./interrupt.ts";
import { noSuchKey } from "./keys.ts";
import { writeOut } from "./tail.ts";

/** 128 and SIGPIPE: what programs end with whose reader has gone. */
const READER_GONE = 141;
const POLL_MS = 500;

const optionsSchema = z.object({
  lines: z.string().regex(/^\d{1,5}$/, "expected 0 to 99999").transform(Number).default(20),
  follow: z.literal(true).optional(),
  key: z.string().optional(),
  tool: z.string().optional(),
  since: sinceSchema(Date.now).optional(),
  json: z.literal(true).optional(),
});

/**
 * Prints the latest records, and with `--follow` those that come.
 * @returns the exit code
 * @throws AppError INPUT_VALIDATION, NOT_FOUND for a key that there never was, RESOURCE_EXHAUSTED for a database that cannot be read
 */
export async function auditTail(rawOptions: unknown): Promise<number> {
  const { json, key, ...options } = readOptions(rawOptions);
  const { dataDir } = loadConfig();
  using interrupt = listenForInterrupt();
  const { signal } = interrupt;
  const lines = createAuditLines();
  if (key !== undefined) {
    using db = readDataDirectory(dataDir);
    assertKnown(key, db);
  }
  try {
    await tailAudit({
      ...options,
      principal: key,
      open: () => readDataDirectory(dataDir),
      print: async (entries) => {
        const text = json ? entries.map(auditLine).join("") : lines(entries);
        await writeOut(new TextEncoder().encode(text), signal);
      },
      wait: async () => void await sleepMs(POLL_MS, undefined, { signal }),
    });
    return 0;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return READER_GONE;
    if (!signal.aborted) throw error;
    return INTERRUPTED;
  }
}

/** Also the trail knows keys: those that were removed from the table. */
function assertKnown(key: string, db: Database | undefined): void {
  if (key === LOCAL_PRINCIPAL.id || key === CONFIGURED.id) return;
  if (db !== undefined && readAudit(db).tail({ limit: 1, principal: key }).length > 0) return;
  const known = db === undefined ? [] : readKeyNames(db);
  const wanted = key.trim().normalize();
  const isKnown = known.some(({ id, name }) => id === wanted || name.toLowerCase() === wanted.toLowerCase());
  if (!isKnown) throw noSuchKey(key, known);
}

function readOptions(raw: unknown): z.output<typeof optionsSchema> {
  const { data, error } = optionsSchema.safeParse(raw);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const field = `--${String(issue?.path[0])}`;
  throw new AppError("INPUT_VALIDATION", `${field}: ${issue?.message}.`, { field });
}
