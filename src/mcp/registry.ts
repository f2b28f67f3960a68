/**
 * The tools, in words that no protocol owns: the adapters for MCP and for plain HTTP stand on this.
 * @module
 */
import * as z from "zod";
import { AppError, toAppError } from "../errors.ts";
import { lacksScope } from "../http/chain.ts";
import type { JsonObject } from "../model/json.ts";
import type { Principal, Scope } from "../model/principal.ts";
import type { StatusBody } from "../mtproto/status.ts";
import { assertArgumentBounds } from "./argument_bounds.ts";
import { type CallRecord, type CallSource, createCallRecorder, type RunningCall } from "./call_record.ts";
import type { InFlight, Reservation } from "./in_flight.ts";
import { invalidArguments } from "./invalid_arguments.ts";
import { neutralize } from "../model/neutralize.ts";
import type { Touched } from "../telegram/touched.ts";

/** What stands beside a tool's JSON, for clients that can show or fetch it: MCP's own blocks. */
export type Attachment =
  | { readonly type: "image"; readonly data: string; readonly mimeType: string }
  | {
    readonly type: "resource_link";
    readonly uri: string;
    readonly name: string;
    readonly mimeType?: string;
    readonly size?: number;
  };

/** What whoever calls a tool says of the call. */
export interface CallContext {
  readonly principal: Principal;
  /** Where the caller reached the server, `http://127.0.0.1:8000`. */
  readonly origin: string;
  /** Aborted when the caller cancels or goes away. */
  readonly signal: AbortSignal;
  /** Tells a caller who listens how far the call is. */
  readonly progress: (message: string, done?: number, total?: number) => void;
  readonly source?: CallSource;
  /** Places among the calls in flight that the caller holds already. */
  readonly reservation?: Reservation;
}

/** What a tool may know about the call it serves. */
export interface ToolContext extends CallContext {
  /** Which chats the call asks about, for the record of it. */
  readonly touched: Touched;
  /** Says how many messages the result holds, for the same. */
  readonly returned: (messages: number | undefined) => void;
  /** Adds to the result. */
  readonly attach: (attachment: Attachment) => void;
}

/** The four MCP hints; see https://modelcontextprotocol.io/specification/2025-11-25/schema#toolannotations. */
export interface ToolHints {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/** Hints of a tool that asks Telegram and changes nothing. */
export const READS_TELEGRAM: ToolHints = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: true,
};

/** A tool with its types forgotten, as the registry keeps it. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scope: Scope;
  readonly hints: ToolHints;
  /** Needed at once in most conversations: clients that load tools late should have it from the start. */
  readonly usedFirst?: boolean;
  /** JSON Schema 2020-12 of the arguments. */
  readonly inputSchema: JsonObject;
  /**
   * JSON Schema of the result's envelope: short, since every conversation pays for it. Absent when the result is content and
   * no structure: a client was seen to drop images that stand beside `structuredContent`.
   */
  readonly outputSchema?: JsonObject;
  /** JSON Schema of the whole result. */
  readonly fullOutputSchema: JsonObject;
  /** Checks the arguments and runs. Throws {@link AppError}. */
  readonly call: (args: unknown, context: ToolContext) => Promise<JsonObject>;
}

/** What a tool's author writes. */
export interface ToolDefinition<I extends z.ZodObject, O extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scope: Scope;
  readonly hints: ToolHints;
  readonly usedFirst?: boolean;
  /** A `z.strictObject`: unknown arguments are refused by name. */
  readonly input: I;
  readonly output: O;
  /** A hand-written envelope to advertise; the output's own schema when absent. */
  readonly envelope?: z.ZodObject;
  /** False: no schema is advertised, and the result is content alone. */
  readonly isStructured?: boolean;
  /** How many messages a result holds; undefined for one of another kind. */
  readonly messagesIn?: (result: z.input<O>) => number | undefined;
  readonly run: (input: z.output<I>, context: ToolContext) => Promise<z.input<O>>;
  /** Errors that say more than "invalid" (of an over-long limit, for one), from the arguments that are valid. */
  readonly explain?: (args: JsonObject, issue: z.core.$ZodIssue) => AppError | undefined;
}

/** Makes a tool: computes its JSON Schemas once and puts the argument check before `run`. */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(definition: ToolDefinition<I, O>): Tool {
  const { name, title, description, scope, hints, input, output, envelope, isStructured = true } = definition;
  const { run, explain, usedFirst, messagesIn } = definition;
  const keys = Object.keys(output.shape);
  return {
    name,
    title,
    description,
    scope,
    hints,
    ...(usedFirst ? { usedFirst } : {}),
    inputSchema: jsonSchema(input, "input"),
    ...(isStructured ? { outputSchema: jsonSchema(envelope ?? output, "output") } : {}),
    fullOutputSchema: jsonSchema(output, "output"),
    call: async (args, context) => {
      const parsed = input.safeParse(args ?? {}, { reportInput: true });
      if (!parsed.success) throw invalidArguments(parsed.error, args, input, explain);
      const result = await run(parsed.data, context);
      context.returned(messagesIn?.(result));
      return neutralize(result, keys);
    },
  };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: "draft-2020-12", unrepresentable: "any" });
  return rest;
}

