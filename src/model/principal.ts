/**
 * Who is asking.
 * @module
 */

/** What a principal may do; `read` covers every tool that only reads. */
export type Scope = "read" | "export" | "admin" | "metrics";

/** An API key, an OAuth token or the local command line, with the account it reads as. */
export interface Principal {
  readonly id: string;
  readonly accountId: string;
  readonly scopes: readonly Scope[];
}

/** The caller on this machine, until keys are configured: everyone who can reach the loopback listener. */
export const LOCAL_PRINCIPAL: Principal = { id: "local", accountId: "default", scopes: ["read", "export"] };
