/**
 * Reading the audit trail: by the server that writes it, or beside it.
 * @module
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { z } from "zod";
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
}

const optional = <S extends z.ZodType>(schema: S): z.ZodType<z.output<S> | undefined> =>
  z.union([z.null().transform(() => undefined), schema]);

const rowsSchema = z.array(z.object({
  id: z.int(),
  accountId: z.string(),
  at: z.int(),
  principal: z.string(),
  name: optional(z.string()),
  tool: z.string(),
  chats: z.string().transform((text): unknown => JSON.parse(text)).pipe(z.array(z.string())),
  messages: optional(z.int()),
  outcome: z.string(),
  ms: z.int(),
  requestId: optional(z.string()),
  clientIp: optional(z.string()),
}));

const COLUMNS = "id, account_id AS accountId, at, principal, name, tool, chats, messages, outcome, ms, " +
  "request_id AS requestId, client_ip AS clientIp";

/** A reader of a database; before a server of this version has opened that, it has no records. */
export function readAudit(db: DatabaseSync): AuditReader {
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit'");
  return {
    tail: ({ limit, since, principal, tool, after }) => {
      if (isThere.get() === undefined) return [];
      const wanted: readonly (readonly [condition: string, ...values: SQLInputValue[]])[] = [
        ...(since === undefined ? [] : [["at >= ?", since] as const]),
        ...(principal === undefined
          ? []
          : [["(principal = ? OR name = ? COLLATE NOCASE)", principal, principal] as const]),
        ...(tool === undefined ? [] : [["tool = ?", tool] as const]),
        ...(after === undefined ? [] : [["id > ?", after] as const]),
      ];
      const where = ["true", ...wanted.map(([condition]) => condition)].join(" AND ");
      const order = after === undefined ? "DESC" : "ASC";
      const rows = db.prepare(`SELECT ${COLUMNS} FROM audit WHERE ${where} ORDER BY id ${order} LIMIT ?`)
        .all(...wanted.flatMap(([, ...values]) => values), limit);
      const entries = rowsSchema.parse(rows);
      return after === undefined ? entries.reverse() : entries;
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
