/**
 * Schemas for the texts of options that are more than a word or a number.
 * @module
 */
import { createPublicKey } from "node:crypto";
import { BlockList, isIP, isIPv6 } from "node:net";
import * as z from "zod";
import type { Rate } from "../model/principal.ts";
import { Secret } from "./secret.ts";

/** A data centre to use in place of Telegram's own. */
export interface TestDc {
  /** The number of the data centre, 1 to 5. */
  readonly id: number;
  /** An IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A SOCKS5 proxy. */
export interface Socks5Proxy {
  /** An IP address or a host name, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** With a password, 1 to 255 bytes of UTF-8 each (RFC 1929). */
  readonly username?: string;
  readonly password?: Secret;
}

/** Whether an address or name stands for this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || isWithin(host, [["127.0.0.0", 8], ["::1", 128]]);
}

/** RFC 1918 and RFC 4193, besides this machine itself. */
export function isLocalNetwork(host: string): boolean {
  return isLoopback(host) ||
    isWithin(host, [["10.0.0.0", 8], ["172.16.0.0", 12], ["192.168.0.0", 16], ["fc00::", 7]]);
}

function isWithin(host: string, ranges: readonly (readonly [string, number])[]): boolean {
  if (isIP(host) === 0) return false;
  const list = new BlockList();
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, isIPv6(net) ? "ipv6" : "ipv4");
  return list.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

/** `name`, `name:port`, `[v6]` or `[v6]:port`, in lower case. */
export const hostPort: z.ZodType<string, string> = z.string().toLowerCase()
  .regex(/^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?$/)
  .refine((text) => URL.canParse(`http://${text}`));

/** One IP address or CIDR range. */
export const ipOrCidr: z.ZodType<string, string> = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** An absolute address, given back without a slash at its end. */
export const publicUrl: z.ZodType<string, string> = z.string()
  .refine((text) => {
    const url = URL.parse(text);
    return url !== null && (url.protocol === "https:" || url.protocol === "http:") &&
      url.username === "" && url.password === "" && !/[?#]/.test(text);
  })
  .transform((text) => new URL(text).href.replace(/\/+$/, ""));

/** `id@address:port` of a data centre on this machine or a private network. */
export const testDc: z.ZodType<TestDc, string> = z.string().transform((text, context): TestDc => {
  const [, id, v6, v4, port] = /^([1-5])@(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? (v4 === "localhost" ? "127.0.0.1" : v4);
  if (host === undefined || !isLocalNetwork(host) || Number(port) < 1 || Number(port) > 65_535) {
    context.addIssue("not a local data centre");
    return z.NEVER;
  }
  return { id: Number(id), host, port: Number(port) };
});

const hostName = z.union([z.ipv4(), z.ipv6(), z.hostname()]);

/** `socks5://[user:password@]host:port`, special characters of the user and the password percent-encoded. */
export const socks5Proxy: z.ZodType<Socks5Proxy, string> = z.string().transform((text, context): Socks5Proxy => {
  const [, user, pass, v6, name, portText] =
    /^socks5h?:\/\/(?:([^\s:@/?#]+):([^\s:@/?#]+)@)?(?:\[([^\]]+)\]|([^\s:@/?#]+)):(\d{1,5})\/?$/i.exec(text) ?? [];
  const [host, port] = [hostName.safeParse(v6 ?? name), Number(portText)];
  const [username, password] = [user, pass].map(percentDecoded);
  const isTooLong = [username, password].some((part) =>
    part !== undefined && new TextEncoder().encode(part).length > 255
  );
  if (!host.success || !(port >= 1 && port <= 65_535) || isTooLong || (user !== undefined && !(username && password))) {
    context.addIssue("not a SOCKS5 proxy");
    return z.NEVER;
  }
  return { host: host.data, port, ...(username && password && { username, password: new Secret(password) }) };
});

function percentDecoded(text: string | undefined): string | undefined {
  try {
    return text && decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const UNITS = ["bytes", "KB", "MB", "GB", "TB"];
const SIZE = /^(\d{1,15}) ?(?:B|([KMGT])(I)?B)?$/;

/** A number of bytes, with a unit or without: 1 KB is 1000 and 1 KiB is 1024. */
export const byteSize: z.ZodType<number, string> = z.string().toUpperCase().regex(SIZE).transform((text): number => {
  const [, count, letter, binary] = SIZE.exec(text) ?? [];
  const power = letter === undefined ? 0 : UNITS.indexOf(`${letter}B`);
  return Number(count) * (binary === undefined ? 1000 : 1024) ** power;
}).pipe(z.int());

/** A number of bytes for people, three digits at most: `1.23 GB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}

/** Whether a text is a public RSA key in PEM. */
export function isRsaKey(text: string): boolean {
  try {
    return createPublicKey(text).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };

/** A number of requests in a second, a minute or an hour: `60/min`. */
export const rate: z.ZodType<Rate, string> = z.string().transform((text, context): Rate => {
  const [, count, unit = ""] = /^([1-9]\d{0,6}) ?\/ ?(s|min|h)$/.exec(text) ?? [];
  const seconds = UNIT_SECONDS[unit];
  if (seconds !== undefined) return { count: Number(count), seconds };
  context.addIssue("not a rate");
  return z.NEVER;
});

/** A rate for people: `60/min`. */
export function formatRate({ count, seconds }: Rate): string {
  const unit = Object.entries(UNIT_SECONDS).find(([, each]) => each === seconds)?.[0] ?? `${seconds} s`;
  return `${count}/${unit}`;
}

const DURATION_UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `90d`, `12h`, `30m`, `2w` or `45s`, above 0; in seconds. */
export const duration: z.ZodType<number, string> = z.string().transform((text, context): number => {
  const [, count, unit = ""] = /^([1-9]\d{0,5}) ?([smhdw])$/.exec(text) ?? [];
  const seconds = DURATION_UNITS[unit];
  if (seconds !== undefined) return Number(count) * seconds;
  context.addIssue("not a duration");
  return z.NEVER;
});
