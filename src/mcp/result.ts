/**
 * Outcomes of the registry as MCP clients and plain HTTP clients see them.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { redactError } from "../config/redact.ts";
import type { JsonObject } from "../model/json.ts";
import type { Outcome, Tool } from "./registry.ts";

/**
 * An outcome as a `tools/call` result. A success carries its output twice, as `structuredContent` and as JSON text, since
 * clients show the model one or the other; that of a tool without an output schema only as text, behind what is attached. A
 * failure has only text: some clients check `structuredContent` against the tool's output schema even when `isError` is set.
 *
 * See https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-result.
 */
export function toolResult({ outputSchema }: Pick<Tool, "outputSchema">, outcome: Outcome): CallToolResult {
  if (!outcome.ok) {
    return { isError: true, content: [{ type: "text", text: JSON.stringify(errorJson(outcome)) }] };
  }
  return {
    content: [...outcome.attachments, { type: "text", text: JSON.stringify(outcome.output) }],
    ...(outputSchema === undefined ? {} : { structuredContent: outcome.output }),
  };
}

/** A failure as the JSON that models read: `{"error":{"code":…,"message":…,"hint":…,"telegram":{"state":…}}}`. */
function errorJson({ error, telegram }: Extract<Outcome, { readonly ok: false }>): JsonObject {
  return { error: { ...redactError(error.toJSON()), ...(telegram === undefined ? {} : { telegram }) } };
}
