/**
 * The thread that a message begins, https://core.telegram.org/constructor/messageReplies.
 * @module
 */
import { bareId } from "../world/chat.ts";
import type { World, WorldChat, WorldMessage } from "../world/mod.ts";
import type { TlPlain } from "./encode.ts";
import { peer } from "./map_peer.ts";

const RECENT = 3;

/** Those who commented last on a post, the latest last. */
export function recentRepliers(world: World, chat: WorldChat, message: WorldMessage): readonly string[] {
  const root = chat.kind === "channel" ? world.threads.rootOf(chat.id, message.id) : undefined;
  if (root === undefined || chat.linked === undefined) return [];
  const history = world.messages(chat.linked);
  const thread = world.threads.of(chat.linked, root);
  const found = new Set<string>();
  for (let index = thread.length - 1; index >= 0 && found.size < RECENT; index--) {
    const from = history.byId(thread.idAt(index))?.from;
    if (from !== undefined) found.add(from);
  }
  return [...found].reverse();
}

/**
 * The field `replies` of a message. A post has one if it can be commented on, whether or not anybody did; so has its copy in the
 * discussion group; another message of a group has one once it was answered.
 * @param pts the event counter of the chat that holds the thread
 */
export function repliesOf(
  world: World,
  chat: WorldChat,
  message: WorldMessage,
  pts: (chatId: string) => number,
): TlPlain | undefined {
  const post = chat.kind === "channel";
  if (post ? chat.linked === undefined : chat.kind !== "supergroup" && chat.kind !== "forum") return undefined;
  const holder = post ? chat.linked : chat.id;
  const root = post ? world.threads.rootOf(chat.id, message.id) : message.id;
  if (holder === undefined || root === undefined) return undefined;
  const thread = world.threads.of(holder, root);
  if (thread.length === 0 && !post && !message.forward?.automatic) return undefined;
  const repliers = recentRepliers(world, chat, message);
  return {
    _: "messageReplies",
    ...post && { comments: true, channel_id: bareId(holder) },
    replies: thread.length,
    replies_pts: pts(holder),
    recent_repliers: repliers.length > 0 ? repliers.map(peer) : undefined,
    max_id: thread.length > 0 ? thread.idAt(thread.length - 1) : undefined,
    read_max_id: post ? undefined : world.dialogs.get(holder)?.readInbox,
  };
}
