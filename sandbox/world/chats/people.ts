/**
 * Chats with people: the big group, the basic group, private chats, saved messages.
 * @module
 */
import { ACQUAINTANCES, FRIENDS, MEMBERS, OWNER } from "../cast.ts";
import { channelId, type WorldChat, type WorldUser } from "../chat.ts";
import type { Draft } from "../message.ts";
import { createRandom } from "../random.ts";
import { createTimeline, seconds } from "../timeline.ts";
import { channel, NEWS, PUBLIC } from "./channels.ts";
import { type ChatSeed, placed } from "./seed.ts";
import { writeInGroup, writeInPrivate, writeSaved } from "./talk.ts";

/** The big supergroup. */
export const GROUP = channelId(2_000_000_003);
/** The basic group. */
export const TEA_ROOM = "-4001";

function bigGroup(): ChatSeed {
  const seed = 3;
  const created = seconds("2023-05-01T07:00:00Z");
  const members = MEMBERS.map((user) => user.id);
  const timeline = createTimeline({
    seed,
    count: 5_000,
    first: created,
    last: seconds("2025-05-31T22:00:00Z"),
    gapEvery: 20,
    runEvery: 90,
  });
  const admin = members[0] ?? OWNER.id;
  const fixed = placed(timeline, {
    0: () => ({ text: "", from: admin, service: { action: "channel_create", title: "Group" } }),
    2000: () => ({ text: "The meeting is every Tuesday at ten.", from: admin, pinned: true }),
    2001: (id) => ({ text: "", from: admin, service: { action: "pin" }, replyTo: { id } }),
    4200: () => ({ text: "Does the parser read dates before 1970?", from: members[2] }),
    4201: (id) => ({
      text: "It does, since the spring release.",
      from: members[5],
      replyTo: { id, quote: "dates before 1970" },
    }),
    4990: () => ({
      text: "@sandbox_owner please review the invoice.",
      entities: [{ type: "mention", offset: 0, length: 14 }],
      from: members[1],
      mentioned: true,
    }),
    4995: () => ({
      text: "Thanks, Ann!",
      entities: [{ type: "mention_name", offset: 8, length: 3, userId: "734201334" }],
      from: members[4],
    }),
  });
  const options = { seed, chatId: GROUP, title: "Group", members, sendAs: [NEWS, PUBLIC], anonymous: true };
  return {
    chat: channel(
      {
        id: GROUP,
        title: "Group",
        kind: "supergroup",
        username: "sandbox_group",
        about: "Where the sandbox talks.",
        size: members.length + 1,
        members: [...members.slice(0, 2), OWNER.id, ...members.slice(2)],
      },
      created,
    ),
    timeline,
    write: (id, date) => fixed.get(id) ?? writeInGroup(options, id, date),
    dialog: { unread: 120, unseen: 10, pinned: 1 },
  };
}

function teaRoom(): ChatSeed {
  const members = FRIENDS.slice(0, 4).map(([user]) => user.id);
  const created = seconds("2024-03-03T15:00:00Z");
  const timeline = createTimeline({ seed: 41, count: 60, first: created, last: seconds("2025-05-25T17:00:00Z") });
  const options = { seed: 41, chatId: TEA_ROOM, title: "Tea Room", members };
  const from = members[0] ?? OWNER.id;
  const start: Draft = {
    text: "",
    from,
    service: { action: "chat_create", title: "Tea Room", users: [...members, OWNER.id] },
  };
  return {
    chat: {
      id: TEA_ROOM,
      kind: "group",
      title: "Tea Room",
      username: null,
      about: "Tea at five.",
      created,
      access: "member",
      size: members.length + 1,
      members: [...members, OWNER.id],
      joined: created,
      invite: "TeAtImE00001",
    },
    timeline,
    write: (id, date) => {
      if (id === timeline.ids[0]) return start;
      // Threads by blocks of ids make no sense in a sequence shared with other chats.
      const { replyTo: _, ...draft } = writeInGroup(options, id, date);
      return draft;
    },
    dialog: { unread: 3 },
  };
}

/** The name a user is shown with. */
export function nameOf(user: WorldUser): string {
  if (user.deleted) return "Deleted Account";
  return [user.firstName, user.lastName].filter(Boolean).join(" ");
}

/** The chat with a user, whether or not anything was written in it. */
export function privateChat(user: WorldUser, created: number): WorldChat {
  const saved = user.id === OWNER.id;
  return {
    id: user.id,
    kind: saved ? "saved" : user.bot ? "bot" : "user",
    title: saved ? "Saved Messages" : nameOf(user),
    username: user.username,
    about: user.about ?? "",
    created,
    access: "member",
    size: saved ? 1 : 2,
    members: [user.id],
    joined: created,
  };
}

function conversation(
  user: WorldUser,
  count: number,
  first: number,
  last: number,
  dialog: ChatSeed["dialog"],
): ChatSeed {
  const timeline = createTimeline({ seed: Number(user.id), count, first, last, runEvery: 40 });
  return {
    chat: privateChat(user, first),
    timeline,
    write: (id, date) =>
      user.id === OWNER.id ? writeSaved(NEWS, id, date) : writeInPrivate(timeline.ids, user.id, id, date),
    dialog,
  };
}

/** Every chat with people but the crowd's groups. */
export function peopleChats(): readonly ChatSeed[] {
  const end = seconds("2025-05-31T22:30:00Z");
  const friends = FRIENDS.map(([user, count], index) =>
    conversation(
      user,
      count,
      seconds("2023-02-01T00:00:00Z") + index * 1_000_000,
      end - index * 90_000 - index * index * 7_000,
      {
        unread: index % 4 === 1 ? 1 + index : 0,
        unseen: index % 3 === 0 ? 2 : 0,
        ...index === 0 && { pinned: 2 },
        ...index === 11 && { folder: 1 },
      },
    )
  );
  const acquaintances = ACQUAINTANCES.map((user, index) => {
    const random = createRandom(77, index);
    const last = end - 86_400 * (10 + random.int(400)) - random.int(86_400);
    return conversation(user, 1 + random.int(40), last - 86_400 * (1 + random.int(90)), last, {
      unread: random.oneIn(6) ? 1 : 0,
      ...random.oneIn(10) && { folder: 1 },
      ...random.oneIn(9) && { muted: true },
      ...random.oneIn(20) && { unreadMark: true },
    });
  });
  const saved = conversation(OWNER, 30, seconds("2023-06-01T00:00:00Z"), seconds("2025-05-28T11:00:00Z"), {});
  return [bigGroup(), teaRoom(), saved, ...friends, ...acquaintances];
}
