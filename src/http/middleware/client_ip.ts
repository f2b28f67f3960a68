import { BlockList, isIP, isIPv6 } from "node:net";
import type { Middleware } from "../chain.ts";

/**
 * Finds the client's address behind proxies: from the right end of `X-Forwarded-For`, the first address that is not a trusted
 * proxy's. The header counts only when a trusted proxy sent it; anyone else could have invented it.
 *
 * @param trustedProxies IP addresses and CIDR ranges
 */
export function clientIp(trustedProxies: readonly string[]): Middleware {
  const trusted = new BlockList();
  for (const range of trustedProxies) {
    const [address = "", prefix] = range.split("/");
    trusted.addSubnet(address, Number(prefix ?? (isIPv6(address) ? 128 : 32)), family(address));
  }
  const isTrusted = (address: string): boolean => isIP(address) !== 0 && trusted.check(address, family(address));

  return (next) => (request, context) => {
    context.clientIp = plain(context.clientIp);
    const forwarded = request.headers.get("x-forwarded-for")?.split(",").map((part) => plain(part.trim())) ?? [];
    while (isTrusted(context.clientIp)) {
      const before = forwarded.pop();
      if (before === undefined || isIP(before) === 0) break;
      context.clientIp = before;
    }
    return next(request, context);
  };
}

function family(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

/** An IPv4 address, however it is mapped into IPv6, https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2 */
function plain(address: string): string {
  if (!isIPv6(address) || address.includes("%")) return address;
  // An address of the web has one way to be written.
  const [, high, low] = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/.exec(new URL(`http://[${address}]`).hostname) ??
    [];
  if (high === undefined || low === undefined) return address;
  return [high, low].flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]).join(".");
}
