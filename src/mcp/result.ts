/**
 * Outcomes of the registry as MCP clients and plain HTTP clients see them.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { AppError, ErrorBody } from "../errors.ts";
import type { Outcome } from "./registry.ts";

/**
 * An outcome as a `tools/call` result. A success carries its output twice, as `structuredContent` and as JSON text, since
 * clients show the model one or the other. A failure has only text: some clients check `structuredContent` against the
 * tool's output schema even when `isError` is set.
 *
 * See https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-result.
 */
export function toolResult(outcome: Outcome): CallToolResult {
  if (!outcome.ok) {
    return { isError: true, content: [{ type: "text", text: JSON.stringify(errorJson(outcome.error)) }] };
  }
  return {
    content: [{ type: "text", text: JSON.stringify(outcome.output) }],
    structuredContent: outcome.output,
  };
}

/** An error as the JSON that models read: `{"error":{"code":…,"message":…,"hint":…}}`. */
export function errorJson(error: AppError): { readonly error: ErrorBody } {
  return { error: error.toJSON() };
}
