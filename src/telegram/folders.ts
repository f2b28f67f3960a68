/**
 * The folders of the chat list (https://core.telegram.org/api/folders).
 * @module
 */
import { Api } from "../mtproto/gram.ts";
import type { Call } from "../mtproto/invoke.ts";
import { peerId } from "./ids.ts";

/** A folder of the chat list: what it takes in, and by name what it does not. */
export interface Folder {
  readonly id: number;
  readonly name: string;
  readonly include: ReadonlySet<string>;
  /** Saved Messages are in it. */
  readonly includesSelf: boolean;
  readonly exclude: ReadonlySet<string>;
  readonly rules: Api.DialogFilter | undefined;
}

/** The account's folders: TL method messages.getDialogFilters (https://core.telegram.org/api/folders). */
export async function readFolders(call: Call): Promise<Folder[]> {
  const { filters } = await call(new Api.messages.GetDialogFilters());
  return filters.flatMap((filter): Folder[] => {
    if (filter.className === "DialogFilterDefault") return [];
    const ids = (peers: readonly Api.TypeInputPeer[]): Set<string> =>
      new Set(peers.flatMap((peer) => inputPeerId(peer) ?? []));
    const included = [...filter.pinnedPeers, ...filter.includePeers];
    return [{
      id: filter.id,
      name: filter.title.text,
      include: ids(included),
      includesSelf: included.some((peer) => peer.className === "InputPeerSelf"),
      exclude: filter.className === "DialogFilter" ? ids(filter.excludePeers) : new Set(),
      rules: filter.className === "DialogFilter" ? filter : undefined,
    }];
  });
}

function inputPeerId(peer: Api.TypeInputPeer): string | undefined {
  if (peer.className === "InputPeerUser") return peerId(new Api.PeerUser({ userId: peer.userId }));
  if (peer.className === "InputPeerChat") return peerId(new Api.PeerChat({ chatId: peer.chatId }));
  if (peer.className === "InputPeerChannel") return peerId(new Api.PeerChannel({ channelId: peer.channelId }));
  return undefined;
}
