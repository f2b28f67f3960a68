/**
 * Refusals that are the protocol's own errors, not results.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import { ErrorCode } from "@modelcontextprotocol/sdk/types.js";
import type * as z from "zod";
import { redactError } from "../config/redact.ts";
import { AppError, type ErrorBody } from "../errors.ts";

/** The code for a resource that is not there, https://modelcontextprotocol.io/specification/2025-11-25/server/resources#error-handling. */
export const RESOURCE_NOT_FOUND = -32002;

/** The first of the codes that are left to servers, https://www.jsonrpc.org/specification#error_object. */
export const SERVER_ERROR = -32000;

/** A refusal. The SDK's own class puts "MCP error -32602: " before every message. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  /** What to do next, as other errors say it. */
  readonly data: ErrorBody;

  /** @param code of JSON-RPC */
  constructor(readonly code: number, error: AppError) {
    const data = redactError(error.toJSON());
    super(data.message);
    this.data = data;
  }
}

/** The refusal of a request whose parameters are not as they should be. */
export function malformed(method: string, error: z.ZodError, hint: string): ProtocolError {
  const field = error.issues[0]?.path.join(".") || "params";
  const message = `${field} of ${method} is not as it should be.`;
  return new ProtocolError(ErrorCode.InvalidParams, new AppError("INPUT_VALIDATION", message, { field, hint }));
}

/** The refusal of a method that there is not. */
export function unknownMethod(method: string, known: readonly string[]): ProtocolError {
  const message = `Method not found: ${JSON.stringify(method.slice(0, 80))}`;
  const hint = `This server has ${known.join(", ").replace(/, ([^,]*)$/, " and $1")}.`;
  return new ProtocolError(ErrorCode.MethodNotFound, new AppError("NOT_FOUND", message, { field: "method", hint }));
}
