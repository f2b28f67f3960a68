/**
 * The tools for clients that speak no MCP: `GET /api/tools` and `POST /api/tools/{name}`, plain JSON.
 * @module
 */
import { AppError, toAppError } from "../errors.ts";
import { readJson } from "../http/body.ts";
import { type Handler, principalOf, signalOf } from "../http/chain.ts";
import { problemResponse } from "../http/problem.ts";
import type { JsonObject } from "../model/json.ts";
import type { Outcome, Registry } from "./registry.ts";

/** The two handlers. Both throw {@link AppError} for the HTTP layer to translate. */
export interface Catalogue {
  /** Lists the tools the caller may use: `{"tools":[{name, title, description, scope, annotations, …}]}`. */
  readonly list: Handler;
  /** Runs the tool that the route's parameter `name` names with the JSON object of the body, and answers its output. */
  readonly call: Handler;
}

/** Makes the handlers. */
export function createCatalogue(registry: Registry): Catalogue {
  return {
    list: (_request, context) =>
      Response.json({
        tools: registry.list(principalOf(context)).map((tool) => ({
          name: tool.name,
          title: tool.title,
          description: tool.description,
          scope: tool.scope,
          annotations: tool.hints,
          inputSchema: tool.inputSchema,
          outputSchema: tool.fullOutputSchema,
        })),
      }),
    call: async (request, context) => {
      const who = principalOf(context);
      const name = context.params.name ?? "";
      const tool = registry.find(name, who);
      const caller = { principal: who, source: context };
      if (tool === undefined) throw registry.refuse(name, caller);
      const signal = signalOf(request, context);
      const args = await readArguments(request).then((read) => {
        // The body may have taken hours.
        context.revoked?.throwIfAborted();
        return read;
      }).catch((error: unknown) => {
        registry.refuse(name, caller, toAppError(error));
        throw error;
      });
      const outcome = await registry.call(tool, args, {
        ...caller,
        origin: new URL(request.url).origin,
        signal,
        progress: () => {},
      });
      context.revoked?.throwIfAborted();
      if (outcome.ok) return Response.json(plainResult(outcome));
      if (signal.aborted) throw outcome.error;
      // Not thrown: the registry's observer has logged it.
      const { error, telegram } = outcome;
      return problemResponse(error, {
        requestId: context.requestId,
        ...(telegram === undefined ? {} : { extensions: { telegram } }),
      });
    },
  };
}

/** What a tool answered, with the pictures that go with it; links are in the output already. */
function plainResult({ output, attachments }: Extract<Outcome, { readonly ok: true }>): JsonObject {
  const pictures = attachments.filter(({ type }) => type === "image");
  return pictures.length === 0 ? output : { ...output, content: pictures };
}

/** The arguments; none when the body is empty. */
async function readArguments(request: Request): Promise<JsonObject> {
  const args = await readJson(request) ?? {};
  if (typeof args === "object" && args !== null && !Array.isArray(args)) return { ...args };
  throw new AppError("INPUT_VALIDATION", "The body must be a JSON object with the tool's arguments.", {
    field: "body",
    hint: 'Send the arguments as one JSON object, {"limit":5} for one; GET /api/tools has their schema.',
  });
}
