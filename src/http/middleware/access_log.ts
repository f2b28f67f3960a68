import type { Logger } from "@logtape/logtape";
import type { Middleware } from "../chain.ts";

/**
 * One record a request, when the head of its answer is known. Paths may hold signed tokens, so a matched route shows as its
 * name, and a path only when the router knows none for it; queries and bodies are never logged.
 */
export function accessLog(logger: Logger): Middleware {
  return (next) => async (request, context) => {
    const response = await next(request, context);
    const { route, clientIp, startedAt, requestId } = context;
    const bytes = response.headers.get("content-length");
    logger.info("request", {
      method: request.method,
      // Refused before the router has seen it (a wrong key, too many requests), a path may be one that holds a token.
      target: route ?? (response.status === 404 ? new URL(request.url).pathname.slice(0, 200) : "unrouted"),
      status: response.status,
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
      ...(bytes === null ? {} : { bytes: Number(bytes) }),
      client_ip: clientIp,
      request_id: requestId,
    });
    return response;
  };
}
