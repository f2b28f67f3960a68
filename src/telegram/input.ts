/**
 * How TL names peers in requests (https://core.telegram.org/api/peers).
 * @module
 */
import { AppError } from "../errors.ts";
import { Api, bigInt } from "../mtproto/gram.ts";
import { bareId, spaceOf } from "./ids.ts";
import type { Peer } from "./map/peer.ts";

/**
 * How TL names a peer in a request.
 * @throws AppError CHAT_NOT_FOUND for one whose access hash was never seen
 */
export function inputPeer(peer: Peer): Api.TypeInputPeer {
  if (peer.kind === "saved") return new Api.InputPeerSelf();
  const id = bigInt(bareId(peer.id));
  const space = spaceOf(BigInt(peer.id));
  if (space === "group") return new Api.InputPeerChat({ chatId: id });
  const accessHash = bigInt(accessHashOf(peer));
  return space === "user"
    ? new Api.InputPeerUser({ userId: id, accessHash })
    : new Api.InputPeerChannel({ channelId: id, accessHash });
}

/** How TL names a channel or supergroup in a request. */
export function inputChannel(peer: Peer): Api.InputChannel {
  return new Api.InputChannel({ channelId: bigInt(bareId(peer.id)), accessHash: bigInt(accessHashOf(peer)) });
}

/** How TL names a user in a request. */
export function inputUser(peer: Peer): Api.TypeInputUser {
  if (peer.kind === "saved") return new Api.InputUserSelf();
  return new Api.InputUser({ userId: bigInt(bareId(peer.id)), accessHash: bigInt(accessHashOf(peer)) });
}

/** Whether TL can name a peer in a request: basic groups and the account itself need no access hash. */
export function isReachable(peer: Peer): boolean {
  return peer.kind === "group" || peer.kind === "saved" || peer.accessHash !== undefined;
}

function accessHashOf(peer: Peer): string {
  if (peer.accessHash !== undefined) return peer.accessHash;
  throw new AppError("CHAT_NOT_FOUND", `Telegram has not shown this account how to reach ${peer.id}.`, {
    hint: "Name the chat by its @name or link, or ask for it in a chat that both share.",
  });
}
