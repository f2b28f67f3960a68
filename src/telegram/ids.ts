/**
 * Marked ids: one number line for users, basic groups and channels (https://core.telegram.org/api/bots/ids).
 * @module
 */
import type { Api, BigInteger } from "../mtproto/gram.ts";

const CHANNEL_BASE = 10n ** 12n;
const LOWEST_GROUP = -999_999_999_999n;
const LOWEST_CHANNEL = -1_997_852_516_352n;

/** What a marked id stands for. */
export type IdSpace = "user" | "group" | "channel";

/** Which space a marked id lies in, or undefined for zero, monoforums and numbers beyond Telegram's ranges. */
export function spaceOf(marked: bigint): IdSpace | undefined {
  if (marked > 0n) return "user";
  if (marked === 0n || marked < LOWEST_CHANNEL) return undefined;
  if (marked >= LOWEST_GROUP) return "group";
  return marked < -CHANNEL_BASE ? "channel" : undefined;
}

/** The marked id of a bare one. */
export function markedId(space: IdSpace, bare: bigint | BigInteger): string {
  const id = BigInt(bare.toString());
  if (space === "user") return id.toString();
  return (space === "group" ? -id : -CHANNEL_BASE - id).toString();
}

/** The bare id of a marked one. */
export function bareId(marked: string): bigint {
  const id = BigInt(marked);
  if (id > 0n) return id;
  return id >= LOWEST_GROUP ? -id : -CHANNEL_BASE - id;
}

/** The same where there may be none: Telegram left it out, or a view of some chats did. */
export function markedIdIfTold(space: IdSpace, bare: BigInteger | null | undefined): string | undefined {
  return bare === null || bare === undefined ? undefined : markedId(space, bare);
}

/** The marked id of a TL peer. */
export function peerId(peer: Api.TypePeer): string {
  if (peer.className === "PeerUser") return markedId("user", peer.userId);
  if (peer.className === "PeerChat") return markedId("group", peer.chatId);
  return markedId("channel", peer.channelId);
}

/** The same where there may be none: Telegram left it out, or a view of some chats did. */
export function peerIdIfTold(peer: Api.TypePeer | null | undefined): string | undefined {
  return peer === null || peer === undefined ? undefined : peerId(peer);
}
