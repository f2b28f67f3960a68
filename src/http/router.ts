/**
 * From a path and a method to a handler.
 * @module
 */
import { AppError } from "../errors.ts";
import { type Access, type Handler, principalOf } from "./chain.ts";
import { problemResponse } from "./problem.ts";

/** A place where the server answers. */
export interface Route {
  /** `HEAD` is answered with the head of what the handler answers, whose whole body is made for its length. */
  readonly methods: readonly ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE")[];
  /** A path, or a pattern such as `/exports/:id/:file`: https://urlpattern.spec.whatwg.org/ */
  readonly path: string;
  /** Stands for the route in the log and in metrics. */
  readonly name: string;
  /** Checked before the handler is asked. */
  readonly access: Access;
  readonly handler: Handler;
}

/**
 * A handler that passes each request to its route. Unknown paths are answered with 404, known ones asked with another method
 * with 405, `OPTIONS` with what is allowed, and `HEAD` with the head of `GET`'s answer. Who may not ask is refused.
 *
 * @param routes no two with the same path; on several matching patterns the first wins, and a plain path before all patterns
 */
export function createRouter(routes: readonly Route[]): Handler {
  const plain = new Map(routes.filter(({ path }) => !isPattern(path)).map((route) => [route.path, route]));
  const patterns = routes.filter(({ path }) => isPattern(path))
    .map((route) => ({ route, pattern: new URLPattern({ pathname: route.path }) }));

  function find(pathname: string): { route: Route; params: Record<string, string> } | undefined {
    const exact = plain.get(pathname);
    if (exact) return { route: exact, params: {} };
    for (const { route, pattern } of patterns) {
      const groups = pattern.exec({ pathname })?.pathname.groups;
      if (groups) return { route, params: decoded(groups) };
    }
  }

  return async (request, context) => {
    const { requestId } = context;
    const match = find(new URL(request.url).pathname);
    if (!match) return problemResponse(new AppError("NOT_FOUND", "There is nothing at this path."), { requestId });
    const { route, params } = match;
    context.route = route.name;
    context.params = params;

    const { method } = request;
    if (!route.methods.some((allowed) => allowed === method)) {
      const headers = { allow: allow(route) };
      if (method === "OPTIONS") return new Response(null, { status: 204, headers });
      return problemResponse(
        new AppError("METHOD_NOT_ALLOWED", `This path does not answer ${request.method}, only ${headers.allow}.`),
        { requestId, headers },
      );
    }
    if (route.access !== "open") principalOf(context, route.access);
    const response = await route.handler(request, context);
    return method === "HEAD" && response.body !== null ? await headOf(response, response.body) : response;
  };
}

function isPattern(path: string): boolean {
  return /[:*{(]/.test(path);
}

function allow({ methods }: Route): string {
  return [...methods, "OPTIONS"].join(", ");
}

/** The head alone, with the length that its body would have had (https://www.rfc-editor.org/rfc/rfc9110#section-8.6). */
async function headOf(response: Response, body: ReadableStream<Uint8Array>): Promise<Response> {
  const headers = new Headers(response.headers);
  let length = 0;
  for await (const chunk of body) length += chunk.byteLength;
  headers.set("content-length", String(length));
  return new Response(null, { status: response.status, headers });
}

function decoded(groups: Record<string, string | undefined>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text ?? "")]));
  } catch (cause) {
    throw new AppError("INPUT_VALIDATION", "The path has a malformed percent-encoding.", { cause });
  }
}
