/**
 * The world of the sandbox: users, chats and their messages, the same on every machine, as plain data without TL.
 * @module
 */
import { ACQUAINTANCES, FRIENDS, MEMBERS, OWNER } from "./cast.ts";
import { bareId, isChannelId, type WorldChat, type WorldDialog, type WorldFolder, type WorldUser } from "./chat.ts";
import { ARCHIVE, namedChannels, NEWS } from "./chats/channels.ts";
import { crowd } from "./chats/crowd.ts";
import { corners, GIVER, MENU_BOT } from "./chats/corners.ts";
import { curiosities } from "./chats/curiosities.ts";
import { forum } from "./chats/forum.ts";
import { hostile, HOSTILE_FOLDERS, HOSTILE_USERS } from "./chats/hostile.ts";
import { journal } from "./chats/journal.ts";
import { type Change, CHANGES, liveDesk, SCHEDULED } from "./chats/live_desk.ts";
import { oldTown } from "./chats/old_town.ts";
import { GROUP, peopleChats, privateChat, TEA_ROOM } from "./chats/people.ts";
import type { ChatSeed } from "./chats/seed.ts";
import { createHistory, type History, type MutableHistory } from "./history.ts";
import type { Draft, WorldMessage } from "./message.ts";
import { long } from "./random.ts";
import { createSequence, type Sequence } from "./sequence.ts";
import { createThreads, type Threads } from "./threads.ts";
import { seconds } from "./timeline.ts";

export type { ChatKind, WorldChat, WorldDialog, WorldFolder, WorldTopic, WorldUser } from "./chat.ts";
export type { History, Places } from "./history.ts";
export type {
  Draft,
  SchemaField,
  SchemaObject,
  WorldAction,
  WorldEntity,
  WorldFile,
  WorldMedia,
  WorldMessage,
} from "./message.ts";

/** What happened, for those who push updates: the message as it is now, or `undefined` if it is gone. */
export type WorldListener = (chatId: string, id: number, message: WorldMessage | undefined) => void;

/** The world. A chat's key is its marked id. */
export interface World {
  /** The user whose account this is. */
  readonly ownerId: bigint;
  /** The clock, in milliseconds. */
  now(): number;
  readonly users: ReadonlyMap<string, WorldUser>;
  /** Every chat with a history of its own, in a fixed order. */
  readonly chats: ReadonlyMap<string, WorldChat>;
  /** The dialog list in no order; top messages and unread counts follow from the histories. */
  readonly dialogs: ReadonlyMap<string, WorldDialog>;
  readonly folders: readonly WorldFolder[];
  /** A chat by its marked id, also one with a user nothing was written to. */
  chat(id: string): WorldChat | undefined;
  /**
   * The messages of a chat, oldest first.
   * @throws {RangeError} no chat has this id
   */
  messages(chatId: string): History;
  /** The threads of its groups, topics of forums and comments on posts among them. */
  readonly threads: Threads;
  /** The chat that holds a message of the sequence common to private chats and basic groups. */
  chatOfMessage(id: number): string | undefined;
  /** The access hash of a user or channel, by its marked id: fixed, signed. */
  accessHash(id: string): bigint;
  /**
   * Adds a message at the end, now if no date is given. Without `from` it is the other side's in a private chat, a post in a channel.
   * @throws {RangeError} no chat has this id
   */
  append(chatId: string, message: Draft & { readonly date?: number }): WorldMessage;
  /**
   * Lets ids of a channel or supergroup go by, as if their messages had come and been deleted.
   * @throws {RangeError} the chat's ids are not its own
   */
  skip(chatId: string, ids: number): void;
  /**
   * Changes the text of a message, and its edit date.
   * @param at seconds; now if left out
   * @throws {RangeError} there is no such message
   */
  edit(chatId: string, id: number, text: string, at?: number): WorldMessage;
  /**
   * Changes a message without a word about it: reactions, views, votes, pins.
   * @throws {RangeError} there is no such message
   */
  alter(chatId: string, id: number, change: Partial<Draft>): WorldMessage;
  /** Deletes a message; whether there was one. */
  remove(chatId: string, id: number): boolean;
  /** Marks a chat's messages as read by us up to an id. */
  read(chatId: string, maxId: number): void;
  /** What is to be sent to a chat later, the next first. */
  scheduled(chatId: string): readonly Draft[];
  /** Lets happen what was to happen until now, and has not: posts that come, are edited or are deleted, scheduled messages. */
  catchUp(): void;
  /** Calls back after each change; the answer ends that. */
  subscribe(listener: WorldListener): () => void;
}

