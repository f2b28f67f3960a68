/**
 * Threads: the replies under a message of a group, and the comments on a channel's post
 * (https://core.telegram.org/api/threads, https://core.telegram.org/api/discussion).
 * @module
 */
import { AppError } from "../errors.ts";
import { RpcError } from "../mtproto/errors.ts";
import { Api } from "../mtproto/gram.ts";
import { peerId } from "./ids.ts";
import { inputPeer } from "./input.ts";
import type { Peer } from "./map/peer.ts";
import type { Located } from "./messages.ts";
import { peersOf } from "./peers.ts";
import type { HistoryQuery } from "./query.ts";
import type { Directory } from "./resolve.ts";

/** A thread: the message that it is read under, and what finds the replies. */
export interface Thread {
  /** Stands in the chat of the replies: for a channel's post it is the copy in the discussion group. */
  readonly root: Located;
  readonly query: Required<Pick<HistoryQuery, "topic">> & Pick<HistoryQuery, "answering">;
}

/**
 * The thread under a message, or undefined for a channel's post that nobody can comment on. A reply to a reply belongs to
 * the thread that the first one is in and begins none of its own, so under such a message stand the answers to itself.
 * @throws AppError UNSUPPORTED for private chats and basic groups, where Telegram keeps no threads
 */
export async function threadUnder(directory: Directory, message: Located): Promise<Thread | undefined> {
  const { chat, message: { id, replyTo } } = message;
  if (chat.kind === "channel") return await commentsOn(directory, message);
  if (chat.kind !== "supergroup" && chat.kind !== "forum") throw noThreads(chat, id);
  const header = replyTo?.className === "MessageReplyHeader" ? replyTo : undefined;
  // What is answered may stand in another chat; the thread is one of this chat.
  const topic = header?.replyToTopId || (header?.replyToPeerId ? undefined : header?.replyToMsgId) || undefined;
  return { root: message, query: topic === undefined ? { topic: id } : { topic, answering: id } };
}

/** TL method messages.getDiscussionMessage: of an album it answers every item, the one that begins the thread is the lowest. */
async function commentsOn(
  { call, options, peers }: Directory,
  { chat, message }: Located,
): Promise<Thread | undefined> {
  const request = new Api.messages.GetDiscussionMessage({ peer: inputPeer(chat), msgId: message.id });
  const answer = await call(request, options).catch(noneIfClosed);
  const [root] = (answer?.messages ?? [])
    .flatMap((each) => each.className === "MessageEmpty" ? [] : [each])
    .sort((a, b) => a.id - b.id);
  if (root === undefined) return undefined;
  const named = new Map(peersOf(answer).map((peer) => [peer.id, peer]));
  const group = peers.get(peerId(root.peerId)) ?? named.get(peerId(root.peerId));
  if (group === undefined) return undefined;
  return { root: { chat: group, message: root, peers: named }, query: { topic: root.id } };
}

/** Telegram answers so for a post without comments, and the post is known to exist. */
function noneIfClosed(error: unknown): undefined {
  if (!(error instanceof RpcError && error.rpc === "MSG_ID_INVALID")) throw error;
}

function noThreads({ id: chat }: Peer, id: number): AppError {
  return new AppError("UNSUPPORTED", "Telegram keeps no threads in private chats and basic groups.", {
    field: "thread",
    hint: "Read on from the message instead; what answers it has its id in reply_to.",
    suggest: { tool: "fetch_history", arguments: { chat, from: `#${id}`, direction: "oldest_first" } },
  });
}
