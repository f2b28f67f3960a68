/**
 * Records of the audit trail for a person: one a line, in columns.
 * @module
 */
import type { AuditEntry } from "../auth/audit_record.ts";
import { visible } from "../model/visible.ts";

/** Wide enough for most records, so that columns stay where they are while records come. */
const WIDTHS: readonly number[] = [20, 12, 15, 9, 4, 6, 15];
/** Numbers: they end in one column. */
const RIGHT: ReadonlySet<number> = new Set([4, 5]);

/** Prints records under those before them: time, who, tool, outcome, messages, milliseconds, address, chats. */
export function createAuditLines(): (entries: readonly AuditEntry[]) => string {
  const widths = [...WIDTHS];
  return (entries) => {
    const rows = entries.map(cellsOf);
    for (const row of rows) row.forEach((cell, column) => widths[column] = Math.max(widths[column] ?? 0, cell.length));
    return rows.map((row) => {
      const cells = row.map((cell, column) => {
        if (column === row.length - 1) return cell;
        const width = widths[column] ?? 0;
        return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width);
      });
      return `${cells.join("  ").trimEnd()}\n`;
    }).join("");
  };
}

/** Names are what anybody may have chosen. */
function cellsOf(
  { at, principal, name, tool, outcome, messages, ms, clientIp = "-", chats }: AuditEntry,
): string[] {
  return [
    `${new Date(at).toISOString().slice(0, 19)}Z`,
    name === undefined ? principal : `${name} (${principal})`,
    tool,
    outcome,
    messages === undefined ? "-" : String(messages),
    `${ms}ms`,
    clientIp,
    chats.length === 0 ? "-" : chats.join(" "),
  ].map((cell) => visible(cell).replace(/[\t\n]/g, " "));
}