/** The moment at which the world stands if no clock is given. */
export const WORLD_NOW = Date.parse("2025-06-01T00:00:00Z");

/** Lets a change take place, at its own time. */
function apply(world: World, change: Change): void {
  if (change.kind === "append") world.append(change.chat, { ...change.draft, date: change.at });
  else if (change.kind === "remove") world.remove(change.chat, change.id);
  else if (world.messages(change.chat).byId(change.id)) world.edit(change.chat, change.id, change.text, change.at);
}

function dialogOf(seed: ChatSeed, history: History): WorldDialog | undefined {
  if (!seed.dialog) return undefined;
  const { unread = 0, unseen = 0, pinned, folder = 0, muted = false, unreadMark = false } = seed.dialog;
  const readUpTo = (count: number): number => history.length > count ? history.idAt(history.length - 1 - count) : 0;
  return {
    chatId: seed.chat.id,
    ...pinned !== undefined && { pinned },
    folder,
    muted,
    unreadMark,
    readInbox: readUpTo(unread),
    readOutbox: readUpTo(unseen),
  };
}

/**
 * Creates the world.
 * @param options.now the clock in milliseconds; without it the world stands still at {@link WORLD_NOW}
 * @param options.hostile with the chats of `chats/hostile.ts`, behind which all others are as they are without
 */
