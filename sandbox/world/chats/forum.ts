/**
 * The forum: six topics beside General, two of one title, one closed, https://core.telegram.org/api/forum.
 * @module
 */
import { FRIENDS, MEMBERS, OWNER } from "../cast.ts";
import { channelId, GENERAL, type WorldTopic } from "../chat.ts";
import type { Timeline } from "../history.ts";
import type { Draft } from "../message.ts";
import { createRandom } from "../random.ts";
import { createTimeline, seconds } from "../timeline.ts";
import { channel } from "./channels.ts";
import { type ChatSeed, placed } from "./seed.ts";
import { say } from "./talk.ts";

/** The forum. */
export const FORUM = channelId(2_000_000_008);

const SEED = 8;
const ADMIN = MEMBERS[0]?.id ?? OWNER.id;
const MEMBER_IDS = [...FRIENDS.slice(0, 9).map(([user]) => user.id), ...MEMBERS.slice(0, 20).map(({ id }) => id)];

/** A topic as it is planned: places are indexes of the timeline. */
interface Plan {
  readonly title: string;
  readonly color: number;
  readonly created: number;
  /** How much is written there, beside the other topics. */
  readonly weight: number;
  readonly closed?: number;
  readonly pinned?: boolean;
  /** How many messages at its end we have not read. */
  readonly unread: number;
}

const GENERAL_PLAN: Plan = { title: "General", color: 0x6fb9f0, created: 0, weight: 5, unread: 6 };
const PLANS: readonly Plan[] = [
  { title: "Announcements", color: 0xffd67e, created: 1, weight: 1, pinned: true, unread: 2 },
  { title: "Questions", color: 0xcb86db, created: 2, weight: 7, unread: 15 },
  { title: "Releases", color: 0x8eee98, created: 3, weight: 3, unread: 0 },
  { title: "Travel plans", color: 0xff93b2, created: 240, weight: 3, closed: 1_300, unread: 0 },
  { title: "Releases", color: 0xfb6f5f, created: 700, weight: 2, unread: 4 },
  { title: "Погода 🌦", color: 0x6fb9f0, created: 1_100, weight: 4, unread: 0 },
];

const TIMELINE: Timeline = createTimeline({
  seed: SEED,
  count: 2_000,
  first: seconds("2024-01-15T08:00:00Z"),
  last: seconds("2025-05-31T20:45:00Z"),
  gapEvery: 18,
  runEvery: 70,
});
const idAt = (index: number): number => TIMELINE.ids[index] ?? 0;

/** The plan a message follows: one of the topics that are open at its place. */
function planAt(index: number): Plan {
  const open = [GENERAL_PLAN, ...PLANS].filter(({ created, closed = Infinity }) => created < index && index < closed);
  let dice = createRandom(SEED, index, 1).int(open.reduce((sum, { weight }) => sum + weight, 0));
  return open.find(({ weight }) => (dice -= weight) < 0) ?? GENERAL_PLAN;
}

/** The header of a message in a topic: a reply to the message that created it, or to a later one, which then names it as well. */
function header(plan: Plan, answered?: number): Draft["replyTo"] {
  if (plan === GENERAL_PLAN) return answered === undefined ? undefined : { id: answered };
  const topic = idAt(plan.created);
  return answered === undefined ? { id: topic, forumTopic: true } : { id: answered, topId: topic, forumTopic: true };
}

const edited = (plan: Plan | undefined, action: Draft["service"]): Draft => ({
  text: "",
  from: ADMIN,
  service: action,
  ...plan && { replyTo: header(plan) },
});

const [ANNOUNCEMENTS, QUESTIONS, , TRAVEL] = PLANS;

