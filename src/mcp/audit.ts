/**
 * Calls and exports as the audit trail remembers them.
 * @module
 */
import type { AuditRecord } from "../auth/audit_record.ts";
import type { Job } from "../exports/job.ts";
import type { CallRecord } from "./call_record.ts";

/** A call that has ended. */
export function auditOf({ principal, status, seconds, ...call }: CallRecord): AuditRecord {
  const { tool, chats, messages, requestId, clientIp } = call;
  return {
    accountId: principal.accountId,
    principal: principal.id,
    name: principal.name,
    tool,
    chats,
    messages,
    outcome: status,
    ms: seconds * 1000,
    requestId,
    clientIp,
  };
}

/**
 * An export that is over: a record of its own, since the call that began it ended long before.
 * @param name of the key whose it is, if it is one's
 */
export function auditOfExport(job: Job, name: string | undefined): AuditRecord {
  const { state, error, plan, position, started, finished } = job;
  return {
    accountId: job.accountId,
    principal: job.owner,
    name,
    tool: "export",
    chats: [...new Set(plan?.segments.map(({ id }) => id))],
    messages: position?.written ?? 0,
    outcome: state === "completed" ? "ok" : state === "cancelled" ? "CANCELLED" : error?.code ?? "INTERNAL",
    ms: started === undefined || finished === undefined ? 0 : Date.parse(finished) - Date.parse(started),
  };
}
