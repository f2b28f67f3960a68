/**
 * Senders whom the reader may not be told of. Such a message has no `sender`, as one by the chat itself; that it is not by the
 * chat itself is remembered beside its fields, so that the message stays what its schema says.
 * @module
 */

/** What stands in the place of a name. */
export const HIDDEN = "hidden";

const hidden = new WeakSet<object>();

/** Marks a message, as Telegram sent it or as it is shown. A copy has no mark. */
export function hideSender<T extends object>(message: T): T {
  hidden.add(message);
  return message;
}

/** Whether a message is by somebody whom the reader may not be told of. */
export function isSenderHidden(message: object): boolean {
  return hidden.has(message);
}
