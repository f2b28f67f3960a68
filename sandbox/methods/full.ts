/**
 * channels.getFullChannel, messages.getFullChat and users.getFullUser.
 * @module
 */
import type { Method } from "../rpc.ts";
import { Api } from "../tl.ts";
import { bareId } from "../world/chat.ts";
import type { World, WorldChat } from "../world/mod.ts";
import { channelFrom, groupFrom, userFrom } from "./access.ts";
import type { Answers } from "./answers.ts";
import { notifySettings } from "./dialog_list.ts";
import { encode, type TlPlain } from "./encode.ts";
import { flag } from "./map_peer.ts";
import { method } from "./method.ts";
import { unreadOf } from "./unread.ts";

/** The pinned messages of a chat, newest first. */
export type Pinned = (chatId: string) => Int32Array;

const photoEmpty: TlPlain = { _: "photoEmpty", id: 0 };

function invite(world: World, chat: WorldChat): TlPlain | undefined {
  const creator = chat.members[0] === String(world.ownerId);
  if (!chat.invite || !creator) return undefined;
  return {
    _: "chatInviteExported",
    permanent: true,
    link: `https://t.me/+${chat.invite}`,
    admin_id: world.ownerId,
    date: chat.created,
  };
}

/** https://core.telegram.org/method/channels.getFullChannel. Errors: CHANNEL_INVALID, CHANNEL_PRIVATE. */
export function getFullChannel(answers: Answers, pinned: Pinned): readonly [string, Method] {
  const { world } = answers;
  return method(Api.channels.GetFullChannel, (request) => {
    const chat = channelFrom(world, request.channel);
    const dialog = world.dialogs.get(chat.id);
    return encode({
      _: "messages.chatFull",
      full_chat: {
        _: "channelFull",
        can_view_participants: flag(chat.kind !== "channel"),
        has_scheduled: flag(world.scheduled(chat.id).length > 0),
        id: bareId(chat.id),
        about: chat.about,
        participants_count: chat.size,
        read_inbox_max_id: dialog?.readInbox ?? 0,
        read_outbox_max_id: dialog?.readOutbox ?? 0,
        unread_count: unreadOf(world, chat.id).messages,
        chat_photo: photoEmpty,
        notify_settings: notifySettings(dialog),
        exported_invite: invite(world, chat),
        bot_info: [],
        migrated_from_chat_id: chat.migratedFrom && bareId(chat.migratedFrom.id),
        migrated_from_max_id: chat.migratedFrom?.maxId,
        pinned_msg_id: pinned(chat.id)[0],
        folder_id: dialog?.folder || undefined,
        linked_chat_id: chat.linked === undefined ? undefined : bareId(chat.linked),
        pts: answers.pts(chat.id),
        available_reactions: { _: "chatReactionsAll" },
      },
      ...answers.people([chat.id, chat.linked, chat.migratedFrom?.id].filter((id) => id !== undefined)),
    });
  });
}

/** https://core.telegram.org/method/messages.getFullChat. Errors: CHAT_ID_INVALID. */
export function getFullChat(answers: Answers, pinned: Pinned): readonly [string, Method] {
  const { world } = answers;
  return method(Api.messages.GetFullChat, (request) => {
    const chat = groupFrom(world, request.chatId);
    const dialog = world.dialogs.get(chat.id);
    const creator = chat.members[0];
    const participants = chat.members.map((user_id): TlPlain =>
      user_id === creator
        ? { _: "chatParticipantCreator", user_id }
        : { _: "chatParticipant", user_id, inviter_id: creator, date: chat.created }
    );
    return encode({
      _: "messages.chatFull",
      full_chat: {
        _: "chatFull",
        id: bareId(chat.id),
        about: chat.about,
        participants: { _: "chatParticipants", chat_id: bareId(chat.id), participants, version: 1 },
        notify_settings: notifySettings(dialog),
        exported_invite: invite(world, chat),
        pinned_msg_id: pinned(chat.id)[0],
        folder_id: dialog?.folder || undefined,
      },
      ...answers.people([chat.id, ...chat.members]),
    });
  });
}

/** https://core.telegram.org/method/users.getFullUser. Errors: USER_ID_INVALID. */
export function getFullUser(answers: Answers, pinned: Pinned): readonly [string, Method] {
  const { world } = answers;
  return method(Api.users.GetFullUser, (request) => {
    const user = userFrom(world, request.id);
    const dialog = world.dialogs.get(user.id);
    return encode({
      _: "users.userFull",
      full_user: {
        _: "userFull",
        can_pin_message: true,
        id: user.id,
        about: user.about,
        settings: { _: "peerSettings" },
        notify_settings: notifySettings(dialog),
        pinned_msg_id: pinned(user.id)[0],
        common_chats_count: [...world.chats.values()].filter(({ id, members }) =>
          id !== user.id && members.includes(user.id)
        ).length,
        folder_id: dialog?.folder || undefined,
      },
      ...answers.people([user.id]),
    });
  });
}
