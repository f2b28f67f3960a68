/**
 * From input peers to chats, and who may not.
 * @module
 */
import { RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import { channelId } from "../world/chat.ts";
import type { World, WorldChat, WorldMessage, WorldUser } from "../world/mod.ts";

function hashFits(world: World, id: string, hash: { toString(): string }): boolean {
  return hash.toString() === String(world.accessHash(id));
}

/** The marked ids of users and channels a message names. */
export function namedIn(message: WorldMessage): readonly string[] {
  const named = [message.from, message.forward?.from, message.viaBot, message.replyTo?.chat, ...message.named ?? []];
  named.push(message.replyToStory?.peer, message.media?.kind === "story" ? message.media.peer : undefined);
  for (const entity of message.entities ?? []) named.push(entity.userId);
  if (message.media?.kind === "contact") named.push(message.media.userId);
  const { service } = message;
  if (service?.action === "add_user" || service?.action === "chat_create") named.push(...service.users);
  if (service?.action === "remove_user") named.push(service.user);
  if (service?.action === "joined_by_link") named.push(service.inviter);
  if (service?.action === "migrate_to" || service?.action === "migrate_from") named.push(service.chat);
  return named.filter((id) => id !== undefined);
}

function seenIn(world: World, peer: unknown, messageId: number, id: string): void {
  const message = world.messages(chatOf(world, peer).id).byId(messageId);
  if (!message || !namedIn(message).includes(id)) throw new RpcError(400, "MSG_ID_INVALID");
}

function channelOf(world: World, id: string, hash: { toString(): string } | undefined): WorldChat {
  const chat = world.chats.get(id);
  if (!chat) throw new RpcError(400, "CHANNEL_INVALID");
  if (chat.access === "closed") throw new RpcError(400, "CHANNEL_PRIVATE");
  if (hash && !hashFits(world, id, hash)) throw new RpcError(400, "CHANNEL_INVALID");
  return chat;
}

function userOf(world: World, id: string, hash: { toString(): string } | undefined, error: string): WorldUser {
  const user = world.users.get(id);
  if (!user || hash && !hashFits(world, id, hash)) throw new RpcError(400, error);
  return user;
}

function privateChatOf(world: World, user: WorldUser): WorldChat {
  const chat = world.chat(user.id);
  if (!chat) throw new RpcError(400, "PEER_ID_INVALID");
  return chat;
}

/**
 * The channel or supergroup of an InputChannel.
 * @throws {RpcError} CHANNEL_INVALID (unknown, or a wrong access hash), CHANNEL_PRIVATE, MSG_ID_INVALID
 */
export function channelFrom(world: World, input: unknown): WorldChat {
  if (input instanceof Api.InputChannel) return channelOf(world, channelId(Number(input.channelId)), input.accessHash);
  if (input instanceof Api.InputChannelFromMessage) {
    const id = channelId(Number(input.channelId));
    seenIn(world, input.peer, input.msgId, id);
    return channelOf(world, id, undefined);
  }
  throw new RpcError(400, "CHANNEL_INVALID");
}

/**
 * The user of an InputUser.
 * @throws {RpcError} USER_ID_INVALID, MSG_ID_INVALID
 */
export function userFrom(world: World, input: unknown): WorldUser {
  if (input instanceof Api.InputUserSelf) return userOf(world, String(world.ownerId), undefined, "USER_ID_INVALID");
  if (input instanceof Api.InputUser) {
    return userOf(world, input.userId.toString(), input.accessHash, "USER_ID_INVALID");
  }
  if (input instanceof Api.InputUserFromMessage) {
    const id = input.userId.toString();
    seenIn(world, input.peer, input.msgId, id);
    return userOf(world, id, undefined, "USER_ID_INVALID");
  }
  throw new RpcError(400, "USER_ID_INVALID");
}

/**
 * The basic group of a bare id.
 * @throws {RpcError} CHAT_ID_INVALID
 */
export function groupFrom(world: World, bare: { toString(): string }): WorldChat {
  const chat = world.chats.get(`-${bare}`);
  if (chat?.kind !== "group") throw new RpcError(400, "CHAT_ID_INVALID");
  return chat;
}

/**
 * The chat of an InputPeer.
 * @throws {RpcError} PEER_ID_INVALID, CHAT_ID_INVALID, CHANNEL_INVALID, CHANNEL_PRIVATE, MSG_ID_INVALID
 */
export function chatOf(world: World, input: unknown): WorldChat {
  if (input instanceof Api.InputPeerSelf) {
    return privateChatOf(world, userOf(world, String(world.ownerId), undefined, "PEER_ID_INVALID"));
  }
  if (input instanceof Api.InputPeerUser) {
    return privateChatOf(world, userOf(world, input.userId.toString(), input.accessHash, "PEER_ID_INVALID"));
  }
  if (input instanceof Api.InputPeerUserFromMessage) {
    const id = input.userId.toString();
    seenIn(world, input.peer, input.msgId, id);
    return privateChatOf(world, userOf(world, id, undefined, "PEER_ID_INVALID"));
  }
  if (input instanceof Api.InputPeerChat) return groupFrom(world, input.chatId);
  if (input instanceof Api.InputPeerChannel) {
    return channelOf(world, channelId(Number(input.channelId)), input.accessHash);
  }
  if (input instanceof Api.InputPeerChannelFromMessage) {
    const id = channelId(Number(input.channelId));
    seenIn(world, input.peer, input.msgId, id);
    return channelOf(world, id, undefined);
  }
  throw new RpcError(400, "PEER_ID_INVALID");
}
