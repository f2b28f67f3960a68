import { type Middleware, withHeaders } from "../chain.ts";

const DEFAULTS: readonly (readonly [string, string])[] = [
  ["cache-control", "no-store"],
  ["content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
];

/** Closed defaults for browsers, after https://owasp.org/www-project-secure-headers/; a header that the handler set stays. */
export function securityHeaders(): Middleware {
  return (next) => async (request, context) =>
    withHeaders(await next(request, context), (headers) => {
      for (const [name, value] of DEFAULTS) if (!headers.has(name)) headers.set(name, value);
    });
}
