/**
 * A hundred small channels and supergroups, so that the dialog list has pages, and names that several chats share.
 * @module
 */
import { MEMBERS } from "../cast.ts";
import { channelId } from "../chat.ts";
import { createRandom } from "../random.ts";
import { createTimeline, seconds } from "../timeline.ts";
import { channel, plainChannel } from "./channels.ts";
import type { ChatSeed } from "./seed.ts";
import { writeInGroup } from "./talk.ts";

const TITLES = [
  "Plumbers",
  "Plumbers",
  "Сантехники",
  "السباكون",
  "配管工",
  "Gardeners of the North",
  "Book Club",
  "Книжный клуб",
  "نادي الكتاب",
  "読書会",
  "독서 모임",
  "🌍 Travellers",
  "Weather Watch",
  "Погода",
  "Café Zürich",
  "Release Notes",
  "Invoices 2025",
  "Chess",
  "Chess",
  "Шахматы",
] as const;

const COUNT = 100;

function small(index: number): ChatSeed {
  const seed = 5_000 + index;
  const random = createRandom(seed);
  const supergroup = index % 5 < 2;
  const round = Math.floor(index / TITLES.length);
  const base = TITLES[index % TITLES.length] ?? "Chat";
  const last = seconds("2025-05-29T00:00:00Z") - random.int(86_400 * 500);
  const created = last - 86_400 * (30 + random.int(300));
  const count = 2 + random.int(39);
  const members = [random.int(44), random.int(44), random.int(44)].map((place) => MEMBERS[place]?.id ?? "1000");
  const chat = channel({
    id: channelId(2_000_000_100 + index),
    title: round === 0 ? base : `${base} ${round + 1}`,
    kind: supergroup ? "supergroup" : "channel",
    username: index % 3 === 0 ? `sandbox_small_${index}` : null,
    size: 3 + random.int(5_000),
    members: supergroup ? [...new Set(members), "1000"] : [],
  }, created);
  const dialog = {
    unread: random.oneIn(4) ? 1 + random.int(count) : 0,
    ...random.oneIn(12) && { folder: 1 as const },
    ...random.oneIn(5) && { muted: true },
  };
  if (!supergroup) {
    return plainChannel(chat, { seed, count, last, gapEvery: 15 }, { reach: 50 + random.int(500) }, dialog);
  }
  const options = { seed, chatId: chat.id, title: chat.title, members, mentionEvery: 10 };
  const from = members[0] ?? "1000";
  return {
    chat,
    timeline: createTimeline({ seed, count, first: created, last, gapEvery: 15 }),
    write: (id, date) =>
      id === 1
        ? { text: "", from, service: { action: "channel_create", title: chat.title } }
        : writeInGroup(options, id, date),
    dialog,
  };
}

/** The small channels and supergroups. */
export function crowd(): readonly ChatSeed[] {
  return Array.from({ length: COUNT }, (_, index) => small(index));
}