/** A call's result. */
export type Outcome =
  | { readonly ok: true; readonly output: JsonObject; readonly attachments: readonly Attachment[] }
  | {
    readonly ok: false;
    readonly error: AppError;
    /** Where the way to Telegram stood when it failed. */
    readonly telegram?: StatusBody;
  };

/** The tools of one server. */
export interface Registry {
  /** What a principal may call, in a fixed order. */
  list(principal: Principal): readonly Tool[];
  /** The tool of that name, if the principal may know of it. */
  find(name: string, principal: Principal): Tool | undefined;
  /** Runs a tool; never throws. A result is JSON already: dates are strings, nothing is undefined. */
  call(tool: Tool, args: unknown, context: CallContext): Promise<Outcome>;
  /**
   * Notes a call that no tool served: of one that is not there, or that the principal may not know of.
   * @param name as the caller gave it
   * @param error why, if it was anything else
   * @returns why: NOT_FOUND, or ACCESS_DENIED for want of a scope
   */
  refuse(name: string, context: Pick<CallContext, "principal" | "source">, error?: AppError): AppError;
}

/**
 * Puts tools together.
 * @param options.status is asked when a call fails: whoever reads the error sees whether waiting helps
 * @param options.onCall is told of each call's end: metrics, log, audit
 * @param options.onRefused is told of calls that no tool served
 * @param options.inFlight bounds the calls that run at once
 * @param options.clock milliseconds, monotonic
 */
export function createRegistry(
  tools: readonly Tool[],
  options: {
    readonly status?: () => StatusBody;
    readonly onCall?: (record: CallRecord) => void;
    readonly onRefused?: (record: CallRecord) => void;
    readonly inFlight?: Pick<InFlight, "enter">;
    readonly clock?: () => number;
  } = {},
): Registry {
  const { status, onCall = () => {}, onRefused = () => {}, inFlight, clock } = options;
  const [begin, beginRefused] = [createCallRecorder(onCall, clock), createCallRecorder(onRefused, clock)];
  const allowed = (tool: Tool, principal: Principal): boolean => principal.scopes.includes(tool.scope);
  return {
    list: (principal) => tools.filter((tool) => allowed(tool, principal)),
    find: (name, principal) => tools.find((tool) => tool.name === name && allowed(tool, principal)),
    call: async (tool, args, context) => {
      const call = begin({ tool: tool.name, ...context });
      const outcome = await run(tool, args, context, call, inFlight);
      call.end(outcome.ok ? {} : { error: outcome.error, cancelled: context.signal.aborted });
      return outcome.ok || status === undefined ? outcome : { ...outcome, telegram: status() };
    },
    refuse: (name, context, why) => {
      const tool = tools.find((tool) => tool.name === name);
      const error = why ?? (tool === undefined ? unknownTool(name) : lacksScope(tool.scope));
      // What is no tool's name may be any text.
      const call = beginRefused({ tool: tool?.name ?? "?", ...context });
      call.end({ error });
      return error;
    },
  };
}

function unknownTool(name: string): AppError {
  return new AppError("NOT_FOUND", `There is no tool ${JSON.stringify(name.slice(0, 80))}.`, {
    field: "name",
    hint: "tools/list, or GET /api/tools, names the tools.",
  });
}

async function run(
  tool: Tool,
  args: unknown,
  context: CallContext,
  call: RunningCall,
  inFlight: Pick<InFlight, "enter"> | undefined,
): Promise<Outcome> {
  const attachments: Attachment[] = [];
  try {
    using _place = inFlight?.enter(context.principal, context.reservation);
    assertArgumentBounds(args, tool.inputSchema);
    const output = await tool.call(args, {
      ...context,
      touched: call.touched,
      returned: (messages) => call.messages = messages,
      attach: (attachment) => void attachments.push(attachment),
    });
    return { ok: true, output, attachments };
  } catch (thrown) {
    return { ok: false, error: located(toAppError(thrown)) };
  }
}

/** The error with the argument at fault, which Telegram's own refusals do not know. */
function located(error: AppError): AppError {
  const { code, message, hint, retryAfter, candidates, suggest, cause } = error;
  if (error.field !== undefined || (code !== "CHANNEL_PRIVATE" && code !== "CHAT_NOT_FOUND")) return error;
  return new AppError(code, message, { field: "chat", hint, retryAfter, candidates, suggest, cause });
}
