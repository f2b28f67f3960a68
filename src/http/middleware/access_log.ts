import type { Logger } from "@logtape/logtape";
import type { Middleware } from "../chain.ts";

/**
 * One record a request, when the head of its answer is known. Paths may hold signed tokens, names and whatever else somebody
 * has put there, so a matched route shows as its name, and no path is ever logged, nor are queries and bodies.
 */
export function accessLog(logger: Logger): Middleware {
  return (next) => async (request, context) => {
    const response = await next(request, context);
    const { route, clientIp, startedAt, requestId } = context;
    const bytes = response.headers.get("content-length");
    logger.info("request", {
      method: request.method,
      // Refused before the router has seen it (a wrong key, too many requests), a path may be one that has a route.
      target: route ?? (response.status === 404 ? "unmatched" : "unrouted"),
      status: response.status,
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
      ...(bytes === null ? {} : { bytes: Number(bytes) }),
      client_ip: clientIp,
      request_id: requestId,
    });
    return response;
  };
}
