/**
 * Topics of forums as TL objects, https://core.telegram.org/constructor/forumTopic.
 * @module
 */
import { GENERAL } from "../world/chat.ts";
import type { World, WorldChat, WorldTopic } from "../world/mod.ts";
import type { TlPlain } from "./encode.ts";
import { flag, peer } from "./map_peer.ts";
import { unreadOf } from "./unread.ts";

/** The id of the newest message of a topic: the one that created it if there is no other. */
export function topMessage(world: World, chat: WorldChat, topic: WorldTopic): number {
  const thread = world.threads.of(chat.id, topic.id);
  return thread.length > 0 ? thread.idAt(thread.length - 1) : topic.id;
}

/** A topic; the `short` form, which comes with messages, holds neither its newest message nor what is unread. */
export function topic(world: World, chat: WorldChat, value: WorldTopic, short: boolean): TlPlain {
  const unread = short ? { messages: 0, mentions: 0 } : unreadOf(world, chat.id, value.id);
  return {
    _: "forumTopic",
    my: flag(value.creator === String(world.ownerId)),
    closed: flag(value.closed),
    pinned: flag(!short && value.pinned),
    short: flag(short),
    hidden: flag(!short && value.id === GENERAL && value.hidden),
    id: value.id,
    date: value.created,
    title: value.title,
    icon_color: value.color,
    top_message: short ? 0 : topMessage(world, chat, value),
    read_inbox_max_id: short ? 0 : value.readInbox,
    read_outbox_max_id: short ? 0 : world.dialogs.get(chat.id)?.readOutbox ?? 0,
    unread_count: unread.messages,
    unread_mentions_count: unread.mentions,
    unread_reactions_count: 0,
    from_id: peer(value.creator),
    notify_settings: { _: "peerNotifySettings" },
  };
}
