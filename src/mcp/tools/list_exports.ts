/**
 * The tool list_exports.
 * @module
 */
import * as z from "zod";
import { exportStateSchema, type Job } from "../../exports/job.ts";
import { disagrees } from "../cursor.ts";
import { exportSchema, showChats } from "../export_view.ts";
import { neutralized } from "../../model/neutralize.ts";
import type { Sources } from "../reading.ts";
import { defineTool, type Tool } from "../registry.ts";
import { explainLimit, limitArgument } from "./input.ts";

const NAME = "list_exports";

const output = z.object({
  count: z.int(),
  total: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  neutralized,
  exports: z.array(
    exportSchema.pick({ id: true, state: true, chats: true, format: true, created: true })
      .extend({ written: z.int(), bytes: z.int() }),
  ),
});

const envelope = z.looseObject({ exports: z.array(z.unknown()) });

const positionSchema = z.object({
  state: exportStateSchema.optional(),
  /** The last export shown. */
  after: z.object({ created: z.string(), id: z.string() }),
});

/** Builds the tool. */
export function listExports({ exports, cursors, maxPageSize }: Sources): Tool {
  return defineTool({
    name: NAME,
    title: "List exports",
    description: "My exports, newest first; for a lost id or a delta.",
    scope: "export",
    hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({
      state: exportStateSchema.optional(),
      limit: limitArgument(maxPageSize, 20),
      cursor: z.string().max(8000).optional(),
    }),
    output,
    envelope,
    explain: explainLimit(NAME, maxPageSize),
    run: (args, { principal }) => {
      const position = args.cursor === undefined
        ? undefined
        : cursors.open(args.cursor, NAME, principal, positionSchema);
      if (position !== undefined && args.state !== undefined && args.state !== position.state) throw disagrees("state");
      const state = position?.state ?? args.state;
      const { jobs, total } = exports.list(principal, { state, after: position?.after, limit: args.limit + 1 });
      const page = jobs.slice(0, args.limit);
      const last = page.at(-1);
      const hasMore = jobs.length > page.length && last !== undefined;
      const next = hasMore ? { state, after: { created: last.created, id: last.id } } : undefined;
      return Promise.resolve({
        count: page.length,
        total,
        has_more: hasMore,
        ...(next === undefined ? {} : { next_cursor: cursors.seal(NAME, principal, next) }),
        exports: page.map(entry),
      });
    },
  });
}

function entry(job: Job): z.input<typeof output>["exports"][number] {
  const { id, state, query: { format }, created, position, bytes } = job;
  const written = position?.written ?? 0;
  return { id, state, chats: showChats(job), format, created, written, bytes: bytes || (position?.bytes ?? 0) };
}