const FIXED = placed(TIMELINE, {
  0: () => ({ text: "", from: ADMIN, service: { action: "channel_create", title: "Sandbox Forum" } }),
  ...Object.fromEntries(PLANS.map(({ title, color, created }) => [
    created,
    (): Draft => ({ text: "", from: ADMIN, service: { action: "topic_create", title, color } }),
  ])),
  5: () => ({
    text: "Welcome: ask in Questions, chat here.",
    from: ADMIN,
    pinned: true,
  }),
  6: () => ({
    ...ANNOUNCEMENTS && { replyTo: header(ANNOUNCEMENTS) },
    text: "The forum opens today, the handbook is in the pinned message.",
    from: ADMIN,
    pinned: true,
  }),
  400: () => ({
    ...QUESTIONS && { replyTo: header(QUESTIONS) },
    text: "How do I renew the harbour permit?",
    from: MEMBER_IDS[0],
  }),
  401: (id) => ({
    ...QUESTIONS && { replyTo: header(QUESTIONS, id) },
    text: "At the office by the north bridge, before noon.",
    from: MEMBER_IDS[1],
  }),
  1_299: () => ({
    ...TRAVEL && { replyTo: header(TRAVEL) },
    text: "We leave on the early ferry, see you at the pier.",
    from: MEMBER_IDS[2],
  }),
  1_300: () => edited(TRAVEL, { action: "topic_edit", closed: true }),
  1_985: () => ({
    ...QUESTIONS && { replyTo: header(QUESTIONS) },
    text: "@sandbox_owner can you confirm the date?",
    entities: [{ type: "mention", offset: 0, length: 14 }],
    from: MEMBER_IDS[3],
    mentioned: true,
  }),
});

/** The topic of a place of the timeline, fixed messages included. */
function ownerOf(index: number): Plan {
  const fixed = FIXED.get(idAt(index));
  if (!fixed) return planAt(index);
  const top = fixed.replyTo?.forumTopic ? fixed.replyTo.topId ?? fixed.replyTo.id : GENERAL;
  return PLANS.find(({ created }) => idAt(created) === top) ?? GENERAL_PLAN;
}

function write(id: number, date: number): Draft {
  const fixed = FIXED.get(id);
  if (fixed) return fixed;
  const index = TIMELINE.ids.indexOf(id);
  const random = createRandom(SEED, id);
  const plan = planAt(index);
  const before = [1, 2, 3, 4, 5, 6, 7, 8].map((step) => index - step)
    .find((each) => each > 6 && ownerOf(each) === plan && !FIXED.get(idAt(each))?.service);
  const replyTo = header(plan, before !== undefined && random.oneIn(3) ? idAt(before) : undefined);
  const sender = random.oneIn(14)
    ? { from: OWNER.id, out: true }
    : { from: MEMBER_IDS[Math.min(random.int(MEMBER_IDS.length), random.int(MEMBER_IDS.length))] };
  return { ...say(random, date, 6), ...replyTo && { replyTo }, ...sender };
}

/** A topic's record: its messages at the end are not read by us, ours not counted. */
function topic(plan: Plan): WorldTopic {
  const { title, color, created, closed, pinned } = plan;
  const received = Array.from(TIMELINE.ids.keys()).reverse()
    .filter((index) => index > 0 && ownerOf(index) === plan && !PLANS.some((each) => each.created === index))
    .map((index) => ({ id: idAt(index), ...write(idAt(index), TIMELINE.dates[index] ?? 0) }))
    .filter(({ out }) => !out);
  return {
    id: plan === GENERAL_PLAN ? GENERAL : idAt(created),
    created: TIMELINE.dates[created] ?? 0,
    title,
    creator: ADMIN,
    color,
    ...closed !== undefined && { closed: true },
    ...pinned && { pinned },
    readInbox: received[plan.unread]?.id ?? idAt(created),
  };
}

/** The forum's seed. */
export function forum(): ChatSeed {
  const created = TIMELINE.dates[0] ?? 0;
  return {
    chat: channel({
      id: FORUM,
      title: "Sandbox Forum",
      kind: "forum",
      username: "sandbox_forum",
      about: "One topic for each thing.",
      size: MEMBER_IDS.length + 1,
      members: [ADMIN, OWNER.id, ...MEMBER_IDS.filter((id) => id !== ADMIN)],
      topics: [GENERAL_PLAN, ...PLANS].map(topic),
    }, created),
    timeline: TIMELINE,
    write,
    dialog: { unread: 40 },
  };
}
