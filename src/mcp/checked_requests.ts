/**
 * Requests that the SDK answers by itself: it parses them by schema, and answers one that does not fit as its own failure
 * (-32603, with the schema library's words).
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  InitializeRequestSchema,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type MessageExtraInfo,
  SetLevelRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { z } from "zod";
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
 * Has such requests refused as what they are (-32602). For a transport that a server has been connected to.
 * @param onError is told of what could not be delivered
 */
export function refuseMalformed(transport: Transport, onError: (error: Error) => void): void {
  const receive = transport.onmessage;
  transport.onmessage = (message, extra) => {
    if (!isJSONRPCRequest(message)) return receive?.(message, extra);
    const { id, method } = message;
    const checked = CHECKED.get(method);
    const { error } = checked?.schema.safeParse(message) ?? {};
    if (checked === undefined || error === undefined) return receive?.(message, extra);
    const { code, message: sentence, data } = malformed(method, error, checked.hint);
    transport.send({ jsonrpc: "2.0", id, error: { code, message: sentence, data } }).catch(onError);
  };
}
