/**
 * The options of who may ask, from where and how much; a part of the table in `options.ts`.
 * @module
 */
import * as z from "zod";
import { hostPort, ipOrCidr, publicUrl, rate } from "./formats.ts";
import { commaList, type Option, secret, wholeNumber } from "./option_types.ts";

/** See `OPTIONS`. */
export const ACCESS_OPTIONS = {
  MCP_AUTH: {
    type: z.string().toLowerCase().pipe(z.enum(["keys", "none"])),
    default: "keys",
    expects: "keys or none",
    example: "keys",
    help:
      "Whether callers need an API key, which `keys create` makes. With none everyone who reaches the port reads all " +
      "of the account's messages.",
  },
  MCP_API_KEY: {
    type: secret(/^[\x21-\x7e]{32,200}$/),
    secret: true,
    expects: "32 to 200 characters without spaces",
    example: "7rkq0Vn2…",
    help: "One API key besides those of `keys create`: it may read, export and see the metrics of all chats.",
  },
  PUBLIC_URL: {
    type: publicUrl,
    expects: "an http or https address without credentials, query and fragment",
    example: "https://telegram.example.org",
    help:
      "The address under which clients reach the server, when a proxy stands in front of it; /metrics then asks for " +
      "its scope on this machine, too.",
  },
  LOCAL_URL: {
    type: publicUrl,
    expects: "an http or https address without credentials, query and fragment",
    example: "http://app:8000",
    help:
      "Where commands that share the server's data directory reach it, if not on this machine: from other containers, by " +
      "the name of the server's.",
  },
  ALLOWED_HOSTS: {
    type: commaList(hostPort),
    default: "",
    expects: "host names, each with or without a port, separated by commas",
    example: "telegram.example.org,localhost:9000",
    help: "Hosts that a request may name besides the loopback names and the host of PUBLIC_URL.",
  },
  TRUSTED_PROXIES: {
    type: commaList(ipOrCidr),
    default: "",
    expects: "IP addresses or CIDR ranges, separated by commas",
    example: "127.0.0.1,172.16.0.0/12",
    help:
      "Proxies whose X-Forwarded-For header is believed. Without it all clients behind a proxy count as one address.",
  },
  METRICS_PORT: {
    type: wholeNumber(1, 65_535),
    expects: "a port from 1 to 65535",
    example: "9090",
    help: "A port of its own for /metrics, which asks for no key: keep it from strangers.",
  },
  RATE_LIMIT: {
    type: rate,
    default: "600/min",
    expects: "requests in s, min or h, as 60/min",
    example: "120/min",
    help: "How many requests each key may send, each call of a batch being one; a key made with --rate has its own.",
  },
  RATE_LIMIT_IP: {
    type: rate,
    default: "1200/min",
    expects: "requests in s, min or h, as 60/min",
    example: "300/min",
    help:
      "How many requests may come from one address (of IPv6 from one /64), whatever their keys; loopback excepted, but " +
      "not with PUBLIC_URL or TRUSTED_PROXIES.",
  },
  MAX_CALLS: {
    type: wholeNumber(1, 10_000),
    default: "100",
    expects: "a number from 1 to 10000",
    example: "50",
    help: "How many calls of tools, and how many downloads, may be under way at once.",
  },
  MAX_CALLS_PER_KEY: {
    type: wholeNumber(1, 10_000),
    default: "8",
    expects: "a number from 1 to 10000",
    example: "4",
    help: "How many calls of tools, and how many downloads, each key may have under way at once.",
  },
  MAX_STREAMS_PER_KEY: {
    type: wholeNumber(1, 10_000),
    default: "16",
    expects: "a number from 1 to 10000",
    example: "4",
    help: "On how many event streams each key may listen at once.",
  },
  MAX_SESSIONS_PER_KEY: {
    type: wholeNumber(1, 10_000),
    default: "20",
    expects: "a number from 1 to 10000",
    example: "5",
    help: "How many MCP sessions each key may have; for one more the one that was not used for longest is closed.",
  },
  AUDIT_DAYS: {
    type: wholeNumber(0, 36_500),
    default: "90",
    expects: "days from 0 to 36500 (0: for ever)",
    example: "365",
    help: "How long it is kept who called which tool on which chats; days. 0 keeps it for ever.",
  },
} as const satisfies Record<string, Option>;
