/**
 * messages.getDialogs, messages.getPinnedDialogs, messages.getPeerDialogs and messages.getDialogFilters.
 * @module
 */
import { type Method, RpcError } from "../rpc.ts";
import { Api } from "../tl.ts";
import type { World } from "../world/mod.ts";
import { chatOf } from "./access.ts";
import type { Answers } from "./answers.ts";
import { archiveEntry, comparePositions, dialogFields, type Entry, listDialogs, positionOf } from "./dialog_list.ts";
import { encode, type TlPlain } from "./encode.ts";
import { flag, inputPeer } from "./map_peer.ts";
import { limited, method } from "./method.ts";
import { unreadOf } from "./unread.ts";

function checkFolder(folder: number | undefined | null): number | undefined {
  if (folder === undefined || folder === null) return undefined;
  if (folder !== 0 && folder !== 1) throw new RpcError(400, "FOLDER_ID_INVALID");
  return folder;
}

/** `updates.state` of the account, https://core.telegram.org/constructor/updates.state. */
export function accountState(world: World): TlPlain {
  let [pts, unread_count] = [1, 0];
  for (const { chatId } of world.dialogs.values()) {
    pts += world.messages(chatId).version;
    if (unreadOf(world, chatId).messages > 0) unread_count++;
  }
  return { _: "updates.state", pts, qts: 0, date: Math.floor(world.now() / 1000), seq: 1, unread_count };
}

/**
 * https://core.telegram.org/method/messages.getDialogs: those after the offset (date and id of a dialog's newest message, and its
 * peer, https://core.telegram.org/api/offsets); the first page begins with the pinned ones unless excluded. Without `folder_id` the
 * archived ones are among the rest; in the main folder the archive itself is one more entry, https://core.telegram.org/api/folders.
 */
export function getDialogs(answers: Answers): readonly [string, Method] {
  const { world } = answers;
  return method(Api.messages.GetDialogs, (request) => {
    const folder = checkFolder(request.folderId);
    const { offsetDate, offsetId, offsetPeer } = request;
    const first = offsetDate <= 0 && offsetId <= 0;
    const chatId = offsetPeer instanceof Api.InputPeerEmpty
      ? world.chatOfMessage(offsetId)
      : chatOf(world, offsetPeer).id;
    const { pinned, others } = listDialogs(world, folder);
    const limit = limited(request.limit);
    const date = offsetDate > 0 ? offsetDate : chatId ? world.messages(chatId).byId(offsetId)?.date ?? 0 : 0;
    const position = { date, id: offsetId, chatId: chatId ?? "0" };
    const rest = first ? others : others.filter((entry) => comparePositions(position, positionOf(entry)) < 0);
    const shown = first && !request.excludePinned ? [...pinned, ...rest] : rest;
    const count = others.length + (request.excludePinned ? 0 : pinned.length);
    const fields = dialogFields(answers, shown.slice(0, limit));
    const archive = first && folder === 0 && !request.excludePinned ? archiveEntry(answers) : undefined;
    const body = archive ? { ...fields, dialogs: [archive, ...fields.dialogs] } : fields;
    return first && shown.length <= limit
      ? encode({ _: "messages.dialogs", ...body })
      : encode({ _: "messages.dialogsSlice", count, ...body });
  });
}

/** https://core.telegram.org/method/messages.getPinnedDialogs. */
export function getPinnedDialogs(answers: Answers): readonly [string, Method] {
  return method(Api.messages.GetPinnedDialogs, (request) => {
    const { pinned } = listDialogs(answers.world, checkFolder(request.folderId));
    return encode({ _: "messages.peerDialogs", ...dialogFields(answers, pinned), state: accountState(answers.world) });
  });
}

/** https://core.telegram.org/method/messages.getPeerDialogs: the dialogs of given peers, unread counts and all. */
export function getPeerDialogs(answers: Answers): readonly [string, Method] {
  const { world } = answers;
  return method(Api.messages.GetPeerDialogs, (request) => {
    const entries = request.peers.map((input): Entry => {
      if (!(input instanceof Api.InputDialogPeer)) throw new RpcError(400, "INPUT_CONSTRUCTOR_INVALID");
      const chat = chatOf(world, input.peer);
      const history = world.messages(chat.id);
      const known = world.dialogs.get(chat.id);
      const dialog = known ??
        { chatId: chat.id, folder: 0, muted: false, unreadMark: false, readInbox: 0, readOutbox: 0 } as const;
      return { chat, dialog, ...history.length > 0 && { top: history.at(history.length - 1) } };
    });
    return encode({ _: "messages.peerDialogs", ...dialogFields(answers, entries), state: accountState(world) });
  });
}

/** https://core.telegram.org/method/messages.getDialogFilters: the folders, the list of all chats first. */
export function getDialogFilters({ world }: Answers): readonly [string, Method] {
  return method(Api.messages.GetDialogFilters, () => {
    const filters = world.folders.map((folder): TlPlain => ({
      _: "dialogFilter",
      contacts: flag(folder.contacts),
      non_contacts: flag(folder.nonContacts),
      groups: flag(folder.groups),
      broadcasts: flag(folder.broadcasts),
      bots: flag(folder.bots),
      exclude_muted: flag(folder.excludeMuted),
      exclude_read: flag(folder.excludeRead),
      exclude_archived: true,
      id: folder.id,
      title: { _: "textWithEntities", text: folder.title, entities: [] },
      pinned_peers: (folder.pinned ?? []).map((chatId) => inputPeer(world, chatId)),
      include_peers: folder.include.map((chatId) => inputPeer(world, chatId)),
      exclude_peers: (folder.exclude ?? []).map((chatId) => inputPeer(world, chatId)),
    }));
    return encode({ _: "messages.dialogFilters", filters: [{ _: "dialogFilterDefault" }, ...filters] });
  });
}
