/**
 * Which messages make up a thread, a topic of a forum or the comments of a post: https://core.telegram.org/api/threads,
 * https://core.telegram.org/api/forum, https://core.telegram.org/api/discussion.
 * @module
 */
import { GENERAL, type WorldChat } from "./chat.ts";
import type { History, Places } from "./history.ts";
import type { WorldMessage } from "./message.ts";

/** The thread of a reply: what it answers, or the thread that is in. */
export function threadOf({ replyTo }: WorldMessage): number | undefined {
  return replyTo?.topId ?? (replyTo?.chat === undefined ? replyTo?.id : undefined);
}

/**
 * The topic of a forum's message. A message that creates a topic has its id; General holds whatever is marked with no other.
 */
export function topicOf(message: WorldMessage): number {
  if (message.service?.action === "topic_create") return message.id;
  return message.replyTo?.forumTopic ? threadOf(message) ?? GENERAL : GENERAL;
}

/**
 * Whether a message is in the thread that begins with `topId`; the one that begins it is not. Only in a forum is 1 a topic, General;
 * threads within General are threads of their own as well.
 */
export function isInThread(message: WorldMessage, topId: number, forum: boolean): boolean {
  if (message.id === topId) return false;
  if (forum && topId === GENERAL) return topicOf(message) === GENERAL;
  return threadOf(message) === topId;
}

/** The threads of the groups of a world. */
export interface Threads {
  /** The messages of a thread, the one that begins it not among them. */
  of(chatId: string, topId: number): Places;
  /** The message of the discussion group that holds a post, if the channel has such a group and the message still exists. */
  rootOf(channelId: string, postId: number): number | undefined;
  /** Notes that a message came, or that one was removed. */
  note(chatId: string, id: number, message: WorldMessage | undefined): void;
}

interface Index {
  readonly threads: Map<number, number[]>;
  /** Posts to the messages that hold them. */
  readonly posts: Map<number, number>;
}

function place(ids: readonly number[], test: (id: number) => boolean): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(ids[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Threads over the chats and histories of a world; a group is looked through when it is first asked about. */
export function createThreads(chats: ReadonlyMap<string, WorldChat>, historyOf: (chatId: string) => History): Threads {
  const known = new Map<string, Index>();

  const add = (index: Index, message: WorldMessage, forum: boolean): void => {
    const tops = new Set([message.replyTo && threadOf(message), forum ? topicOf(message) : undefined]);
    for (const top of tops) {
      if (top === undefined || top === message.id) continue;
      const ids = index.threads.get(top);
      if (!ids) index.threads.set(top, [message.id]);
      else if (message.id > (ids.at(-1) ?? 0)) ids.push(message.id);
    }
    const { forward } = message;
    if (forward?.automatic && forward.postId !== undefined) index.posts.set(forward.postId, message.id);
  };
  const indexOf = (chatId: string): Index => {
    const index = known.get(chatId);
    if (index) return index;
    const fresh: Index = { threads: new Map(), posts: new Map() };
    const forum = chats.get(chatId)?.kind === "forum";
    for (const message of historyOf(chatId)) add(fresh, message, forum);
    known.set(chatId, fresh);
    return fresh;
  };

  return {
    of: (chatId, topId) => {
      const ids = indexOf(chatId).threads.get(topId) ?? [];
      const history = historyOf(chatId);
      return {
        length: ids.length,
        idAt: (index) => {
          const id = ids[index];
          if (id === undefined) throw new RangeError(`no message at ${index} of ${ids.length}`);
          return id;
        },
        countBelowId: (id) => place(ids, (each) => each < id),
        countBefore: (date) => {
          const first = history.countBefore(date);
          return first === history.length ? ids.length : place(ids, (each) => each < history.idAt(first));
        },
      };
    },
    rootOf: (channelId, postId) => {
      const group = chats.get(channelId)?.linked;
      return group === undefined ? undefined : indexOf(group).posts.get(postId);
    },
    note: (chatId, id, message) => {
      const index = known.get(chatId);
      if (!index) return;
      if (message) return add(index, message, chats.get(chatId)?.kind === "forum");
      for (const ids of index.threads.values()) {
        const at = place(ids, (each) => each < id);
        if (ids[at] === id) ids.splice(at, 1);
      }
      for (const [post, holder] of index.posts) if (holder === id) index.posts.delete(post);
    },
  };
}
