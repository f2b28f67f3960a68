/**
 * MCP's methods of resources, https://modelcontextprotocol.io/specification/2025-11-25/server/resources.
 * @module
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import { ErrorCode, type ServerResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { type AppError, toAppError } from "../errors.ts";
import type { Principal } from "../model/principal.ts";
import { malformed, ProtocolError, RESOURCE_NOT_FOUND } from "./protocol_error.ts";
import type { Resources } from "./resources/mod.ts";

type Method = (params: unknown, principal: Principal) => Promise<ServerResult>;

const ListParams = z.object({ cursor: z.string().optional() });
const ReadParams = z.object({ uri: z.string() });

/**
 * The methods by name. What they throw is a {@link ProtocolError}.
 * @param onError is told of failures that were not foreseen
 */
export function createResourceMethods(
  resources: Resources,
  onError: (error: Error) => void,
): ReadonlyMap<string, Method> {
  const refusing = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code === "INTERNAL") onError(error.cause instanceof Error ? error.cause : error);
      throw new ProtocolError(codeOf(error), error);
    }
  };
  return new Map<string, Method>([
    ["resources/list", async (params, principal) => {
      const { data, error } = ListParams.safeParse(params ?? {});
      if (error) throw malformed("resources/list", error, "Send nothing, or the cursor of the page before.");
      const { resources: page, nextCursor } = await refusing(resources.list(principal, data.cursor));
      return { resources: [...page], ...(nextCursor === undefined ? {} : { nextCursor }) };
    }],
    ["resources/templates/list", () => Promise.resolve({ resourceTemplates: [...resources.templates] })],
    ["resources/read", async (params, principal) => {
      const { data, error } = ReadParams.safeParse(params ?? {});
      if (error) throw malformed("resources/read", error, "Send uri as a string; resources/list has the addresses.");
      return { contents: [...await refusing(resources.read(data.uri, principal))] };
    }],
  ]);
}

function codeOf({ code }: AppError): number {
  if (code === "NOT_FOUND") return RESOURCE_NOT_FOUND;
  return code === "INTERNAL" ? ErrorCode.InternalError : ErrorCode.InvalidParams;
}
