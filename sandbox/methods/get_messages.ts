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

/** A message that is asked for. */
interface Wanted {
  readonly id: number;
  /** There is none: a message that answers nothing was asked what it answers. */
  readonly none?: boolean;
}

/** The messages an InputMessage stands for: itself, what it replies to, or the pinned one. */
function wantedBy(input: unknown, find: Find, pinned: readonly Wanted[]): readonly Wanted[] {
  if (input instanceof Api.InputMessageID) return [{ id: input.id }];
  if (input instanceof Api.InputMessagePinned) return pinned;
  if (input instanceof Api.InputMessageReplyTo) {
    const { replyTo } = find(input.id)?.message ?? {};
    return [replyTo && replyTo.chat === undefined ? { id: replyTo.id } : { id: input.id, none: true }];
  }
  throw new RpcError(400, "INPUT_CONSTRUCTOR_INVALID");
}

function fetch(answers: Answers, wanted: readonly Wanted[], find: Find, channel?: WorldChat): {
  readonly messages: readonly TlField[];
  readonly chats: readonly TlField[];
  readonly users: readonly TlField[];
} {
  const chats = new Set(channel ? [channel.id] : []);
  const named = new Set<string>();
  const messages = wanted.map(({ id, none }) => {
    const found = none ? undefined : find(id);
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
    const wanted = request.id.flatMap((input) => wantedBy(input, find, []));
    return encode({ _: "messages.messages", ...fetch(answers, wanted, find) });
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
    const newestPinned = Array.from(pinned(chat.id).subarray(0, 1), (id): Wanted => ({ id }));
    const wanted = request.id.flatMap((input) => wantedBy(input, find, newestPinned));
    return encode({
      _: "messages.channelMessages",
      pts: answers.pts(chat.id),
      count: wanted.length,
      ...fetch(answers, wanted, find, chat),
      topics: answers.topics(chat, wanted.map(({ id }) => find(id)?.message)),
    });
  });
}
