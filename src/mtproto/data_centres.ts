/**
 * Where Telegram's data centres are before anybody has asked them.
 * @module
 */

/** Where a data centre listens. */
export interface Address {
  /** An IP address or a host name, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Telegram's production data centres by their number, the ones that accounts live on. Addresses are added and retired now
 * and then, but these stay (https://core.telegram.org/api/datacenter); they are the ones that Pyrogram and its forks begin
 * with, which is where a session without an address comes from.
 */
export const DATA_CENTRES: ReadonlyMap<number, Address> = new Map([
  [1, { host: "149.154.175.53", port: 443 }],
  [2, { host: "149.154.167.51", port: 443 }],
  [3, { host: "149.154.175.100", port: 443 }],
  [4, { host: "149.154.167.91", port: 443 }],
  [5, { host: "91.108.56.130", port: 443 }],
]);
