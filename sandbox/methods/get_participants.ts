/**
 * channels.getParticipants.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import type { World, WorldChat } from "../world/mod.ts";
import { channelFrom } from "./access.ts";
import type { Answers } from "./answers.ts";
import { encode, type TlPlain } from "./encode.ts";
import { limited, method } from "./method.ts";

function participant(world: World, chat: WorldChat, user_id: string): TlPlain {
  const rights: TlPlain = { _: "chatAdminRights", delete_messages: true, pin_messages: true, other: true };
  const [creator, admin] = chat.members;
  if (user_id === creator) {
    return { _: "channelParticipantCreator", user_id, admin_rights: { ...rights, anonymous: true } };
  }
  if (user_id === String(world.ownerId)) {
    return { _: "channelParticipantSelf", user_id, inviter_id: creator, date: chat.joined };
  }
  if (user_id === admin) {
    return { _: "channelParticipantAdmin", user_id, promoted_by: creator, date: chat.created, admin_rights: rights };
  }
  return { _: "channelParticipant", user_id, date: chat.created };
}

function selected(world: World, chat: WorldChat, filter: unknown): readonly string[] {
  if (filter instanceof Api.ChannelParticipantsRecent) return chat.members;
  if (filter instanceof Api.ChannelParticipantsAdmins) return chat.members.slice(0, 2);
  if (filter instanceof Api.ChannelParticipantsBots) return chat.members.filter((id) => world.users.get(id)?.bot);
  if (filter instanceof Api.ChannelParticipantsSearch) {
    const wanted = filter.q.toLowerCase();
    return chat.members.filter((id) => {
      const user = world.users.get(id);
      const names = `${user?.firstName ?? ""} ${user?.lastName ?? ""} ${user?.username ?? ""}`.toLowerCase();
      return names.split(" ").some((name) => name.startsWith(wanted)) || names.startsWith(wanted);
    });
  }
  throw new RpcError(400, "INPUT_CONSTRUCTOR_INVALID");
}

/**
 * https://core.telegram.org/method/channels.getParticipants: the members of a supergroup; of a channel only its admins may see them.
 * Errors: CHANNEL_INVALID, CHANNEL_PRIVATE, CHAT_ADMIN_REQUIRED.
 */
export function getParticipants(answers: Answers): readonly [string, Method] {
  const { world } = answers;
  return method(Api.channels.GetParticipants, (request) => {
    const chat = channelFrom(world, request.channel);
    if (chat.kind === "channel") throw new RpcError(400, "CHAT_ADMIN_REQUIRED");
    const found = selected(world, chat, request.filter);
    const start = Math.max(0, request.offset);
    const page = found.slice(start, start + limited(request.limit));
    return encode({
      _: "channels.channelParticipants",
      count: found.length,
      participants: page.map((id) => participant(world, chat, id)),
      ...answers.people([chat.id, ...page]),
    });
  });
}
