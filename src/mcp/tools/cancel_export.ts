/**
 * The tool cancel_export.
 * @module
 */
import * as z from "zod";
import { isFinished } from "../../exports/job.ts";
import { exportEnvelope, exportSchema, showExport } from "../export_view.ts";
import type { Sources } from "../reading.ts";
import { defineTool, type Tool } from "../registry.ts";
import { exportIdArgument } from "./input.ts";

/** Builds the tool. */
export function cancelExport(sources: Sources): Tool {
  return defineTool({
    name: "cancel_export",
    title: "Stop an export",
    description: "Stop an export; what was written stays, marked incomplete.",
    scope: "export",
    hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({ id: exportIdArgument }),
    output: exportSchema,
    envelope: exportEnvelope,
    run: async ({ id }, context) => {
      const { exports } = sources;
      const before = exports.get(id, context.principal);
      const notes = isFinished(before.job) ? [`It was ${before.job.state} already; nothing was changed.`] : [];
      return await showExport(sources, await exports.cancel(id, context.principal), context, notes);
    },
  });
}
