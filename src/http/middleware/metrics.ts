import type { Middleware } from "../chain.ts";

/** The instruments that {@link httpMetrics} feeds. */
export interface HttpInstruments {
  readonly httpRequests: {
    inc(labels: { readonly method: string; readonly route: string; readonly status: string }): void;
  };
  readonly httpDuration: { observe(labels: { readonly route: string }, seconds: number): void };
}

const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Counts requests and the seconds until the head of their answer. Whatever a client may invent becomes one label value. */
export function httpMetrics({ httpRequests, httpDuration }: HttpInstruments): Middleware {
  return (next) => async (request, context) => {
    const response = await next(request, context);
    const route = context.route ?? "unmatched";
    const method = METHODS.includes(request.method) ? request.method : "other";
    httpRequests.inc({ method, route, status: String(response.status) });
    httpDuration.observe({ route }, (performance.now() - context.startedAt) / 1000);
    return response;
  };
}
