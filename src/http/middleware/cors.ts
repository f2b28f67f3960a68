import { type Middleware, withHeaders } from "../chain.ts";

/** What {@link cors} takes. */
export interface CorsOptions {
  readonly methods: readonly string[];
  /** Request headers that pages may send. */
  readonly requestHeaders: readonly string[];
  /** Answer headers that pages may read. */
  readonly exposedHeaders: readonly string[];
}

/**
 * Lets pages of the origins that `hostOrigin` has accepted read the answers, and answers their preflights
 * (https://fetch.spec.whatwg.org/#http-cors-protocol). It stands inside `hostOrigin`, which refuses all other origins.
 */
export function cors({ methods, requestHeaders, exposedHeaders }: CorsOptions): Middleware {
  return (next) => async (request, context) => {
    const origin = request.headers.get("origin");
    if (origin === null) {
      return withHeaders(await next(request, context), (headers) => headers.append("vary", "Origin"));
    }
    const preflight = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
    const response = preflight ? new Response(null, { status: 204 }) : await next(request, context);
    return withHeaders(response, (headers) => {
      headers.set("access-control-allow-origin", origin);
      headers.append("vary", "Origin");
      if (!preflight) {
        headers.set("access-control-expose-headers", exposedHeaders.join(", "));
        return;
      }
      headers.set("access-control-allow-methods", methods.join(", "));
      headers.set("access-control-allow-headers", requestHeaders.join(", "));
      headers.set("access-control-max-age", "600");
    });
  };
}
