import { AppError } from "../../errors.ts";
import type { Principal } from "../../model/principal.ts";
import type { Middleware } from "../chain.ts";
import type { Failures } from "../failures.ts";

/** Who knows the keys. */
export interface Verifier {
  /** Who holds a key; undefined for one that is not known, or not any more. */
  authenticate(key: string): Principal | undefined;
  /** Whether a text can be no key of ours, since its checksum is wrong. */
  isMistyped(key: string): boolean;
  /** Aborted when a principal may act no longer, or not by that key. */
  revoked(id: string, key?: string): AbortSignal;
  /** Who asks without a key, if anybody may. */
  readonly anonymous?: Principal;
}

/** Why a key was refused. */
export type Refusal = "malformed" | "mistyped" | "unknown";

/** What {@link authenticate} takes. */
export interface AuthenticateOptions {
  readonly verifier: Verifier;
  readonly failures: Failures;
  /** Told of each key that was refused. */
  readonly onRefused: (reason: Refusal, clientIp: string) => void;
}

/**
 * Finds out who asks, by `Authorization: Bearer KEY` and nothing else (https://www.rfc-editor.org/rfc/rfc6750#section-2.1): an
 * address ends up in logs and histories. A wrong key is refused, whatever is asked for; without one the routes decide.
 */
export function authenticate({ verifier, failures, onRefused }: AuthenticateOptions): Middleware {
  const identify = (key: string | undefined): Principal | Refusal => {
    if (key === undefined) return "malformed";
    return verifier.authenticate(key) ?? (verifier.isMistyped(key) ? "mistyped" : "unknown");
  };
  return (next) => async (request, context) => {
    const header = request.headers.get("authorization");
    const key = header === null ? undefined : /^Bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
    const principal = header === null ? verifier.anonymous : identify(key);
    if (typeof principal === "string") {
      onRefused(principal, context.clientIp);
      const retryAfter = await failures.add(context.clientIp, request.signal);
      if (retryAfter !== undefined) throw tooMany(retryAfter);
      throw new AppError("AUTH_REQUIRED", REFUSALS[principal], { field: "authorization" });
    }
    if (principal !== undefined) {
      context.principal = principal;
      context.revoked = verifier.revoked(principal.id, key);
    }
    return await next(request, context);
  };
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  malformed: "The Authorization header is not `Bearer` and a key.",
  mistyped: "The key was mistyped or cut: its checksum is wrong.",
  unknown: "This key is not valid, or not any more.",
};

function tooMany(retryAfter: number): AppError {
  return new AppError("RATE_LIMITED", "Too many wrong keys came from this address.", {
    hint: "Correct the key; the right one is accepted at once.",
    retryAfter,
  });
}
