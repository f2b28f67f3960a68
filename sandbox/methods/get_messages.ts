/**
 * messages.getMessages and channels.getMessages.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import { isChannelId } from "../world/chat.ts";
import type { World, WorldChat, WorldMessage } from "../world/mod.ts";
import { channelFrom } from "./access.ts";
import type { Answers } from "./answers.ts";
import { encode, type TlField } from "./encode.ts";
import { peer } from "./map_peer.ts";
import { method } from "./method.ts";

type Find = (id: number) => { readonly chat: WorldChat; readonly message: WorldMessage } | undefined;

function findInAccount(world: World): Find {
  return (id) => {
    const chat = world.chat(world.chatOfMessage(id) ?? "");
    const message = chat && world.messages(chat.id).byId(id);
    return chat && message && { chat, message };
  };
}

function findInChannel(world: World, chat: WorldChat): Find {
  return (id) => {
    const message = world.messages(chat.id).byId(id);
    return message && { chat, message };
  };
}

/** The ids an InputMessage stands for: itself, what it replies to, or the pinned one. */
function idsOf(input: unknown, find: Find, pinned: readonly number[]): readonly number[] {
  if (input instanceof Api.InputMessageID) return [input.id];
  if (input instanceof Api.InputMessagePinned) return pinned;
  if (input instanceof Api.InputMessageReplyTo) return [find(input.id)?.message.replyTo?.id ?? input.id];
  throw new RpcError(400, "INPUT_CONSTRUCTOR_INVALID");
}

function fetch(answers: Answers, ids: readonly number[], find: Find, channel?: WorldChat): {
  readonly messages: readonly TlField[];
  readonly chats: readonly TlField[];
  readonly users: readonly TlField[];
} {
  const chats = new Set(channel ? [channel.id] : []);
  const named = new Set<string>();
  const messages = ids.map((id) => {
    const found = find(id);
    if (!found) return encode({ _: "messageEmpty", id, peer_id: channel && peer(channel.id) });
    chats.add(found.chat.id);
    for (const each of answers.named(found.chat, found.message)) named.add(each);
    return answers.message(found.chat, found.message);
  });
  return { messages, ...answers.people(chats, named) };
}

/** https://core.telegram.org/method/messages.getMessages: by id, in private chats and basic groups only; `messageEmpty` if there is none. */
export function getMessages(answers: Answers): readonly [string, Method] {
  return method(Api.messages.GetMessages, (request) => {
    const find = findInAccount(answers.world);
    const ids = request.id.flatMap((input) => idsOf(input, find, []));
    return encode({ _: "messages.messages", ...fetch(answers, ids, find) });
  });
}

/**
 * https://core.telegram.org/method/channels.getMessages.
 * Errors: CHANNEL_INVALID, CHANNEL_PRIVATE, MESSAGE_IDS_EMPTY.
 */
export function getChannelMessages(
  answers: Answers,
  pinned: (chatId: string) => Int32Array,
): readonly [string, Method] {
  return method(Api.channels.GetMessages, (request) => {
    const chat = channelFrom(answers.world, request.channel);
    if (!isChannelId(chat.id)) throw new RpcError(400, "CHANNEL_INVALID");
    if (request.id.length === 0) throw new RpcError(400, "MESSAGE_IDS_EMPTY");
    const find = findInChannel(answers.world, chat);
    const newestPinned = [...pinned(chat.id).subarray(0, 1)];
    const ids = request.id.flatMap((input) => idsOf(input, find, newestPinned));
    return encode({
      _: "messages.channelMessages",
      pts: answers.pts(chat.id),
      count: ids.length,
      ...fetch(answers, ids, find, chat),
      topics: answers.topics(chat, ids.map((id) => find(id)?.message)),
    });
  });
}
