/**
 * What Telegram tells about one chat.
 * @module
 */
import { Api, bigInt } from "../mtproto/gram.ts";
import type { Call, CallOptions } from "../mtproto/invoke.ts";
import { AppError } from "../errors.ts";
import { bareId, markedId } from "./ids.ts";
import { isPrivate, type Peer } from "./map/peer.ts";
import { readHistory } from "./history.ts";
import { inputChannel, inputPeer, inputUser } from "./input.ts";
import type { Direction } from "./query.ts";
import type { Directory } from "./resolve.ts";

/** The parts of a chat that only its full form has. */
export interface ChatDetails {
  readonly about?: string;
  readonly members?: number;
  /** The discussion group of a channel, or the channel of a discussion group; marked id. */
  readonly discussion?: string;
  /** The basic group that a supergroup was; marked id. */
  readonly migratedFrom?: string;
}

/** TL methods users.getFullUser, messages.getFullChat and channels.getFullChannel. */
export async function chatDetails(call: Call, peer: Peer, options?: CallOptions): Promise<ChatDetails> {
  if (isPrivate(peer)) {
    const { fullUser } = await call(new Api.users.GetFullUser({ id: inputUser(peer) }), options);
    return fullUser.about ? { about: fullUser.about } : {};
  }
  const request = peer.kind === "group"
    ? new Api.messages.GetFullChat({ chatId: bigInt(bareId(peer.id)) })
    : new Api.channels.GetFullChannel({ channel: inputChannel(peer) });
  const { fullChat } = await call(request, options);
  const about = fullChat.about ? { about: fullChat.about } : {};
  if (fullChat.className === "ChatFull") return { ...about, ...(peer.members ? { members: peer.members } : {}) };
  const { participantsCount, linkedChatId, migratedFromChatId } = fullChat;
  return {
    ...about,
    ...(participantsCount ? { members: participantsCount } : {}),
    ...(linkedChatId ? { discussion: markedId("channel", linkedChatId) } : {}),
    ...(migratedFromChatId ? { migratedFrom: markedId("group", migratedFromChatId) } : {}),
  };
}

/**
 * The basic group that a supergroup was, if the account can read it: the older part of its history. Telegram is asked once,
 * since it never changes.
 */
export async function formerChat(
  { call, peers, formers, options }: Directory,
  chat: Peer,
): Promise<Peer | undefined> {
  if (chat.kind !== "supergroup" && chat.kind !== "forum") return undefined;
  if (!formers.has(chat.id)) formers.set(chat.id, (await chatDetails(call, chat, options)).migratedFrom);
  const id = formers.get(chat.id);
  const former = id === undefined ? undefined : peers.get(id);
  return former?.forbidden ? undefined : former;
}

/**
 * The discussion group of a channel, where the comments on its posts are.
 * @throws AppError MESSAGE_NOT_FOUND where there is none
 */
export async function discussionGroup(
  { call, peers, options }: Directory,
  channel: Peer,
  field = "messages",
): Promise<Peer> {
  const { discussion } = channel.kind === "channel" ? await chatDetails(call, channel, options) : {};
  const group = discussion === undefined ? undefined : peers.get(discussion);
  if (group !== undefined) return group;
  throw new AppError("MESSAGE_NOT_FOUND", "The link points to a comment, but the chat has no discussion group.", {
    field,
    hint: "Leave ?comment out of the link to read the post itself.",
  });
}

/** One end of a history. */
export interface HistoryEnd {
  readonly id: number;
  /** Unix seconds. */
  readonly date: number;
}

/** How many messages a chat has, and its oldest and newest one. */
export async function historyEnds(
  call: Call,
  chat: Peer,
  callOptions?: CallOptions,
): Promise<{ readonly messages?: number; readonly first?: HistoryEnd; readonly last?: HistoryEnd }> {
  const end = async (
    direction: Direction,
  ): Promise<{ end: HistoryEnd; total?: number } | undefined> => {
    for await (const slice of readHistory(call, { chat, direction }, { pageSize: 1, callOptions })) {
      return { end: slice.reached, total: slice.total };
    }
  };
  const last = await end("newest_first");
  if (last === undefined) return { messages: 0 };
  const first = await end("oldest_first");
  return { messages: last.total, first: first?.end ?? last.end, last: last.end };
}

/** The highest incoming message id that is read: TL method messages.getPeerDialogs. Reading it marks nothing as read. */
export async function readUpTo(call: Call, peer: Peer, options?: CallOptions): Promise<number> {
  if (peer.kind === "forum") {
    throw new AppError("INPUT_VALIDATION", "unread: in a forum every topic has unread messages of its own.", {
      field: "topic",
      hint: "Add topic; list_topics shows which topics have unread messages.",
      suggest: { tool: "list_topics", arguments: { chat: peer.id } },
    });
  }
  const wanted = new Api.InputDialogPeer({ peer: inputPeer(peer) });
  const { dialogs } = await call(new Api.messages.GetPeerDialogs({ peers: [wanted] }), options);
  const dialog = dialogs.find((each) => each.className === "Dialog");
  if (dialog?.className === "Dialog" && !peer.left) return dialog.readInboxMaxId;
  throw new AppError("UNSUPPORTED", "The chat is not in the account's chat list, so nothing in it counts as unread.", {
    field: "unread",
    hint: "Leave unread out.",
  });
}
