/**
 * The tool get_export.
 * @module
 */
import * as z from "zod";
import { exportEnvelope, exportSchema, showExport } from "../export_view.ts";
import type { Sources } from "../reading.ts";
import { defineTool, type Tool } from "../registry.ts";
import { exportIdArgument } from "./input.ts";
import { LONGEST_WAIT, tellProgress } from "./start_export.ts";

/** Builds the tool. */
export function getExport(sources: Sources): Tool {
  return defineTool({
    name: "get_export",
    title: "Look at an export",
    description:
      "Progress of an export, whether it is complete, and its download links. Prefer wait_seconds to quick polling.",
    scope: "export",
    hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({ id: exportIdArgument, wait_seconds: z.int().min(0).max(LONGEST_WAIT).default(0) }),
    output: exportSchema,
    envelope: exportEnvelope,
    run: async ({ id, wait_seconds: seconds }, context) => {
      const status = await sources.exports.wait(id, context.principal, {
        seconds,
        signal: context.signal,
        onChange: (status) => tellProgress(context, status),
      });
      return await showExport(sources, status, context);
    },
  });
}
