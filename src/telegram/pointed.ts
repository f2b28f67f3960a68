/**
 * From an id or a link to the place of one message.
 * @module
 */
import { AppError } from "../errors.ts";
import { chatDetails } from "./chats.ts";
import type { Peer } from "./map/peer.ts";
import { type Directory, resolveChat } from "./resolve.ts";

/** Where a message is, or would be. */
export interface Place {
  readonly chat: Peer;
  readonly id: number;
}

/**
 * Finds the message that an id, together with a chat, or a link means; a link to a comment means the comment, in the
 * discussion group.
 * @throws AppError INPUT_VALIDATION, and what {@link resolveChat} throws
 */
export async function resolveMessage(
  directory: Directory,
  { message, chat }: { readonly message: string; readonly chat?: string | undefined },
): Promise<Place> {
  const text = message.trim();
  if (/^\d+$/.test(text)) {
    if (chat === undefined) throw invalid(`${text} alone does not say in which chat.`, "Send chat too, or a link.");
    const id = Number(text);
    if (id < 1 || id > 0x7fffffff) throw invalid(`${text.slice(0, 20)} is no message id.`, "Ids begin at 1.");
    return { chat: (await resolveChat(directory, chat)).peer, id };
  }
  const { peer, target, matchedBy } = await resolveChat(directory, text, "message");
  if (matchedBy !== "link" || target?.message === undefined) {
    throw invalid("This names a chat, not a message.", "Send a message's id together with chat, or its link.");
  }
  const place = target.comment === undefined
    ? { chat: peer, id: target.message }
    : { chat: await discussionOf(directory, peer), id: target.comment };
  if (chat !== undefined && (await resolveChat(directory, chat)).peer.id !== place.chat.id) {
    throw new AppError("INPUT_VALIDATION", "The link leads to another chat than the one in chat.", {
      field: "chat",
      hint: "Leave chat out: the link names it.",
    });
  }
  return place;
}

async function discussionOf({ call, peers, options }: Directory, channel: Peer): Promise<Peer> {
  const { discussion } = await chatDetails(call, channel, options);
  const group = discussion === undefined ? undefined : peers.get(discussion);
  if (group !== undefined) return group;
  throw new AppError("CHAT_NOT_FOUND", "The link leads to a comment, but the chat has no discussion group.", {
    field: "message",
    hint: "Send the link of the post itself.",
  });
}

function invalid(message: string, hint: string): AppError {
  return new AppError("INPUT_VALIDATION", `message: ${message}`, { field: "message", hint });
}
