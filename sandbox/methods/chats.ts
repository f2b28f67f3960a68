/**
 * channels.getChannels, messages.getChats and messages.checkChatInvite.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import { channelFrom, groupFrom } from "./access.ts";
import type { Answers } from "./answers.ts";
import { encode } from "./encode.ts";
import { chat as mapChat, flag } from "./map_peer.ts";
import { method } from "./method.ts";

/** https://core.telegram.org/method/channels.getChannels. Errors: CHANNEL_INVALID, CHANNEL_PRIVATE. */
export function getChannels(answers: Answers): readonly [string, Method] {
  return method(Api.channels.GetChannels, (request) => {
    const ids = request.id.map((input) => channelFrom(answers.world, input).id);
    return encode({ _: "messages.chats", chats: answers.people(ids).chats });
  });
}

/** https://core.telegram.org/method/messages.getChats. Errors: CHAT_ID_INVALID. */
export function getChats(answers: Answers): readonly [string, Method] {
  return method(Api.messages.GetChats, (request) => {
    const ids = request.id.map((bare) => groupFrom(answers.world, bare).id);
    return encode({ _: "messages.chats", chats: answers.people(ids).chats });
  });
}

/**
 * https://core.telegram.org/method/messages.checkChatInvite: looks at an invite link without joining.
 * Errors: INVITE_HASH_EMPTY, INVITE_HASH_INVALID, INVITE_HASH_EXPIRED.
 */
export function checkChatInvite({ world }: Answers): readonly [string, Method] {
  return method(Api.messages.CheckChatInvite, ({ hash }) => {
    if (hash === "") throw new RpcError(400, "INVITE_HASH_EMPTY");
    if (!/^[\w-]+$/.test(hash)) throw new RpcError(400, "INVITE_HASH_INVALID");
    const chat = [...world.chats.values()].find(({ invite }) => invite === hash);
    if (!chat) throw new RpcError(400, "INVITE_HASH_EXPIRED");
    if (chat.access === "member") return encode({ _: "chatInviteAlready", chat: mapChat(world, chat, false) });
    return encode({
      _: "chatInvite",
      channel: flag(chat.kind !== "group"),
      broadcast: flag(chat.kind === "channel"),
      public: flag(chat.username),
      megagroup: flag(chat.kind === "supergroup" || chat.kind === "forum"),
      request_needed: flag(chat.approval),
      title: chat.title,
      about: chat.about || undefined,
      photo: { _: "photoEmpty", id: 0 },
      participants_count: chat.size,
      color: 0,
    });
  });
}
