/**
 * Refusals that are the protocol's own errors, not results.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import { ErrorCode } from "@modelcontextprotocol/sdk/types.js";
import type { z } from "zod";
import { redactError, redactText } from "../config/redact.ts";
import { AppError, type ErrorBody } from "../errors.ts";

/** The code for a resource that is not there, https://modelcontextprotocol.io/specification/2025-11-25/server/resources#error-handling. */
export const RESOURCE_NOT_FOUND = -32002;

/** A refusal. The SDK's own class puts "MCP error -32602: " before every message. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly data?: ErrorBody;
  /**
   * @param code of JSON-RPC
   * @param data what to do next, as other errors say it
   */
  constructor(readonly code: number, message: string, data?: ErrorBody) {
    super(redactText(message));
    this.data = data && redactError(data);
  }
}

/** The refusal of a request whose parameters are not as they should be. */
export function malformed(method: string, error: z.ZodError, hint: string): ProtocolError {
  const field = error.issues[0]?.path.join(".") || "params";
  const message = `${field} of ${method} is not as it should be.`;
  const data = new AppError("INPUT_VALIDATION", message, { field, hint }).toJSON();
  return new ProtocolError(ErrorCode.InvalidParams, message, data);
}

/** The refusal of a method that there is not. */
export function unknownMethod(method: string, known: readonly string[]): ProtocolError {
  const message = `Method not found: ${method.slice(0, 80)}`;
  const hint = `This server has ${known.join(", ").replace(/, ([^,]*)$/, " and $1")}.`;
  const error = new AppError("NOT_FOUND", message, { field: "method", hint });
  return new ProtocolError(ErrorCode.MethodNotFound, message, error.toJSON());
}
