/**
 * A basic group of 2013 that became a supergroup: ids of both begin at 1, https://core.telegram.org/api/channel#migration.
 * @module
 */
import { FRIENDS, OWNER } from "../cast.ts";
import { channelId } from "../chat.ts";
import type { Draft } from "../message.ts";
import { createTimeline, seconds } from "../timeline.ts";
import { channel } from "./channels.ts";
import { type ChatSeed, placed } from "./seed.ts";
import { writeInGroup } from "./talk.ts";

/** The basic group. */
export const OLD_TOWN_BEFORE = "-4002";
/** The supergroup it became. */
export const OLD_TOWN = channelId(2_000_000_013);

const TITLE = "Old Town";
const MOVED = seconds("2016-03-01T12:00:00Z");
const MEMBERS = FRIENDS.slice(0, 6).map(([user]) => user.id);
const ADMIN = MEMBERS[0] ?? OWNER.id;

function before(): ChatSeed {
  const created = seconds("2013-12-10T18:30:00Z");
  const timeline = createTimeline({ seed: 42, count: 80, first: created, last: MOVED, gapEvery: 20 });
  const last = timeline.ids.length - 1;
  const fixed = placed(timeline, {
    0: () => ({
      text: "",
      from: ADMIN,
      service: { action: "chat_create", title: "Old Town 2013", users: [...MEMBERS, OWNER.id] },
    }),
    1: () => ({ text: "Happy new group, everyone!", from: MEMBERS[1] }),
    40: () => ({ text: "", from: ADMIN, service: { action: "edit_title", title: TITLE } }),
    41: () => ({ text: "The bakery on the corner closes for good.", from: MEMBERS[2], pinned: true }),
    [last]: () => ({ text: "", from: ADMIN, service: { action: "migrate_to", chat: OLD_TOWN } }),
  });
  const options = { seed: 42, chatId: OLD_TOWN_BEFORE, title: TITLE, members: MEMBERS };
  return {
    chat: {
      id: OLD_TOWN_BEFORE,
      kind: "group",
      title: TITLE,
      username: null,
      about: "",
      created,
      access: "member",
      size: MEMBERS.length + 1,
      members: [...MEMBERS, OWNER.id],
      joined: created,
      migratedTo: OLD_TOWN,
    },
    timeline,
    numbered: true,
    write: (id, date) => {
      const known = fixed.get(id);
      if (known) return known;
      // Basic groups of those days had no threads.
      const { replyTo: _, ...draft } = writeInGroup(options, id, date);
      return draft;
    },
    dialog: {},
  };
}

function after(maxId: number): ChatSeed {
  const timeline = createTimeline({
    seed: 43,
    count: 220,
    first: MOVED,
    last: seconds("2025-05-27T16:00:00Z"),
    gapEvery: 20,
    runEvery: 40,
  });
  const start: Draft = {
    text: "",
    from: ADMIN,
    service: { action: "migrate_from", chat: OLD_TOWN_BEFORE, title: TITLE },
  };
  const options = { seed: 43, chatId: OLD_TOWN, title: TITLE, members: MEMBERS };
  return {
    chat: channel({
      id: OLD_TOWN,
      title: TITLE,
      kind: "supergroup",
      about: "Neighbours since 2013.",
      size: MEMBERS.length + 1,
      members: [...MEMBERS, OWNER.id],
      migratedFrom: { id: OLD_TOWN_BEFORE, maxId },
    }, MOVED),
    timeline,
    write: (id, date) => id === 1 ? start : writeInGroup(options, id, date),
    dialog: { unread: 4 },
  };
}

/** The basic group and the supergroup. */
export function oldTown(): readonly ChatSeed[] {
  const old = before();
  return [old, after(old.timeline.ids.at(-1) ?? 0)];
}
