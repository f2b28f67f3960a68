/**
 * Reading the audit trail: by the server that writes it, or beside it.
 * @module
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import * as z from "zod";
import { jsonColumn, optionalColumn } from "../storage/columns.ts";
import type { AuditEntry } from "./audit_record.ts";

/** Which records. */
export interface AuditQuery {
  /** At most so many: the latest ones, or with `after` those that follow it. */
  readonly limit: number;
  /** Not older: milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** Id or name. */
  readonly principal?: string | undefined;
  readonly tool?: string | undefined;
  /** Only those behind the record of this number. */
  readonly after?: number | undefined;
}

/** What reads the trail. */
export interface AuditReader {
  /** Records in the order in which their calls ended. */
  tail(query: AuditQuery): readonly AuditEntry[];
  /**
   * The latest of them, for a program that serves others meanwhile: a part of the trail at a time, and of a long one only
   * the newer {@link SEARCHED} records.
   * @param pause lets others run between two parts
   */
  search(query: Omit<AuditQuery, "after">, pause?: () => Promise<void>): Promise<readonly AuditEntry[]>;
}

/** How far back a search looks, in records. */
export const SEARCHED = 1_000_000;
/** Records that are looked at at once: some five milliseconds. */
const PART = 20_000;

const rowsSchema = z.array(z.object({
  id: z.int(),
  accountId: z.string(),
  at: z.int(),
  principal: z.string(),
  name: optionalColumn(z.string()),
  tool: z.string(),
  chats: jsonColumn.pipe(z.array(z.string())),
  messages: optionalColumn(z.int()),
  outcome: z.string(),
  ms: z.int(),
  requestId: optionalColumn(z.string()),
  clientIp: optionalColumn(z.string()),
}));

const COLUMNS = "id, account_id AS accountId, at, principal, name, tool, chats, messages, outcome, ms, " +
  "request_id AS requestId, client_ip AS clientIp";

/** A reader of a database; before a server of this version has opened that, it has no records. */
export function readAudit(db: DatabaseSync): AuditReader {
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit'");
  /** Whether records have it as their id, not as a name. */
  const isId = (principal: string): boolean =>
    db.prepare("SELECT 1 FROM audit WHERE principal = ? LIMIT 1").get(principal) !== undefined;
  const select = (
    { limit, since, principal, tool, after }: AuditQuery,
    above?: number,
    upTo?: number,
  ): AuditEntry[] => {
    if (isThere.get() === undefined) return [];
    const wanted: readonly (readonly [condition: string, ...values: SQLInputValue[]])[] = [
      ...(since === undefined ? [] : [["at >= ?", since] as const]),
      ...(principal === undefined
        ? []
        : [[isId(principal) ? "principal = ?" : "name = ? COLLATE NOCASE", principal] as const]),
      ...(tool === undefined ? [] : [["tool = ?", tool] as const]),
      ...(after === undefined ? [] : [["id > ?", after] as const]),
      ...(above === undefined || upTo === undefined ? [] : [["id > ? AND id <= ?", above, upTo] as const]),
    ];
    const where = ["true", ...wanted.map(([condition]) => condition)].join(" AND ");
    const order = after === undefined ? "DESC" : "ASC";
    const rows = db.prepare(`SELECT ${COLUMNS} FROM audit WHERE ${where} ORDER BY id ${order} LIMIT ?`)
      .all(...wanted.flatMap(([, ...values]) => values), limit);
    const entries = rowsSchema.parse(rows);
    return after === undefined ? entries.reverse() : entries;
  };
  return {
    tail: (query) => select(query),
    search: async (query, pause = () => setImmediate()) => {
      const last = select({ limit: 1 })[0]?.id ?? 0;
      let found: readonly AuditEntry[] = [];
      for (let upTo = last; upTo > Math.max(0, last - SEARCHED) && found.length < query.limit; upTo -= PART) {
        if (upTo < last) await pause();
        found = [...select({ ...query, limit: query.limit - found.length }, upTo - PART, upTo), ...found];
      }
      return found;
    },
  };
}

const AGE_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** When records begin that are wanted: an age before now, or a date. */
export function sinceSchema(now: () => number): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const [, count, unit = ""] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
    if (count !== undefined) return now() - Number(count) * (AGE_MS[unit] ?? 0);
    if (z.iso.datetime({ offset: true }).safeParse(text).success) return Date.parse(text);
    context.addIssue({ code: "custom", message: "expected an age (30m, 2h, 7d, 2w) or RFC 3339 with zone" });
    return z.NEVER;
  });
}
