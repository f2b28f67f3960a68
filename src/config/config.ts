/**
 * What the program was told, checked.
 * @module
 */
import type { Rate } from "../model/principal.ts";
import type { Socks5Proxy, TestDc } from "./formats.ts";
import type { Secret } from "./secret.ts";

/** What the program was told. */
export interface Config {
  readonly telegram: {
    readonly apiId?: number;
    readonly apiHash?: Secret;
    readonly stringSession?: Secret;
    /** The file that it came from, which may come to hold another one. */
    readonly stringSessionFile?: string;
    /** What a stored session is encrypted with. */
    readonly sessionKey?: Secret;
    /** What Telegram is reached through. */
    readonly proxy?: Socks5Proxy;
    /** Used in place of Telegram's own data centres; `publicKey` is its RSA key, PEM. */
    readonly testDc?: TestDc & { readonly publicKey: string };
  };
  readonly http: {
    readonly host: string;
    /** 0 means any free port. */
    readonly port: number;
    /** Where /metrics is served without a key. */
    readonly metricsPort?: number;
    /** Without a slash at its end. */
    readonly publicUrl?: string;
    /** Where commands with the same data directory reach the server; without a slash at its end. */
    readonly localUrl?: string;
    /** `host` or `host:port`, in lower case. */
    readonly allowedHosts: readonly string[];
    /** IP addresses and CIDR ranges. */
    readonly trustedProxies: readonly string[];
  };
  readonly auth: {
    /** With `none` everybody is the owner. */
    readonly mode: "keys" | "none";
    /** A key besides those that are stored. */
    readonly apiKey?: Secret;
  };
  readonly limits: Limits;
  /** 0 keeps it for ever. */
  readonly auditDays: number;
  readonly log: LogConfig;
  /** Seconds, 0 to 15. */
  readonly floodSleepThreshold: number;
  /** Milliseconds that one call to Telegram may take. */
  readonly requestTimeout: number;
  /** Messages, 1 to 100. */
  readonly maxPageSize: number;
  /** Pages of histories that exports ask for at once, 1 to 16. */
  readonly exportReadAhead: number;
  /** Whether media of chats that forbid saving may be read. */
  readonly allowProtectedMedia: boolean;
  readonly exports: {
    /** How long files are kept once an export is over; 0 is for ever. */
    readonly maxAgeHours: number;
    /** What the files of all exports may take; 0 is no limit. */
    readonly maxBytes: number;
  };
  /** What exports may download: bytes of a file, 0 for no limit, and files of one export. */
  readonly exportMedia: { readonly maxFileBytes: number; readonly maxFiles: number };
  /** A folder; it may not exist yet. */
  readonly dataDir: string;
  /** Sentences about variables that look like options and are not. */
  readonly warnings: readonly string[];
}

/** What is logged and how. */
export interface LogConfig {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly format: "text" | "json";
}

/** How much may be asked. */
export interface Limits {
  /** Requests of each principal, and of each address. */
  readonly rate: Rate;
  readonly ratePerIp: Rate;
  /** Calls under way at once, of everybody and of each principal. */
  readonly calls: number;
  readonly callsPerKey: number;
  readonly streamsPerKey: number;
  readonly sessionsPerKey: number;
}

/** Whether requests from this machine may be a proxy's, and so anybody's: a proxy need not say that it is one. */
export function isBehindProxy({ publicUrl, trustedProxies }: Config["http"]): boolean {
  return publicUrl !== undefined || trustedProxies.length > 0;
}
