/**
 * Who is asking.
 * @module
 */
import * as z from "zod";

/**
 * What a principal may do: `read` all tools that only read, `export` those of exports and their files, `admin` what other
 * principals did, `metrics` the measurements.
 */
export const scopeSchema = z.enum(["read", "export", "admin", "metrics"]);

/** See {@link scopeSchema}. */
export type Scope = z.infer<typeof scopeSchema>;

/** So many requests in so many seconds. */
export interface Rate {
  readonly count: number;
  readonly seconds: number;
}

/** An API key, or the local command line, with the account it reads as. */
export interface Principal {
  readonly id: string;
  readonly accountId: string;
  readonly scopes: readonly Scope[];
  /** What its owner called it. */
  readonly name?: string;
  /** Marked ids of the only chats that it may see; absent: all of the account's. */
  readonly chats?: ReadonlySet<string>;
  /** Another one once its secret was replaced: links that were made before grant nothing. */
  readonly generation?: string;
  /** Its own limit, in place of the general one. */
  readonly rate?: Rate;
}

/** The owner on this machine: commands beside a server, and everybody where no keys are asked for. */
export const LOCAL_PRINCIPAL: Principal = {
  id: "local",
  accountId: "default",
  scopes: ["read", "export", "admin", "metrics"],
};
