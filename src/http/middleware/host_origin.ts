import { AppError } from "../../errors.ts";
import type { Middleware } from "../chain.ts";

/** What {@link hostOrigin} takes. */
export interface HostOriginOptions {
  /** `host`, which means on any port, or `host:port`; in lower case. */
  readonly allowedHosts: readonly string[];
  /** The address that clients use; its host is allowed. */
  readonly publicUrl?: string;
}

const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Refuses requests meant for another host or sent by a page of another one. It stops DNS rebinding: a page whose own name
 * resolves to this machine, https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
 *
 * Loopback names are accepted with the port listened on, other hosts when they are configured.
 */
export function hostOrigin({ allowedHosts, publicUrl }: HostOriginOptions): Middleware {
  const ours = publicUrl === undefined ? undefined : new URL(publicUrl);
  const allowed = new Set(allowedHosts);
  const accepts = (url: URL | null, localPort: number): boolean =>
    url !== null && (
      allowed.has(url.hostname) || allowed.has(url.host) || allowed.has(`${url.hostname}:${portOf(url)}`) ||
      (LOOPBACK_NAMES.includes(url.hostname) && portOf(url) === localPort)
    );
  // A proxy may leave the port out of Host, and its own scheme is not known here; a page's origin is compared whole.
  const acceptsHost = (url: URL | null, localPort: number): boolean =>
    accepts(url, localPort) || (ours !== undefined && (url?.host === ours.host || url?.hostname === ours.host));
  const acceptsOrigin = (url: URL | null, localPort: number): boolean =>
    accepts(url, localPort) || (ours !== undefined && url?.origin === ours.origin);

  return (next) => (request, context) => {
    if (!acceptsHost(hostOf(request), context.localPort)) throw refusal("host", "Host");
    const origin = request.headers.get("origin");
    if (origin !== null && !acceptsOrigin(URL.parse(origin), context.localPort)) throw refusal("origin", "Origin");
    return next(request, context);
  };
}

/**
 * The host that a request names, as an address; null when it names none, or two. Deno builds the request's address out of the
 * header as it came, which may hold a path of its own; and a request line may hold an address with another host
 * (https://www.rfc-editor.org/rfc/rfc9112#section-3.2).
 */
function hostOf(request: Request): URL | null {
  const [header, url] = [request.headers.get("host"), URL.parse(request.url)];
  if (header === null || url === null) return url;
  const named = /^[^/?#@\\\s]+$/.test(header) ? URL.parse(`http://${header}`) : null;
  return named?.hostname === url.hostname && portOf(named) === portOf(url) ? named : null;
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

function refusal(field: string, header: string): AppError {
  return new AppError("ACCESS_DENIED", `The ${header} header names a host that this server does not answer for.`, {
    field,
    hint: "The server's owner can add the host to ALLOWED_HOSTS, or set PUBLIC_URL.",
  });
}
