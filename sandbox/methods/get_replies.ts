/**
 * messages.getReplies and messages.getDiscussionMessage.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import { GENERAL } from "../world/chat.ts";
import type { World, WorldChat, WorldMessage } from "../world/mod.ts";
import { threadOf } from "../world/threads.ts";
import { chatOf } from "./access.ts";
import type { Answers } from "./answers.ts";
import { encode } from "./encode.ts";
import { method } from "./method.ts";
import { pageOf } from "./slice.ts";

interface Root {
  /** The group that holds the thread: for a post the discussion group. */
  readonly chat: WorldChat;
  readonly id: number;
}

/** The thread a message of a group begins, the topic, or the comments on a post. */
function rootOf(world: World, chat: WorldChat, msgId: unknown): Root {
  if (typeof msgId !== "number") throw new RpcError(400, "MSG_ID_INVALID");
  if (chat.kind === "channel") {
    const id = world.threads.rootOf(chat.id, msgId);
    const group = world.chats.get(chat.linked ?? "");
    if (id === undefined || !group) throw new RpcError(400, "MSG_ID_INVALID");
    return { chat: group, id };
  }
  if (chat.kind !== "supergroup" && chat.kind !== "forum") throw new RpcError(400, "PEER_ID_INVALID");
  const exists = world.messages(chat.id).byId(msgId) !== undefined;
  const general = chat.kind === "forum" && msgId === GENERAL;
  if (!exists && !general && world.threads.of(chat.id, msgId).length === 0) throw new RpcError(400, "MSG_ID_INVALID");
  return { chat, id: msgId };
}

/**
 * https://core.telegram.org/method/messages.getReplies: a thread of a group, a topic of a forum, or (given a channel and a post) the
 * comments in the discussion group, paged as messages.getHistory is. The message that begins the thread is not among them, which the
 * documentation leaves open: clients fetch it by messages.getDiscussionMessage and put it in front.
 * Errors: CHANNEL_INVALID, CHANNEL_PRIVATE, MSG_ID_INVALID, PEER_ID_INVALID.
 */
export function getReplies({ world, messages }: Answers): readonly [string, Method] {
  return method(Api.messages.GetReplies, (request) => {
    const { chat, id } = rootOf(world, chatOf(world, request.peer), request.msgId);
    return messages(chat, pageOf(world.threads.of(chat.id, id), world.messages(chat.id), request));
  });
}

/** The message and the others of its album, newest first: the one that begins the thread is the last. */
function albumOf(world: World, chat: WorldChat, first: WorldMessage): readonly WorldMessage[] {
  const history = world.messages(chat.id);
  const parts: WorldMessage[] = [];
  const last = Math.min(history.length, history.countBelowId(first.id) + 10);
  for (let index = history.countBelowId(first.id); index < last; index++) {
    const part = history.at(index);
    if (part.id === first.id || first.albumId !== undefined && part.albumId === first.albumId) parts.push(part);
  }
  return parts.reverse();
}

/**
 * https://core.telegram.org/method/messages.getDiscussionMessage: of a post, its copy in the discussion group (of an album every
 * part, newest first, https://core.telegram.org/api/discussion); of a message in a thread, the one that begins the thread.
 * Errors: CHANNEL_INVALID, CHANNEL_PRIVATE, MSG_ID_INVALID, PEER_ID_INVALID.
 */
export function getDiscussionMessage(answers: Answers): readonly [string, Method] {
  const { world } = answers;
  return method(Api.messages.GetDiscussionMessage, (request) => {
    const asked = chatOf(world, request.peer);
    const { chat, id } = rootOf(world, asked, request.msgId);
    const history = world.messages(chat.id);
    const found = history.byId(id);
    const first = found && asked.id === chat.id ? history.byId(threadOf(found) ?? found.id) ?? found : found;
    if (!first) throw new RpcError(400, "MSG_ID_INVALID");
    const thread = world.threads.of(chat.id, first.id);
    const dialog = world.dialogs.get(chat.id);
    const readInbox = dialog?.readInbox ?? 0;
    const messages = albumOf(world, chat, first);
    return encode({
      _: "messages.discussionMessage",
      messages: messages.map((each) => answers.message(chat, each)),
      max_id: thread.length > 0 ? thread.idAt(thread.length - 1) : undefined,
      read_inbox_max_id: dialog && readInbox,
      read_outbox_max_id: dialog?.readOutbox,
      unread_count: dialog ? thread.length - thread.countBelowId(readInbox + 1) : 0,
      ...answers.people([chat.id, asked.id], messages.flatMap((each) => answers.named(chat, each))),
    });
  });
}
