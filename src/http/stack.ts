/**
 * The middleware of every request, in order.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Middleware } from "./chain.ts";
import { accessLog } from "./middleware/access_log.ts";
import { authenticate, type AuthenticateOptions } from "./middleware/authenticate.ts";
import { bodyLimit } from "./middleware/body_limit.ts";
import { clientIp } from "./middleware/client_ip.ts";
import { cors, type CorsOptions } from "./middleware/cors.ts";
import { errors } from "./middleware/errors.ts";
import { hostOrigin } from "./middleware/host_origin.ts";
import { type HttpInstruments, httpMetrics } from "./middleware/metrics.ts";
import type { RateLimit } from "./middleware/rate_limit.ts";
import { requestId } from "./middleware/request_id.ts";
import { securityHeaders } from "./middleware/security_headers.ts";

/** What {@link createStack} takes. */
export interface StackOptions {
  readonly logger: Logger;
  readonly instruments: HttpInstruments;
  readonly allowedHosts: readonly string[];
  readonly publicUrl?: string;
  readonly trustedProxies: readonly string[];
  readonly cors: CorsOptions;
  readonly auth: AuthenticateOptions;
  readonly rateLimit?: RateLimit;
  /** Bytes. */
  readonly bodyLimit?: number;
}

/** The middleware from the outermost to the innermost, for `chain`. */
export function createStack(options: StackOptions): readonly Middleware[] {
  const { logger, rateLimit } = options;
  return [
    requestId(),
    accessLog(logger),
    httpMetrics(options.instruments),
    clientIp(options.trustedProxies),
    securityHeaders(),
    errors(logger),
    hostOrigin({ allowedHosts: options.allowedHosts, publicUrl: options.publicUrl }),
    cors(options.cors),
    // Once more, so that pages of allowed origins can read problems too.
    errors(logger),
    // Wrong keys have a limit of their own: they use up nothing that right ones of the same address need.
    authenticate(options.auth),
    ...(rateLimit ? [rateLimit.byAddress, rateLimit.byPrincipal] : []),
    bodyLimit(options.bodyLimit),
  ];
}
