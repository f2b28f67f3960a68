/**
 * Principals without keys, for tests of what stands behind the authentication.
 * @module
 */
import type { Middleware } from "../../src/http/chain.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../../src/model/principal.ts";

const NEVER = new AbortController().signal;

/** Those who may act, all for ever. */
export function holders(all: readonly Principal[]): {
  find(id: string): Principal | undefined;
  revoked(id: string): AbortSignal;
} {
  return { find: (id) => all.find((one) => one.id === id), revoked: () => NEVER };
}

/** Somebody with a key as `keys create` makes it. */
export const READER: Principal = { ...LOCAL_PRINCIPAL, scopes: ["read", "export"] };

/** Says who asks; {@link READER} unless told otherwise. */
export function asking(who: () => Principal = () => READER): Middleware {
  return (next) => (request, context) => {
    context.principal = who();
    return next(request, context);
  };
}
