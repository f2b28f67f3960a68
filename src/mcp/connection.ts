/**
 * One MCP server of the SDK's first generation on one transport: a session's, or a single request's.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/server"
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
// @ts-types="@modelcontextprotocol/sdk/shared/protocol"
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
// @ts-types="@modelcontextprotocol/sdk/server/webStandardStreamableHttp"
import type { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  type CallToolResult,
  CancelledNotificationSchema,
  ErrorCode,
  type RequestId,
  type ServerNotification,
  type ServerRequest,
  type ServerResult,
  type Tool as AdvertisedTool,
  ToolSchema,
} from "@modelcontextprotocol/sdk/types.js";
// @ts-types="@modelcontextprotocol/sdk/validation/ajv"
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv-provider.js";
import * as z from "zod";
import { AppError } from "../errors.ts";
import type { JsonObject } from "../model/json.ts";
import type { Principal } from "../model/principal.ts";
import type { BeginCall, CallSource } from "./call_record.ts";
import { checkRequests } from "./checked_requests.ts";
import type { InFlight, Reservation } from "./in_flight.ts";
import { malformed, ProtocolError, unknownMethod } from "./protocol_error.ts";
import type { Registry, Tool, ToolContext } from "./registry.ts";
import { createResourceMethods } from "./resource_methods.ts";
import type { Resources } from "./resources/mod.ts";
import { toolResult } from "./result.ts";

/** What `initialize` tells of this server. */
export interface ServerIdentity {
  readonly name: string;
  readonly version: string;
  readonly instructions: string;
}

/** A `tools/call` in flight. */
export interface PendingCall {
  readonly id: RequestId;
  readonly controller: AbortController;
  /** Aborted by it, and when the key may act no longer by which the call was asked for. */
  readonly signal: AbortSignal;
  /** Whether the call has its response stream for itself: the members of a batch share one. */
  readonly alone: boolean;
  /** Places for the calls that came with it. */
  readonly reservation?: Reservation;
  /** Ends the wait for a client that went away; absent while the client listens. */
  keepWaiting?: () => void;
  orphaned: boolean;
}

/** A transport with the server on it. */
export interface Connection {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Calls from their arrival to their end; whoever takes a request in puts it here. */
  readonly calls: Map<RequestId, PendingCall>;
  /** Who asks, as of the latest request. */
  principal: Principal;
  /** Aborts what runs and ends all streams. */
  readonly close: () => void;
}

/** Makes connections that share what need not be made for each. */
export type Connect = (
  transport: WebStandardStreamableHTTPServerTransport,
  principal: Principal,
  hooks: { readonly onCallEnd?: () => void; readonly onClose?: () => void },
) => Promise<Connection>;

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const CallParams = z.object({
  name: z.string(),
  // Left as they are for the registry: z.record would drop the name __proto__ unsaid.
  arguments: z.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value))
    .optional(),
});

const TOOL_METHODS = ["tools/list", "tools/call"];
const CALL_HINT = "Send name as a string and arguments as an object; tools/list has the schema of each tool.";

/**
 * Makes what opens connections.
 * @param options.onError is told of what clients did wrong and what could not be delivered
 */
