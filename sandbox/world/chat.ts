/**
 * The chats and users of the world.
 * @module
 */

/** The kinds of chat. */
export type ChatKind = "user" | "bot" | "group" | "supergroup" | "forum" | "channel" | "saved";

/** A chat. Its key everywhere is the marked id: `-100…` for channels and supergroups, `-…` for basic groups, else the user's. */
export interface WorldChat {
  readonly id: string;
  readonly kind: ChatKind;
  readonly title: string;
  readonly username: string | null;
  readonly about: string;
  /** Unix seconds. */
  readonly created: number;
  /** `member`: we are in it; `open`: anyone may read it, we are not in it; `closed`: we are kept out. */
  readonly access: "member" | "open" | "closed";
  /** How many are in it. */
  readonly size: number;
  /** Those known by name, decimal user ids; the first one created the chat, the second one is an admin. */
  readonly members: readonly string[];
  /** Seconds when the owner of the account came in. */
  readonly joined: number;
  /** The hash of its invite link, without the plus. */
  readonly invite?: string;
  /** Whoever follows the invite link has to be let in. */
  readonly approval?: boolean;
  /** Further usernames, all of them active. */
  readonly usernames?: readonly string[];
  /** Content may not be forwarded or saved. */
  readonly protected?: boolean;
  readonly signatures?: boolean;
  /** The marked id of a channel's discussion group, or of the channel of such a group, https://core.telegram.org/api/discussion. */
  readonly linked?: string;
  /** The supergroup a basic group became, https://core.telegram.org/api/channel#migration. */
  readonly migratedTo?: string;
  /** The basic group a supergroup was, and the id of its last message. */
  readonly migratedFrom?: { readonly id: string; readonly maxId: number };
  /** Of a forum: its topics, General first, https://core.telegram.org/api/forum. */
  readonly topics?: readonly WorldTopic[];
}

/** The topic every forum has; its id is that of the message that created the forum. */
export const GENERAL = 1;

/** A topic of a forum. */
export interface WorldTopic {
  /** The id of the service message that created it, {@link GENERAL} for General. */
  readonly id: number;
  /** Unix seconds. */
  readonly created: number;
  readonly title: string;
  /** Decimal user id. */
  readonly creator: string;
  /** RGB. */
  readonly color: number;
  readonly closed?: boolean;
  readonly pinned?: boolean;
  /** Only General may be. */
  readonly hidden?: boolean;
  /** Its messages up to this id are read by us. */
  readonly readInbox: number;
}

/** A user. */
export interface WorldUser {
  /** Decimal. */
  readonly id: string;
  readonly firstName: string;
  readonly lastName?: string;
  readonly username: string | null;
  /** Further usernames, all of them active. */
  readonly usernames?: readonly string[];
  readonly phone?: string;
  readonly about?: string;
  readonly bot?: boolean;
  readonly deleted?: boolean;
  readonly contact?: boolean;
  readonly premium?: boolean;
  /** Sent as a `min` object with the messages of groups; see https://core.telegram.org/api/min. */
  readonly stranger?: boolean;
}

/** What the dialog list knows of a chat beside its messages. */
export interface WorldDialog {
  readonly chatId: string;
  /** Absent if not pinned, else the place among the pinned ones of its folder, from 0. */
  readonly pinned?: number;
  /** 0 the main list, 1 the archive. */
  readonly folder: 0 | 1;
  readonly muted: boolean;
  readonly unreadMark: boolean;
  /** Messages up to this id are read by us. */
  readonly readInbox: number;
  /** Messages of ours up to this id are read by the other side. */
  readonly readOutbox: number;
}

/** A folder of dialogs, https://core.telegram.org/api/folders. */
export interface WorldFolder {
  readonly id: number;
  readonly title: string;
  readonly broadcasts?: boolean;
  readonly contacts?: boolean;
  readonly nonContacts?: boolean;
  readonly groups?: boolean;
  readonly bots?: boolean;
  readonly excludeMuted?: boolean;
  readonly excludeRead?: boolean;
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  readonly pinned?: readonly string[];
}

/** The bare id of a marked one: `-1002000000001` and `2000000001`, `-4001` and `4001`. */
export function bareId(id: string): number {
  const value = Number(id);
  return value >= 0 ? value : value > -1_000_000_000_000 ? -value : -1_000_000_000_000 - value;
}

/** Whether a marked id is that of a channel or supergroup. */
export function isChannelId(id: string): boolean {
  return Number(id) <= -1_000_000_000_000;
}

/** The marked id of a channel or supergroup. */
export function channelId(bare: number): string {
  return String(-1_000_000_000_000 - bare);
}
