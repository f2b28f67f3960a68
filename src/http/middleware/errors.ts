import type { Logger } from "@logtape/logtape";
import { toAppError } from "../../errors.ts";
import type { Middleware } from "../chain.ts";
import { problemResponse } from "../problem.ts";

/** For the log only; the status that nginx gives to the same case. */
const CLIENT_CLOSED_REQUEST = 499;

/** Turns whatever is thrown into a problem answer. What was not foreseen goes to the log with its stack, not to the caller. */
export function errors(logger: Logger): Middleware {
  return (next) => async (request, context) => {
    try {
      return await next(request, context);
    } catch (thrown) {
      // A client that has gone away aborts its handler: nobody can or need mend that, nor will anybody read the answer.
      if (request.signal.aborted) return new Response(null, { status: CLIENT_CLOSED_REQUEST });
      const error = toAppError(thrown);
      if (error.code === "INTERNAL") logger.error("A request failed unexpectedly.", { error: error.cause ?? error });
      return problemResponse(error, { requestId: context.requestId });
    }
  };
}
