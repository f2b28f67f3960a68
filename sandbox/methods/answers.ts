/**
 * Answers that hold messages, and the users and chats they name.
 * @module
 */
import { isChannelId } from "../world/chat.ts";
import type { World, WorldChat, WorldMessage } from "../world/mod.ts";
import { topicOf } from "../world/threads.ts";
import { namedIn } from "./access.ts";
import { encode, type TlField, type TlPlain } from "./encode.ts";
import type { Files } from "./files.ts";
import * as map from "./map_message.ts";
import { chat as mapChat, user as mapUser } from "./map_peer.ts";
import { topic as mapTopic } from "./map_topic.ts";
import { recentRepliers, repliesOf } from "./replies.ts";
import { readUpTo } from "./unread.ts";

/** How many encoded messages are kept, about 400 bytes each. */
const KEPT = 10_000;

/** The two vectors that go with every answer. */
export interface People {
  readonly chats: readonly TlField[];
  readonly users: readonly TlField[];
}

/** A part of a longer list. */
export interface Slice {
  readonly messages: readonly WorldMessage[];
  /** How many there are in all. */
  readonly count: number;
  /** The place of the first one in the whole list, if the slice was asked for by an offset. */
  readonly place?: number;
}

/** Makes answers out of the world. */
export interface Answers {
  readonly world: World;
  /** The TL bytes of a message, kept until it changes. */
  message(chat: WorldChat, message: WorldMessage): Uint8Array;
  /** The marked ids of the users and chats that go with a message. */
  named(chat: WorldChat, message: WorldMessage): readonly string[];
  /** The topics of a forum that messages are in, in short; none for other chats. */
  topics(chat: WorldChat, messages: readonly (WorldMessage | undefined)[]): readonly TlPlain[];
  /** Whole objects for these marked ids, except `min` ones where Telegram would send such for `strangers`. */
  people(ids: Iterable<string>, strangers?: Iterable<string>): People;
  /** `messages.channelMessages`, `messages.messagesSlice` or, if it is all there is, `messages.messages`. */
  messages(chat: WorldChat, slice: Slice): Uint8Array;
  /** The event counter of a channel, or of the account; see https://core.telegram.org/api/updates. */
  pts(chatId: string): number;
}

/** Creates the maker of answers for a world and its files. */
export function createAnswers(world: World, files: Files): Answers {
  const kept = new Map<string, Uint8Array>();
  let generation = files.generation;
  const records = new Map<string, Uint8Array>();
  world.subscribe((chatId, id) => kept.delete(`${chatId}:${id}`));

  const pts = (chatId: string): number => {
    const history = world.messages(chatId);
    return 1 + history.length + history.version;
  };

  const message: Answers["message"] = (chat, value) => {
    if (generation !== files.generation) kept.clear();
    generation = files.generation;
    // What depends on how far we have read, or on other messages, is not kept.
    const replies = repliesOf(world, chat, value, pts);
    if (value.mentioned || replies) {
      const unread = value.id > readUpTo(world, chat, value);
      return encode(files.seal(map.message(chat, value, { unread, replies })));
    }
    const key = `${chat.id}:${value.id}`;
    const known = kept.get(key);
    if (known) return known;
    if (kept.size >= KEPT) kept.clear();
    const bytes = encode(files.seal(map.message(chat, value, {})));
    kept.set(key, bytes);
    return bytes;
  };

  const record = (id: string, min: boolean): Uint8Array | undefined => {
    const key = min ? `${id}:min` : id;
    const known = records.get(key);
    if (known) return known;
    const user = world.users.get(id);
    const chat = user ? undefined : world.chats.get(id);
    const object = user ? mapUser(world, user, min) : chat && mapChat(world, chat, min);
    const bytes = object && encode(object);
    if (bytes) records.set(key, bytes);
    return bytes;
  };

  const people: Answers["people"] = (ids, strangers = []) => {
    const whole = new Set(ids);
    const chats: Uint8Array[] = [];
    const users: Uint8Array[] = [];
    for (const id of new Set([...whole, ...strangers])) {
      const min = !whole.has(id) && (world.users.get(id)?.stranger ?? world.chats.get(id)?.access === "open");
      const bytes = record(id, min);
      if (bytes) (id.startsWith("-") ? chats : users).push(bytes);
    }
    return { chats, users };
  };

  const named: Answers["named"] = (chat, value) => [...namedIn(value), ...recentRepliers(world, chat, value)];

  const topics: Answers["topics"] = (chat, messages) => {
    const wanted = new Set(messages.map((each) => each && topicOf(each)));
    return (chat.topics ?? []).filter(({ id }) => wanted.has(id)).map((each) => mapTopic(world, chat, each, true));
  };

  return {
    world,
    message,
    named,
    topics,
    people,
    pts,
    messages: (chat, { messages, count, place }) => {
      const others = new Set(messages.flatMap((each) => named(chat, each)));
      const own = chat.id.startsWith("-") ? [chat.id] : [chat.id, String(world.ownerId)];
      const body = {
        messages: messages.map((each) => message(chat, each)),
        ...people(messages.length > 0 || isChannelId(chat.id) ? own : [], others),
      };
      const offset = place === undefined ? {} : { offset_id_offset: place };
      if (isChannelId(chat.id)) {
        return encode({
          _: "messages.channelMessages",
          pts: pts(chat.id),
          count,
          ...offset,
          ...body,
          topics: topics(chat, messages),
        });
      }
      return count === messages.length
        ? encode({ _: "messages.messages", ...body })
        : encode({ _: "messages.messagesSlice", count, ...offset, ...body });
    },
  };
}
