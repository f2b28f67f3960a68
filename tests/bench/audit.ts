/**
 * What the audit trail costs: a record alone, a record among many, and removing a day of them.
 * @module
 */
import { join } from "node:path";
import { createAudit } from "../../src/auth/audit.ts";
import type { AuditRecord } from "../../src/auth/audit_record.ts";
import { openDataDirectory } from "../../src/storage/open.ts";
import type { Row } from "./jobs.ts";

const COUNT = 50_000;
const RECORD: AuditRecord = {
  accountId: "default",
  principal: "local",
  tool: "fetch_history",
  chats: ["-1002000000001"],
  messages: 50,
  outcome: "ok",
  ms: 12,
  requestId: crypto.randomUUID(),
  clientIp: "127.0.0.1",
};

/**
 * Appends many records, each on its own and then as the server does.
 * @param directory on the disk to measure
 * @param callsPerSecond of the smallest call of a tool, to compare with
 */
export function audit(directory: string, callsPerSecond: number): Row[] {
  const failed = (error: unknown): never => {
    throw error;
  };
  using db = openDataDirectory(join(directory, "audit"));
  const timed = (work: () => void): number => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  };
  using trail = createAudit(db, { days: 0, after: () => () => {}, onProblem: failed });
  const alone = timed(() => {
    for (let i = 0; i < COUNT; i++) {
      trail.append(RECORD);
      trail.tail({ limit: 0 });
    }
  });
  const reading = timed(() => {
    for (let i = 0; i < COUNT; i++) trail.tail({ limit: 0 });
  });
  const many = timed(() => {
    for (let i = 0; i < COUNT; i++) trail.append(RECORD);
  });
  const unknown = timed(() => trail.tail({ limit: 20, principal: "nobody" }));
  const removing = timed(() => {
    using _pruned = createAudit(db, { days: 1, now: () => Date.now() + 1e9, after: () => () => {}, onProblem: failed });
  });
  const peer = { name: "tools/call (list_chats, limit 1), 16 at once", value: 1e6 / callsPerSecond };
  const unit = "µs";
  return [
    { name: "audit record written alone", value: (alone - reading) / COUNT * 1000, unit, peer },
    { name: "audit record among many", value: many / COUNT * 1000, unit, peer },
    { name: `audit tail of nobody, in ${2 * COUNT} records`, value: unknown, unit: "ms" },
    { name: "audit: 10,000 old records removed", value: removing, unit: "ms" },
  ];
}
