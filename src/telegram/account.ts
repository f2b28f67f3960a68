/**
 * One Telegram account, as everything above the wire sees it.
 * @module
 */
import type { Call } from "../mtproto/invoke.ts";
import { createDialogs, type Dialogs } from "./dialogs.ts";
import { learning, type Peers } from "./peers.ts";

/** An account: the way to ask Telegram, and what it has said about users and chats. */
export interface Account {
  readonly call: Call;
  /** The same for another data centre of Telegram's, where only files are asked for. */
  readonly withDc: (dcId: number) => Call;
  /** Lets nothing pass but what opens and closes takeouts; see `mtproto/takeout.ts`. */
  readonly takeout: Call;
  readonly peers: Peers;
  readonly dialogs: Dialogs;
  /** What supergroups are known to have been before: marked ids of basic groups, undefined for none. */
  readonly formers: Map<string, string | undefined>;
}

/** An account whose peers learn from every answer. */
export function createAccount(
  { call, withDc, takeout }: Pick<Account, "call" | "withDc" | "takeout">,
  peers: Peers,
  learn: (answer: unknown) => void,
): Account {
  return { call: learning(call, learn), withDc, takeout, peers, dialogs: createDialogs(), formers: new Map() };
}
