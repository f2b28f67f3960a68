/**
 * Which chats a folder of the chat list shows (https://core.telegram.org/api/folders).
 * @module
 */
import type { Dialog } from "./dialogs.ts";
import type { Folder } from "./folders.ts";

/** Whether a chat counts as unread: by its messages, or marked so by hand. */
export function isUnread(dialog: Dialog): boolean {
  return dialog.unread > 0 || dialog.markedUnread;
}

/**
 * Whether a folder shows a chat: by its named chats, then by its rules (https://core.telegram.org/constructor/dialogFilter).
 * @param self the account's own marked id
 */
export function isInFolder(dialog: Dialog, folder: Folder, self: string | undefined): boolean {
  const id = dialog.peer.id;
  if (folder.include.has(id) || (id === self && folder.includesSelf)) return true;
  if (folder.exclude.has(id) || folder.rules === undefined) return false;
  const { rules } = folder;
  // An unread mention shows a chat in spite of these two.
  if (dialog.mentions === 0 && rules.excludeMuted && dialog.muted) return false;
  if (dialog.mentions === 0 && rules.excludeRead && !isUnread(dialog)) return false;
  if (rules.excludeArchived && dialog.archived) return false;
  switch (dialog.peer.kind) {
    case "bot":
      return Boolean(rules.bots);
    case "channel":
      return Boolean(rules.broadcasts);
    case "group":
    case "supergroup":
    case "forum":
      return Boolean(rules.groups);
    default:
      return Boolean(dialog.peer.contact ? rules.contacts : rules.nonContacts);
  }
}