export function createConnect(options: {
  readonly registry: Registry;
  readonly resources?: Resources;
  readonly identity: ServerIdentity;
  readonly inFlight?: Pick<InFlight, "enter">;
  readonly onError: (error: Error) => void;
  /** Begins the record of what is no tool's call. */
  readonly begin: BeginCall;
  /** Where what is handled now came from. */
  readonly source: () => CallSource | undefined;
}): Connect {
  const { registry, resources, identity: { name, version, instructions }, inFlight, onError, begin, source } = options;
  const advertise = createAdvertiser();
  const resourceMethods = resources && createResourceMethods(resources, onError, begin, inFlight);
  // The SDK compiles a validator for each server otherwise, which costs more than a call.
  const jsonSchemaValidator = new AjvJsonSchemaValidator();

  return async (transport, principal, { onCallEnd = () => {}, onClose = () => {} }) => {
    const server = new Server({ name, version }, {
      instructions,
      capabilities: { tools: { listChanged: false }, ...(resources && { resources: {} }), logging: {} },
      jsonSchemaValidator,
    });
    const calls = new Map<RequestId, PendingCall>();
    const abortAll = (): void => {
      for (const { controller, keepWaiting } of calls.values()) {
        keepWaiting?.();
        controller.abort();
      }
    };
    const connection: Connection = {
      transport,
      calls,
      principal,
      close: () => void server.close().catch(onError),
    };

    const callTool = async (params: unknown, extra: Extra): Promise<CallToolResult> => {
      const call = calls.get(extra.requestId);
      try {
        const parsed = CallParams.safeParse(params);
        const caller = { principal: connection.principal, source: source() };
        if (!parsed.success) {
          registry.refuse("", caller, new AppError("INPUT_VALIDATION", "The call was malformed."));
          throw malformed("tools/call", parsed.error, CALL_HINT);
        }
        const tool = registry.find(parsed.data.name, connection.principal);
        if (tool === undefined) {
          const error = registry.refuse(parsed.data.name, caller);
          if (error.code === "ACCESS_DENIED") return toolResult({}, { ok: false, error });
          throw new ProtocolError(ErrorCode.InvalidParams, error);
        }
        const outcome = await registry.call(tool, parsed.data.arguments, {
          ...caller,
          origin: originOf(extra),
          signal: call?.signal ?? extra.signal,
          progress: createProgress(extra, onError),
          ...(call?.reservation && { reservation: call.reservation }),
        });
        return toolResult(tool, outcome);
      } finally {
        call?.keepWaiting?.();
        if (calls.get(extra.requestId) === call) calls.delete(extra.requestId);
        onCallEnd();
      }
    };

    // One door for all methods: handlers set by schema answer a malformed call with -32603 and check every result twice.
    server.fallbackRequestHandler = async ({ method, params }, extra): Promise<ServerResult> => {
      switch (method) {
        case "tools/list":
          return { tools: registry.list(connection.principal).map(advertise) };
        case "tools/call":
          return await callTool(params, extra);
        default: {
          const answer = resourceMethods?.get(method);
          if (answer === undefined) throw unknownMethod(method, [...TOOL_METHODS, ...resourceMethods?.keys() ?? []]);
          return await answer(params, { principal: connection.principal, source: source() });
        }
      }
    };
    // The SDK's handler drops the response and leaves the stream open for ever; and takes the id 0 for none.
    server.setNotificationHandler(CancelledNotificationSchema, ({ params: { requestId, reason } }) => {
      const call = requestId === undefined ? undefined : calls.get(requestId);
      if (requestId === undefined || call === undefined) return;
      if (call.alone) transport.closeSSEStream(requestId);
      call.controller.abort(new DOMException(reason ?? "The client cancelled the call.", "AbortError"));
    });
    server.onerror = onError;
    server.onclose = () => {
      abortAll();
      onClose();
    };
    await server.connect(transport);
    // A call that the SDK would answer itself ends here; the others have ended before.
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      const id = "id" in message && !("method" in message) ? message.id : undefined;
      if (id !== undefined && calls.delete(id)) {
        const error = new AppError("UNSUPPORTED", "The SDK answered the call.");
        registry.refuse("", { principal: connection.principal, source: source() }, error);
        onCallEnd();
      }
      return send(message, options);
    };
    checkRequests(transport, onError);
    return connection;
  };
}

/** Where the client reached the server; the transport always says. */
function originOf({ requestInfo }: Extra): string {
  const origin = requestInfo?.url?.origin;
  if (origin === undefined) throw new AppError("INTERNAL", "The transport does not say where the call came in.");
  return origin;
}

/** Tools in the SDK's type, each checked once. */
function createAdvertiser(): (tool: Tool) => AdvertisedTool {
  const known = new WeakMap<Tool, AdvertisedTool>();
  return (tool) => {
    const seen = known.get(tool);
    if (seen !== undefined) return seen;
    const { name, title, description, inputSchema, outputSchema, hints, usedFirst } = tool;
    const advertised = ToolSchema.parse({
      name,
      title,
      description,
      inputSchema,
      outputSchema,
      annotations: { title, ...hints },
      ...(usedFirst ? { _meta: { "anthropic/alwaysLoad": true } } : {}),
    });
    known.set(tool, advertised);
    return advertised;
  };
}

/**
 * Sends `notifications/progress` to a caller who gave a token. The value must increase with each, so a repeated or missing
 * `done` is raised a little.
 */
function createProgress(extra: Extra, onError: (error: Error) => void): ToolContext["progress"] {
  const progressToken = extra._meta?.progressToken;
  if (progressToken === undefined) return () => {};
  let progress = 0;
  return (message, done, total) => {
    progress = done === undefined ? progress + 1 : Math.max(done, progress + 0.001);
    extra.sendNotification({
      method: "notifications/progress",
      params: { progressToken, progress, message, ...(total === undefined ? {} : { total }) },
    }).catch(onError);
  };
}
