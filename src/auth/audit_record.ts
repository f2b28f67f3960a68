/**
 * What the audit trail remembers of a call: never what was asked or answered.
 * @module
 */

/** One call, as it is remembered. What is not known is absent. */
export interface AuditRecord {
  readonly accountId: string;
  /** Its id. */
  readonly principal: string;
  /** The name of its key, as it was then. */
  readonly name?: string;
  readonly tool: string;
  /** Marked ids. */
  readonly chats: readonly string[];
  /** How many were returned. */
  readonly messages?: number;
  /** `ok`, `CANCELLED` or the error's code. */
  readonly outcome: string;
  /** How long it took. */
  readonly ms: number;
  readonly requestId?: string;
  readonly clientIp?: string;
}

/** A record in the trail. */
export interface AuditEntry extends AuditRecord {
  /** Later ones have higher numbers. */
  readonly id: number;
  /** When the call ended: milliseconds since the epoch. */
  readonly at: number;
}

/** A record as JSON has it, on one line; what is not known is absent. */
export function auditLine({ at, principal, name, tool, chats, messages, outcome, ms, ...from }: AuditEntry): string {
  const { requestId: request_id, clientIp: client_ip } = from;
  const time = new Date(at).toISOString();
  return JSON.stringify({ time, principal, name, tool, chats, messages, outcome, ms, request_id, client_ip }) + "\n";
}
