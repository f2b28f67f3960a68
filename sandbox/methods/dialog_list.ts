/**
 * The dialog list: its order, its unread counts, its TL objects.
 * @module
 */
import { isChannelId } from "../world/chat.ts";
import type { World, WorldChat, WorldDialog, WorldMessage } from "../world/mod.ts";
import type { Answers, People } from "./answers.ts";
import type { TlField, TlPlain } from "./encode.ts";
import { flag, peer } from "./map_peer.ts";
import { unreadOf } from "./unread.ts";

/** A dialog and its newest message, if the chat has any. */
export interface Entry {
  readonly dialog: WorldDialog;
  readonly chat: WorldChat;
  readonly top?: WorldMessage;
}

/** Far in the future: muted for good. */
const FOREVER = 2_147_483_647;

/** The notification settings of a dialog. */
export function notifySettings(dialog: WorldDialog | undefined): TlPlain {
  return { _: "peerNotifySettings", mute_until: dialog?.muted ? FOREVER : undefined };
}

const dateOf = ({ chat, top }: Entry): number => top?.date ?? chat.joined;

/** Where a dialog stands: by date, then message id, then chat. */
export interface Position {
  readonly date: number;
  readonly id: number;
  readonly chatId: string;
}

/** The position of a dialog. */
export function positionOf(entry: Entry): Position {
  return { date: dateOf(entry), id: entry.top?.id ?? 0, chatId: entry.chat.id };
}

/** Negative if `a` comes before `b` in the list: newest first. */
export function comparePositions(a: Position, b: Position): number {
  return b.date - a.date || b.id - a.id || Number(b.chatId) - Number(a.chatId);
}

/** Dialogs of a folder, or of both: the pinned ones first, the others by their newest message. */
export function listDialogs(
  world: World,
  folder: number | undefined,
): { readonly pinned: Entry[]; readonly others: Entry[] } {
  const entries = [...world.dialogs.values()].flatMap((dialog): readonly Entry[] => {
    const chat = world.chats.get(dialog.chatId);
    if (!chat || folder !== undefined && dialog.folder !== folder) return [];
    const history = world.messages(chat.id);
    return [{ dialog, chat, ...history.length > 0 && { top: history.at(history.length - 1) } }];
  });
  const pinned = entries.filter(({ dialog }) => dialog.pinned !== undefined)
    .sort((a, b) => a.dialog.folder - b.dialog.folder || (a.dialog.pinned ?? 0) - (b.dialog.pinned ?? 0));
  const others = entries.filter(({ dialog }) => dialog.pinned === undefined)
    .sort((a, b) => comparePositions(positionOf(a), positionOf(b)));
  return { pinned, others };
}

function dialogObject(answers: Answers, { dialog, chat, top }: Entry): TlPlain {
  const unread = unreadOf(answers.world, chat.id);
  return {
    _: "dialog",
    pinned: flag(dialog.pinned !== undefined),
    unread_mark: flag(dialog.unreadMark),
    peer: peer(chat.id),
    top_message: top?.id ?? 0,
    read_inbox_max_id: dialog.readInbox,
    read_outbox_max_id: dialog.readOutbox,
    unread_count: unread.messages,
    unread_mentions_count: unread.mentions,
    unread_reactions_count: 0,
    notify_settings: notifySettings(dialog),
    pts: isChannelId(chat.id) ? answers.pts(chat.id) : undefined,
    folder_id: dialog.folder === 0 ? undefined : dialog.folder,
  };
}

/** The fields that every answer with dialogs has. */
export function dialogFields(answers: Answers, entries: readonly Entry[]): People & {
  readonly dialogs: readonly TlField[];
  readonly messages: readonly TlField[];
} {
  const tops = entries.flatMap(({ chat, top }) => top ? [{ chat, top }] : []);
  return {
    dialogs: entries.map((entry) => dialogObject(answers, entry)),
    messages: tops.map(({ chat, top }) => answers.message(chat, top)),
    ...answers.people(entries.map(({ chat }) => chat.id), tops.flatMap(({ chat, top }) => answers.named(chat, top))),
  };
}

/** The archive as it stands in the main list, if anything is in it. */
export function archiveEntry(answers: Answers): TlPlain | undefined {
  const { pinned, others } = listDialogs(answers.world, 1);
  const entries = [...pinned, ...others];
  const newest = entries[0];
  if (!newest) return undefined;
  const unread = entries.map(({ chat, dialog }) => ({ muted: dialog.muted, ...unreadOf(answers.world, chat.id) }))
    .filter(({ messages }) => messages > 0);
  const sum = (muted: boolean, value: (each: { messages: number }) => number): number =>
    unread.filter((each) => each.muted === muted).reduce((total, each) => total + value(each), 0);
  return {
    _: "dialogFolder",
    pinned: true,
    folder: { _: "folder", id: 1, title: "Archived Chats" },
    peer: peer(newest.chat.id),
    top_message: newest.top?.id ?? 0,
    unread_muted_peers_count: sum(true, () => 1),
    unread_unmuted_peers_count: sum(false, () => 1),
    unread_muted_messages_count: sum(true, ({ messages }) => messages),
    unread_unmuted_messages_count: sum(false, ({ messages }) => messages),
  };
}
