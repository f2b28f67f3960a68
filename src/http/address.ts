/**
 * Addresses of clients.
 * @module
 */
import { isIPv6 } from "node:net";

/**
 * What stands for one client when addresses are counted: an IPv4 address itself, of IPv6 the first 64 bits, since one host
 * has all of them (https://www.rfc-editor.org/rfc/rfc6177#section-2).
 */
export function addressBlock(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.replace(/%.*$/, "").toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}

/**
 * Where a program on the same machine reaches a listener, without a slash at its end. One that listens on all addresses
 * is reached at the loopback one: a request that names the unspecified address is refused.
 * @param host as it is listened on: a name or an IP address, IPv6 without brackets
 */
export function localUrl(host: string, port: number): string {
  const named = host.includes(":") ? `[${host}]` : host;
  const hostname = URL.parse(`http://${named}`)?.hostname ?? "";
  return `http://${LOOPBACK_OF.get(hostname) ?? named}:${port}`;
}

/** What reaches a listener on all addresses. */
const LOOPBACK_OF: ReadonlyMap<string, string> = new Map([["0.0.0.0", "127.0.0.1"], ["[::]", "[::1]"]]);

/** Whether a request comes from this machine itself: no proxy has passed it on. */
export function isFromHere(request: Request, clientIp: string): boolean {
  const isLoopback = clientIp === "::1" || /^127\./.test(clientIp);
  return isLoopback && !FORWARDING.some((name) => request.headers.has(name));
}

/** What proxies add. */
const FORWARDING = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