export function createWorld(options: { readonly now?: () => number; readonly hostile?: boolean } = {}): World {
  const now = options.now ?? (() => WORLD_NOW);
  const users = new Map(
    [
      OWNER,
      ...FRIENDS.map(([user]) => user),
      ...MEMBERS,
      ...ACQUAINTANCES,
      MENU_BOT,
      GIVER,
      ...options.hostile ? HOSTILE_USERS : [],
    ].map((user) => [user.id, user]),
  );
  const seeds = [
    ...namedChannels(),
    ...peopleChats(),
    ...crowd(),
    forum(),
    ...journal(),
    ...oldTown(),
    curiosities(),
    ...corners(),
    liveDesk(),
    ...options.hostile ? hostile() : [],
  ];
  const sequence: Sequence = createSequence(seeds.filter((seed) => !isChannelId(seed.chat.id)));
  const chats = new Map<string, WorldChat>();
  const histories = new Map<string, MutableHistory>();
  const dialogs = new Map<string, WorldDialog>();
  const lastIds = new Map<string, number>();
  const listeners = new Set<WorldListener>();
  for (const seed of seeds) {
    const { chat, timeline } = seed;
    const history = createHistory(timeline, seed.write);
    chats.set(chat.id, chat);
    histories.set(chat.id, history);
    lastIds.set(chat.id, timeline.ids[timeline.ids.length - 1] ?? 0);
    const dialog = dialogOf(seed, history);
    if (dialog) dialogs.set(chat.id, dialog);
  }

  const chat = (id: string): WorldChat | undefined => {
    const user = users.get(id);
    return chats.get(id) ?? (user && privateChat(user, seconds("2023-01-01")));
  };
  const messages = (chatId: string): MutableHistory => {
    const known = histories.get(chatId);
    if (known) return known;
    if (!users.has(chatId)) throw new RangeError(`no chat ${chatId}`);
    return createHistory({ ids: new Int32Array(0), dates: new Int32Array(0) }, () => ({ text: "" }));
  };
  const threads = createThreads(chats, messages);
  const tell: WorldListener = (...change) => {
    threads.note(...change);
    for (const listener of listeners) listener(...change);
  };
  const nextId = (chatId: string): number => {
    if (!isChannelId(chatId)) return sequence.next(chatId);
    const id = (lastIds.get(chatId) ?? 0) + 1;
    lastIds.set(chatId, id);
    return id;
  };
  const open = (chatId: string): MutableHistory => {
    const history = messages(chatId);
    const record = chat(chatId);
    if (record && !chats.has(chatId)) {
      chats.set(chatId, record);
      histories.set(chatId, history);
    }
    if (record && !dialogs.has(chatId) && record.access === "member") {
      dialogs.set(chatId, { chatId, folder: 0, muted: false, unreadMark: false, readInbox: 0, readOutbox: 0 });
    }
    return history;
  };

  const existing = (chatId: string, id: number): WorldMessage => {
    const message = messages(chatId).byId(id);
    if (message) return message;
    throw new RangeError(`no message ${id} in ${chatId}`);
  };
  const replace = (chatId: string, message: WorldMessage): WorldMessage => {
    messages(chatId).replace(message);
    tell(chatId, message.id, message);
    return message;
  };

  let upcoming: readonly Change[] = [...CHANGES, ...SCHEDULED].toSorted((a, b) => a.at - b.at);

  const world: World = {
    ownerId: BigInt(OWNER.id),
    now,
    users,
    chats,
    dialogs,
    folders: [
      { id: 2, title: "Work", include: [GROUP, TEA_ROOM] },
      { id: 3, title: "News", broadcasts: true, include: [NEWS, ARCHIVE] },
      {
        id: 4,
        title: "People to answer",
        contacts: true,
        bots: true,
        excludeMuted: true,
        excludeRead: true,
        include: [TEA_ROOM],
        exclude: ["734201335"],
        pinned: [GIVER.id],
      },
      ...options.hostile ? HOSTILE_FOLDERS : [],
    ],
    chat,
    messages,
    threads,
    chatOfMessage: sequence.chatOf,
    accessHash: (id) => long(bareId(id), isChannelId(id) ? 1 : 2),
    append: (chatId, { date = Math.floor(now() / 1000), ...draft }) => {
      const history = open(chatId);
      const kind = chats.get(chatId)?.kind;
      const sender = kind === "channel"
        ? { post: true }
        : kind === "user" || kind === "bot"
        ? { from: chatId }
        : { from: OWNER.id };
      const message = history.append(nextId(chatId), date, {
        ...sender,
        ...!draft.from && sender.from === OWNER.id && kind !== "saved" && { out: true },
        ...draft,
      });
      tell(chatId, message.id, message);
      return message;
    },
    skip: (chatId, ids) => {
      if (!isChannelId(chatId)) throw new RangeError(`the ids of ${chatId} are not its own`);
      lastIds.set(chatId, (lastIds.get(chatId) ?? 0) + ids);
    },
    edit: (chatId, id, text, at = Math.floor(now() / 1000)) => {
      const { entities: _, ...rest } = existing(chatId, id);
      return replace(chatId, { ...rest, text, edited: at });
    },
    alter: (chatId, id, change) => replace(chatId, { ...existing(chatId, id), ...change }),
    remove: (chatId, id) => {
      if (!messages(chatId).remove(id)) return false;
      tell(chatId, id, undefined);
      return true;
    },
    read: (chatId, maxId) => {
      const dialog = dialogs.get(chatId);
      if (!dialog) throw new RangeError(`no dialog ${chatId}`);
      dialogs.set(chatId, { ...dialog, readInbox: maxId });
    },
    scheduled: (chatId) =>
      upcoming.flatMap((change) =>
        change.chat === chatId && change.kind === "append" && change.draft.scheduled ? [change.draft] : []
      ),
    catchUp: () => {
      const isDue = ({ at }: Change): boolean => at * 1000 <= now();
      const due = upcoming.filter(isDue);
      upcoming = upcoming.filter((change) => !isDue(change));
      for (const change of due) apply(world, change);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return world;
}
