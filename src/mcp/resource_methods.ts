/**
 * MCP's methods of resources, https://modelcontextprotocol.io/specification/2025-11-25/server/resources.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import { ErrorCode, type ServerResult } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";
import { AppError, toAppError } from "../errors.ts";
import { lacksScope } from "../http/chain.ts";
import type { Principal } from "../model/principal.ts";
import type { BeginCall, CallSource, RunningCall } from "./call_record.ts";
import type { InFlight } from "./in_flight.ts";
import { malformed, ProtocolError, RESOURCE_NOT_FOUND, SERVER_ERROR } from "./protocol_error.ts";
import type { Resources } from "./resources/mod.ts";

/** Who asks, and from where. */
interface Caller {
  readonly principal: Principal;
  readonly source?: CallSource | undefined;
}

type Method = (params: unknown, caller: Caller) => Promise<ServerResult>;

/** Of whoever may read them: all are files of exports. */
const SCOPE = "export";

const ListParams = z.object({ cursor: z.string().optional() });
const ReadParams = z.object({ uri: z.string() });

/**
 * The methods by name. What they throw is a {@link ProtocolError}.
 * @param onError is told of failures that were not foreseen
 * @param begin begins the records of lists and reads
 * @param inFlight bounds what is read at once, the calls of tools included
 */
export function createResourceMethods(
  resources: Resources,
  onError: (error: Error) => void,
  begin: BeginCall,
  inFlight?: Pick<InFlight, "enter">,
): ReadonlyMap<string, Method> {
  /** Answers and records it. */
  const noted = async <T>(tool: string, caller: Caller, answer: (call: RunningCall) => Promise<T>): Promise<T> => {
    const call = begin({ tool, ...caller });
    try {
      if (!caller.principal.scopes.includes(SCOPE)) throw lacksScope(SCOPE);
      const result = await answer(call);
      call.end();
      return result;
    } catch (thrown) {
      if (thrown instanceof ProtocolError) {
        call.end({ error: new AppError("INPUT_VALIDATION", thrown.message) });
        throw thrown;
      }
      const error = toAppError(thrown);
      call.end({ error });
      if (error.code === "INTERNAL") onError(error.cause instanceof Error ? error.cause : error);
      throw new ProtocolError(codeOf(error), error);
    }
  };
  return new Map<string, Method>([
    ["resources/list", (params, caller) =>
      noted("resources/list", caller, async () => {
        const { data, error } = ListParams.safeParse(params ?? {});
        if (error) throw malformed("resources/list", error, "Send nothing, or the cursor of the page before.");
        const { resources: page, nextCursor } = await resources.list(caller.principal, data.cursor);
        return { resources: [...page], ...(nextCursor === undefined ? {} : { nextCursor }) };
      })],
    ["resources/templates/list", () => Promise.resolve({ resourceTemplates: [...resources.templates] })],
    ["resources/read", (params, caller) =>
      noted("resources/read", caller, async ({ touched }) => {
        const { data, error } = ReadParams.safeParse(params ?? {});
        if (error) throw malformed("resources/read", error, "Send uri as a string; resources/list has the addresses.");
        using _place = inFlight?.enter(caller.principal);
        return { contents: [...await resources.read(data.uri, caller.principal, touched.note)] };
      })],
  ]);
}

function codeOf({ code }: AppError): number {
  if (code === "NOT_FOUND") return RESOURCE_NOT_FOUND;
  if (code === "OVERLOADED" || code === "RATE_LIMITED" || code === "ACCESS_DENIED") return SERVER_ERROR;
  return code === "INTERNAL" ? ErrorCode.InternalError : ErrorCode.InvalidParams;
}
