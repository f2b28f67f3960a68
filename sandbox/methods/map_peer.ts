/**
 * Users and chats as TL objects.
 * @module
 */
import { bareId, isChannelId } from "../world/chat.ts";
import type { World, WorldChat, WorldUser } from "../world/mod.ts";
import type { TlPlain } from "./encode.ts";

/** The peer of a marked id. */
export function peer(id: string): TlPlain {
  if (isChannelId(id)) return { _: "peerChannel", channel_id: bareId(id) };
  return id.startsWith("-") ? { _: "peerChat", chat_id: bareId(id) } : { _: "peerUser", user_id: id };
}

/** The input peer of a marked id, as folders hold it. */
export function inputPeer(world: World, id: string): TlPlain {
  const access_hash = world.accessHash(id);
  if (isChannelId(id)) return { _: "inputPeerChannel", channel_id: bareId(id), access_hash };
  return id.startsWith("-")
    ? { _: "inputPeerChat", chat_id: bareId(id) }
    : { _: "inputPeerUser", user_id: id, access_hash };
}

/** Bits of `true` flags: absent unless the condition holds. */
export function flag(condition: unknown): true | undefined {
  return condition ? true : undefined;
}

/** What a `min` object carries in place of an access hash: one that opens nothing, https://core.telegram.org/api/min. */
const minHash = (world: World, id: string): bigint => BigInt.asIntN(64, ~world.accessHash(id));

/**
 * One username has a field of its own; several are a list with the first one in it, and that field is empty:
 * https://core.telegram.org/constructor/user (usernames), which does not say so, but clients take both together for an error.
 */
function usernames({ username, usernames: further = [] }: Pick<WorldUser, "username" | "usernames">): {
  readonly username?: string;
  readonly usernames?: readonly TlPlain[];
} {
  if (username === null) return {};
  if (further.length === 0) return { username };
  const all = [username, ...further];
  return {
    usernames: all.map((name, index) => ({ _: "username", editable: flag(index === 0), active: true, username: name })),
  };
}

/** A user; `min` as it comes with the messages of strangers. */
export function user(world: World, record: WorldUser, min: boolean): TlPlain {
  const self = record.id === String(world.ownerId);
  return {
    _: "user",
    self: flag(self),
    contact: flag(record.contact),
    mutual_contact: flag(record.contact),
    deleted: flag(record.deleted),
    bot: flag(record.bot),
    min: flag(min),
    premium: flag(record.premium),
    id: record.id,
    access_hash: min ? minHash(world, record.id) : world.accessHash(record.id),
    first_name: record.deleted ? undefined : record.firstName,
    last_name: record.lastName,
    ...usernames(record),
    phone: self || record.contact ? record.phone : undefined,
    status: record.bot || record.deleted ? undefined : { _: "userStatusRecently" },
    bot_info_version: record.bot ? 1 : undefined,
  };
}

function inputChannel(world: World, id: string): TlPlain {
  return { _: "inputChannel", channel_id: bareId(id), access_hash: world.accessHash(id) };
}

function basicGroup(world: World, record: WorldChat): TlPlain {
  return {
    _: "chat",
    creator: flag(record.members[0] === String(world.ownerId)),
    deactivated: flag(record.migratedTo),
    id: bareId(record.id),
    title: record.title,
    photo: { _: "chatPhotoEmpty" },
    participants_count: record.size,
    date: record.created,
    version: 1,
    migrated_to: record.migratedTo === undefined ? undefined : inputChannel(world, record.migratedTo),
    default_banned_rights: { _: "chatBannedRights", until_date: 0 },
  };
}

/** A basic group, supergroup or channel; `min` as it comes as the source of a forward. */
export function chat(world: World, record: WorldChat, min: boolean): TlPlain {
  if (!isChannelId(record.id)) return basicGroup(world, record);
  const broadcast = record.kind === "channel";
  if (record.access === "closed") {
    return {
      _: "channelForbidden",
      broadcast: flag(broadcast),
      megagroup: flag(!broadcast),
      id: bareId(record.id),
      access_hash: world.accessHash(record.id),
      title: record.title,
    };
  }
  return {
    _: "channel",
    creator: flag(record.members[0] === String(world.ownerId)),
    left: flag(record.access !== "member"),
    broadcast: flag(broadcast),
    megagroup: flag(!broadcast),
    signatures: flag(record.signatures),
    min: flag(min),
    has_link: flag(record.linked),
    noforwards: flag(record.protected),
    forum: flag(record.kind === "forum"),
    id: bareId(record.id),
    access_hash: min ? minHash(world, record.id) : world.accessHash(record.id),
    title: record.title,
    ...usernames(record),
    photo: { _: "chatPhotoEmpty" },
    date: record.access === "member" ? record.joined : record.created,
    default_banned_rights: broadcast ? undefined : { _: "chatBannedRights", until_date: 0 },
    participants_count: min ? undefined : record.size,
  };
}
