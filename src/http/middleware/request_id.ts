import { withContext } from "@logtape/logtape";
import { type Middleware, withHeaders } from "../chain.ts";

/**
 * Names the request: by the `X-Request-Id` that came with it when that is sane, else by a fresh UUID. The name is in the
 * answer's `X-Request-Id` and in every log record of the request.
 */
export function requestId(): Middleware {
  return (next) => async (request, context) => {
    const inbound = request.headers.get("x-request-id");
    if (inbound !== null && /^[\w.:-]{8,128}$/.test(inbound)) context.requestId = inbound;
    const { requestId } = context;
    const response = await withContext({ request_id: requestId }, () => next(request, context));
    return withHeaders(response, (headers) => headers.set("x-request-id", requestId));
  };
}
