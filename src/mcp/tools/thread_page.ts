/**
 * A page of the replies under one message, or of the comments on a channel's post.
 * @module
 */
import type { Place } from "../../telegram/history.ts";
import type { Peer } from "../../telegram/map/peer.ts";
import { type Directory, resolveChat } from "../../telegram/resolve.ts";
import { type Thread, threadUnder } from "../../telegram/threads.ts";
import { buildPage, type Entry, type Page } from "../page.ts";
import { collect, endNotesOf, toEntry, type Walk } from "../walk.ts";
import { findNamed, noneFound } from "./named_messages.ts";
import type { Frame, NamedQuery } from "./named_page.ts";

/** Where a page goes on: what finds the replies, and the last message of the page before. */
export interface ThreadPosition {
  readonly thread: Thread["query"];
  /** In the chat of the thread. */
  readonly after: Place;
}

/** A thread of which a page is to be read. */
interface Reading {
  readonly chat: Peer;
  /** On the first page: the message that was asked for. */
  readonly root?: Entry;
  /** Absent where there can be no replies. */
  readonly thread?: Thread["query"];
  readonly after: Place;
  readonly notes: readonly string[];
}

/**
 * Reads a page, oldest first: the message itself, marked as the one asked for, then the replies. For a channel's post the
 * page is of the discussion group, and begins with the copy of the post there.
 * @throws AppError MESSAGE_NOT_FOUND, UNSUPPORTED where Telegram keeps no threads, or why the chat cannot be read
 */
export async function readThreadPage(
  directory: Directory,
  query: Pick<NamedQuery, "names" | "chat">,
  frame: Frame & { readonly cursorAfter: (after: Place, thread?: Thread["query"]) => string },
  position?: ThreadPosition,
): Promise<Page> {
  const { limit } = frame;
  const { chat, root, thread, after, notes } = position === undefined
    ? await open(directory, query, frame)
    : { ...position, chat: (await resolveChat(directory, position.after.chat)).peer, root: undefined, notes: [] };
  const roots = root === undefined ? [] : [root];
  const walk: Walk = thread === undefined
    ? { found: [], hasMore: false }
    : await collect(directory, { chat, direction: "oldest_first", ...thread }, {
      ...frame,
      limit: Math.max(1, limit - roots.length),
      after,
    });
  const all = [...roots, ...walk.found];
  const entries = all.slice(0, limit);
  const isOver = walk.found.length === 0 && !walk.hasMore && thread !== undefined;
  const further = position === undefined ? "" : "further ";
  return buildPage({
    ...frame,
    chat,
    entries,
    hasMore: walk.hasMore || all.length > limit,
    notes: [...frame.notes, ...notes, ...(isOver ? [`There are no ${further}replies under this message.`] : [])],
    endNotes: endNotesOf(walk),
    wholeTexts: true,
    cursorAfter: (last) => {
      const behind = last ?? (all.length > limit ? entries.at(-1) : undefined);
      const place = behind === undefined ? walk.reached ?? after : { chat: behind.chat.id, id: behind.message.id };
      return frame.cursorAfter({ chat: place.chat, id: place.id }, thread);
    },
  });
}

async function open(
  directory: Directory,
  query: Pick<NamedQuery, "names" | "chat">,
  frame: Pick<Frame, "self" | "observedAt">,
): Promise<Reading> {
  const hits = await findNamed(directory, query.names, query.chat);
  const [message] = hits.found;
  if (message === undefined) throw noneFound(hits);
  const thread = await threadUnder(directory, message);
  const { root } = thread ?? { root: message };
  const isComments = root.chat.id !== message.chat.id;
  return {
    chat: root.chat,
    root: { ...toEntry(root, frame), hit: true },
    thread: thread?.query,
    after: { chat: root.chat.id, id: root.message.id },
    notes: [
      ...(thread === undefined
        ? ["This post has no comments: they are off, or the channel has no discussion group."]
        : []),
      ...(isComments ? ["These are the comments in the channel's discussion group; ids are those of that group."] : []),
      ...(thread?.query.answering === undefined ? [] : [
        `This message is itself in a thread, so only answers to it itself are here; the thread is under #${thread.query.topic}.`,
      ]),
    ],
  };
}
