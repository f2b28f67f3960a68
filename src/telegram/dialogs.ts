/**
 * The account's chat list, main list and archive, in full (https://core.telegram.org/api/dialogs).
 * @module
 */
import { Api, bigInt } from "../mtproto/gram.ts";
import { type Call, type CallOptions, unlessAborted } from "../mtproto/invoke.ts";
import { type Folder, readFolders } from "./folders.ts";
import { peerId } from "./ids.ts";
import type { Peer } from "./map/peer.ts";
import { inputPeer, isReachable } from "./input.ts";
import { peersOf } from "./peers.ts";

/** A chat of the chat list. */
export interface Dialog {
  readonly peer: Peer;
  readonly topId: number;
  /** Unix seconds of the last message; absent in an empty chat. */
  readonly lastDate?: number;
  readonly unread: number;
  /** Marked as unread by hand, whatever the count. */
  readonly markedUnread: boolean;
  readonly mentions: number;
  /** Highest incoming message id that is read. */
  readonly readUpTo: number;
  readonly archived: boolean;
  readonly pinned: boolean;
  readonly muted: boolean;
}

/** A chat list and whether it is all of it. */
export interface DialogList {
  readonly dialogs: readonly Dialog[];
  readonly complete: boolean;
  readonly folders: readonly Folder[];
}

/** The chat list of an account, kept for a moment. */
export interface Dialogs {
  load(call: Call, options?: CallOptions): Promise<DialogList>;
}

const PAGE = 100;
/** A chat list beyond this is cut, and said to be: 100 calls are enough for one answer. */
const MOST_DIALOGS = 10_000;

/**
 * A chat list that is read again once it is older than `maxAgeMs`.
 * @param options.now milliseconds
 */
export function createDialogs(
  options: { readonly now?: () => number; readonly maxAgeMs?: number } = {},
): Dialogs {
  const { now = Date.now, maxAgeMs = 20_000 } = options;
  let kept: { readonly list: DialogList; readonly at: number } | undefined;
  let running: Promise<DialogList> | undefined;
  const read = async (call: Call): Promise<DialogList> => {
    const at = now();
    const [main, archive] = [await readFolder(call, 0, at / 1000), await readFolder(call, 1, at / 1000)];
    const dialogs = [...main.dialogs, ...archive.dialogs].sort(byActivity);
    const folders = await readFolders(call);
    const list = { dialogs, complete: main.complete && archive.complete, folders };
    kept = { list, at };
    return list;
  };
  return {
    load: async (call, { signal } = {}) => {
      signal?.throwIfAborted();
      if (kept !== undefined && now() - kept.at < maxAgeMs) return kept.list;
      // Those who come meanwhile get the same list; one who leaves does not take it from the others.
      running ??= read(call).finally(() => running = undefined);
      return await unlessAborted(running, signal);
    },
  };
}

/** Latest activity first; equal dates and empty chats by id, so that the order is total. */
export function byActivity(a: Dialog, b: Dialog): number {
  return (b.lastDate ?? 0) - (a.lastDate ?? 0) || (BigInt(a.peer.id) < BigInt(b.peer.id) ? -1 : 1);
}

/** TL method messages.getDialogs, page by page (https://core.telegram.org/method/messages.getDialogs). */
async function readFolder(
  call: Call,
  folderId: number,
  now: number,
): Promise<Omit<DialogList, "folders">> {
  const found = new Map<string, Dialog>();
  let offset = { date: 0, id: 0, peer: new Api.InputPeerEmpty() as Api.TypeInputPeer };
  while (found.size < MOST_DIALOGS) {
    const answer = await call(
      new Api.messages.GetDialogs({
        folderId,
        offsetDate: offset.date,
        offsetId: offset.id,
        offsetPeer: offset.peer,
        limit: PAGE,
        hash: bigInt(0),
      }),
    );
    if (answer.className === "messages.DialogsNotModified") break;
    const page = readPage(answer, now);
    for (const dialog of page) if (dialog.peer.migratedTo === undefined) found.set(dialog.peer.id, dialog);
    const last = page.findLast((dialog) => !dialog.pinned && dialog.lastDate !== undefined && isReachable(dialog.peer));
    const isWhole = answer.className === "messages.Dialogs";
    if (isWhole || last?.lastDate === undefined || last.topId === offset.id && last.lastDate === offset.date) break;
    offset = { date: last.lastDate, id: last.topId, peer: inputPeer(last.peer) };
  }
  return { dialogs: [...found.values()], complete: found.size < MOST_DIALOGS };
}

function readPage(answer: Api.messages.Dialogs | Api.messages.DialogsSlice, now: number): Dialog[] {
  const peers = new Map(peersOf(answer).map((peer) => [peer.id, peer]));
  const dates = new Map<string, number>();
  for (const message of answer.messages) {
    if (message.className !== "MessageEmpty") dates.set(`${peerId(message.peerId)}/${message.id}`, message.date);
  }
  return answer.dialogs.flatMap((dialog): Dialog[] => {
    if (dialog.className !== "Dialog") return [];
    const peer = peers.get(peerId(dialog.peer));
    if (peer === undefined) return [];
    const lastDate = dates.get(`${peer.id}/${dialog.topMessage}`);
    return [{
      peer,
      topId: dialog.topMessage,
      ...(lastDate === undefined ? {} : { lastDate }),
      unread: dialog.unreadCount,
      markedUnread: Boolean(dialog.unreadMark),
      mentions: dialog.unreadMentionsCount,
      readUpTo: dialog.readInboxMaxId,
      archived: dialog.folderId === 1,
      pinned: Boolean(dialog.pinned),
      muted: (dialog.notifySettings.muteUntil ?? 0) > now,
    }];
  });
}
