/**
 * Requests that the SDK would answer by itself, and as its own failure (-32603): those that it parses by schema, when they do
 * not fit, and all that ask for a task.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  InitializeRequestSchema,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type MessageExtraInfo,
  SetLevelRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type * as z from "zod";
import { malformed } from "./protocol_error.ts";

const CHECKED: ReadonlyMap<string, { readonly schema: z.ZodType; readonly hint: string }> = new Map([
  ["initialize", {
    schema: InitializeRequestSchema,
    hint: "Send protocolVersion as a string, capabilities as an object, and clientInfo with name and version.",
  }],
  ["logging/setLevel", {
    schema: SetLevelRequestSchema,
    hint: "Send level: debug, info, notice, warning, error, critical, alert or emergency.",
  }],
]);

/** The part of a transport that this stands on. */
interface Transport {
  onmessage?: (<T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void) | undefined;
  send(message: JSONRPCMessage): Promise<void>;
}

/**
 * Has malformed ones refused as what they are (-32602), and tasks left out: who has none answers as if none were asked for
 * (https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#capabilities). For a transport that a server
 * has been connected to.
 * @param onError is told of what could not be delivered
 */
export function checkRequests(transport: Transport, onError: (error: Error) => void): void {
  const receive = transport.onmessage;
  transport.onmessage = (message, extra) => {
    if (!isJSONRPCRequest(message)) return receive?.(message, extra);
    const { id, method } = message;
    const checked = CHECKED.get(method);
    const { error } = checked?.schema.safeParse(message) ?? {};
    if (checked === undefined || error === undefined) return receive?.(withoutTask(message), extra);
    const { code, message: sentence, data } = malformed(method, error, checked.hint);
    transport.send({ jsonrpc: "2.0", id, error: { code, message: sentence, data } }).catch(onError);
  };
}

function withoutTask<T extends JSONRPCRequest>(message: T): T {
  if (message.params?.task === undefined) return message;
  const { task: _, ...params } = message.params;
  return { ...message, params };
}
