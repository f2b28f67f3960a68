/**
 * One Telegram account, as everything above the wire sees it.
 * @module
 */
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import { createDialogs, type Dialogs } from "./dialogs.ts";
import type { Peer } from "./map/peer.ts";
import { learning, type Peers } from "./peers.ts";

/**
 * An account: the way to ask Telegram, and what it has said about users and chats. `restrict.ts` makes views of one that see
 * some of its chats only.
 */
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
  /** Who can be named as a sender: in a view others than those that can be named as a chat. */
  readonly senders: Peers;
  /** Chats that a title may mean, and that are proposed for a name that nothing answers to: those of the chat list, or of a view. */
  readonly own: (call: Call, options?: CallOptions) => Promise<readonly Peer[]>;
  /** Whether a chat, by its marked id, may be read: false only in a view. */
  readonly allows: (id: string) => boolean;
}

/** An account whose peers learn from every answer. */
export function createAccount(
  { call, withDc, takeout }: Pick<Account, "call" | "withDc" | "takeout">,
  peers: Peers,
  learn: (answer: unknown) => void,
): Account {
  const dialogs = createDialogs();
  return {
    call: learning(call, learn),
    withDc,
    takeout,
    peers,
    dialogs,
    formers: new Map(),
    senders: peers,
    own: async (call, options) => (await dialogs.load(call, options)).dialogs.map(({ peer }) => peer),
    allows: () => true,
  };
}
