/**
 * TL users and chats to peers.
 * @module
 */
import type { ChatKind } from "../../model/chat.ts";
import type { Api } from "../../mtproto/gram.ts";
import { markedId } from "../ids.ts";

/** A user or chat that Telegram has told about, with what is needed to ask for it again. */
export interface Peer {
  /** Marked id. */
  readonly id: string;
  readonly kind: ChatKind;
  readonly title: string;
  readonly username?: string;
  /** All active usernames, the first one included. */
  readonly usernames: readonly string[];
  /** Decimal; absent for basic groups, and for `min` objects, whose hash does not work elsewhere. */
  readonly accessHash?: string;
  /** Known only by a `min` object: good for showing, not for asking. */
  readonly min?: true;
  /** The account is not, or no longer, in this chat. */
  readonly left?: true;
  /** Telegram does not let us read it. */
  readonly forbidden?: true;
  /** `noforwards`: may be read, may not be saved. */
  readonly protected?: true;
  readonly members?: number;
  /** A user in the account's contacts. */
  readonly contact?: true;
  /** The supergroup that a basic group became. */
  readonly migratedTo?: string;
}

/** A chat of two, or of the account with itself: Telegram names no sender in it. */
export function isPrivate(chat: Peer): boolean {
  return chat.kind === "user" || chat.kind === "bot" || chat.kind === "saved";
}

/** What a peer is called as a chat: the chat with oneself has a name of its own. */
export function titleOf(chat: Pick<Peer, "kind" | "title">): string {
  return chat.kind === "saved" ? "Saved Messages" : chat.title;
}

/** The user as a peer; undefined for `userEmpty`. */
export function mapUser(user: Api.TypeUser): Peer | undefined {
  if (user.className !== "User") return undefined;
  const usernames = activeUsernames(user.username, user.usernames);
  const name = [user.firstName, user.lastName].filter(Boolean).join(" ");
  return {
    id: markedId("user", user.id),
    kind: user.self ? "saved" : user.bot ? "bot" : "user",
    title: user.deleted ? "Deleted Account" : name || usernames[0] || "Unnamed",
    usernames,
    ...(usernames[0] === undefined ? {} : { username: usernames[0] }),
    ...(user.min ? { min: true } : {}),
    ...(user.contact ? { contact: true } : {}),
    ...(user.accessHash && !user.min ? { accessHash: user.accessHash.toString() } : {}),
  };
}

/** The chat or channel as a peer; undefined for `chatEmpty`. */
export function mapChat(chat: Api.TypeChat): Peer | undefined {
  if (chat.className === "Chat") {
    const to = chat.migratedTo;
    return {
      id: markedId("group", chat.id),
      kind: "group",
      title: chat.title,
      usernames: [],
      members: chat.participantsCount,
      ...(chat.left || chat.deactivated ? { left: true } : {}),
      ...(chat.noforwards ? { protected: true } : {}),
      ...(to?.className === "InputChannel" ? { migratedTo: markedId("channel", to.channelId) } : {}),
    };
  }
  if (chat.className === "ChatForbidden") {
    return { id: markedId("group", chat.id), kind: "group", title: chat.title, usernames: [], forbidden: true };
  }
  if (chat.className === "ChannelForbidden") {
    return {
      id: markedId("channel", chat.id),
      kind: chat.megagroup ? "supergroup" : "channel",
      title: chat.title,
      usernames: [],
      accessHash: chat.accessHash.toString(),
      forbidden: true,
    };
  }
  if (chat.className !== "Channel") return undefined;
  const usernames = activeUsernames(chat.username, chat.usernames);
  return {
    id: markedId("channel", chat.id),
    kind: chat.forum ? "forum" : chat.megagroup || chat.gigagroup ? "supergroup" : "channel",
    title: chat.title,
    usernames,
    ...(usernames[0] === undefined ? {} : { username: usernames[0] }),
    ...(chat.min ? { min: true } : {}),
    ...(chat.accessHash && !chat.min ? { accessHash: chat.accessHash.toString() } : {}),
    ...(chat.left ? { left: true } : {}),
    ...(chat.noforwards ? { protected: true } : {}),
    ...(chat.participantsCount ? { members: chat.participantsCount } : {}),
  };
}

function activeUsernames(single: string | undefined, several: Api.TypeUsername[] | undefined): string[] {
  const active = (several ?? []).filter((entry) => entry.active).map((entry) => entry.username);
  return single && !active.includes(single) ? [single, ...active] : active;
}
