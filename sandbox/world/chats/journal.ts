/**
 * A channel whose posts can be commented on, and its discussion group, https://core.telegram.org/api/discussion.
 * @module
 */
import { MEMBERS, OWNER } from "../cast.ts";
import { channelId } from "../chat.ts";
import { photo } from "../media.ts";
import type { Draft } from "../message.ts";
import { createRandom, long, type Random } from "../random.ts";
import { seconds } from "../timeline.ts";
import { channel } from "./channels.ts";
import { writePost } from "./post.ts";
import type { ChatSeed } from "./seed.ts";
import { say } from "./talk.ts";

/** The channel. */
export const JOURNAL = channelId(2_000_000_011);
/** Its discussion group. */
export const JOURNAL_TALK = channelId(2_000_000_012);

const POSTS = 120;
const DAY = 86_400;
const FIRST = seconds("2024-11-04T09:00:00Z");
const ALBUM = { first: 60, last: 62, id: String(long(11, 60)) };
/** The comments on this post are switched off: its copy was deleted from the group. */
const SILENT = 100;
const COMMENTERS = MEMBERS.slice(5, 30).map(({ id }) => id);
const ADMIN = MEMBERS[3]?.id ?? OWNER.id;

interface Event {
  readonly date: number;
  readonly draft: Draft;
  /** The post whose copy this is, or whose comment. */
  readonly post?: number;
  readonly copy?: boolean;
}

const dateOf = (post: number): number => FIRST + Math.floor((post - 1) * 1.7 * DAY) + (post * 3_571) % 30_000;

/** Three posts of one album are sent in the same second. */
const sentAt = (post: number): number => dateOf(post > ALBUM.first && post <= ALBUM.last ? ALBUM.first : post);

function post(id: number, date: number): Draft {
  if (id === 1) return { text: "", post: true, service: { action: "channel_create", title: "Sandbox Journal" } };
  const random = createRandom(11, id);
  if (id === 50) {
    return {
      text: "Should the reading room open on Sundays? Tell us below.",
      post: true,
      views: 1_204,
      forwards: 11,
      author: "The editors",
    };
  }
  if (id >= ALBUM.first && id <= ALBUM.last) {
    const text = id === ALBUM.first ? "Three pictures of the harbour." : "";
    return { text, post: true, views: 990, forwards: 4, media: photo(random), albumId: ALBUM.id };
  }
  return writePost({ seed: 11, reach: 500, signature: "The editors" }, id, date);
}

const COMMENTS: readonly string[] = [
  "Yes, families only have time on Sundays.",
  "Only if the staff get Mondays off.",
  "No, the noise from the square is worst on Sundays.",
  "Open the garden instead.",
  "Yes, from ten to four.",
];

function commentsOf(id: number, random: Random, date: number): readonly Draft[] {
  if (id === 50) return COMMENTS.map((text, index) => ({ text, from: COMMENTERS[index] }));
  const count = random.int(3) === 0 ? 0 : random.int(12);
  return Array.from({ length: count }, (): Draft => ({
    ...say(random, date, 6),
    ...random.oneIn(12) ? { from: OWNER.id, out: true } : { from: random.pick(COMMENTERS) },
  }));
}

function eventsOf(id: number): readonly Event[] {
  const date = sentAt(id);
  const draft = post(id, date);
  if (draft.service || id === SILENT) return [];
  const { reactions: _, edited: __, author, ...content } = draft;
  const copy: Event = {
    date: date + 2,
    post: id,
    copy: true,
    draft: {
      ...content,
      post: false,
      from: JOURNAL,
      forward: { from: JOURNAL, postId: id, date, automatic: true, ...author && { author } },
    },
  };
  if (id > ALBUM.first && id <= ALBUM.last) return [copy];
  const random = createRandom(12, id);
  let at = date + 60;
  const comments = commentsOf(id, random, date + 60).map((comment): Event => {
    at += 20 + random.int(7_000);
    const { edited, ...rest } = comment;
    return { date: at, post: id, draft: { ...rest, ...edited && { edited: at + 30 } } };
  });
  const chatter: readonly Event[] = random.oneIn(3)
    ? [{ date: at + 300, draft: { text: "Off topic: who has the key to the hall?", from: random.pick(COMMENTERS) } }]
    : [];
  return [copy, ...comments, ...chatter];
}

/** The messages of the group, its own creation first: copies of posts, comments on them, and what is said beside. */
function talk(): { readonly ids: number[]; readonly dates: number[]; readonly drafts: Map<number, Draft> } {
  const events = Array.from({ length: POSTS }, (_, index) => eventsOf(index + 1)).flat()
    .filter(({ date }) => date < seconds("2025-05-31T19:00:00Z"));
  events.sort((a, b) => a.date - b.date);
  const ids = [1];
  const dates = [FIRST - 60];
  const drafts = new Map<number, Draft>([
    [1, { text: "", from: ADMIN, service: { action: "channel_create", title: "Journal Talk" } }],
  ]);
  const roots = new Map<number, number>();
  const comments = new Map<number, number[]>();
  let id = 1;
  for (const { date, draft, post: about, copy } of events) {
    // Deleted comments leave gaps.
    id += id % 23 === 0 ? 2 : 1;
    ids.push(id);
    dates.push(date);
    if (about === undefined) drafts.set(id, draft);
    else if (copy) {
      roots.set(about, id);
      drafts.set(id, draft);
    } else {
      const root = roots.get(about) ?? 0;
      const earlier = comments.get(about) ?? [];
      comments.set(about, [...earlier, id]);
      const random = createRandom(13, id);
      const answered = earlier.length > 0 && random.oneIn(3) ? random.pick(earlier) : undefined;
      drafts.set(id, { ...draft, replyTo: answered === undefined ? { id: root } : { id: answered, topId: root } });
    }
  }
  return { ids, dates, drafts };
}

/** Both seeds. */
export function journal(): readonly ChatSeed[] {
  const ids = Int32Array.from({ length: POSTS }, (_, index) => index + 1);
  const group = talk();
  return [
    {
      chat: channel({
        id: JOURNAL,
        title: "Sandbox Journal",
        username: "sandbox_journal",
        about: "Long reads; comments are open.",
        size: 2_150,
        signatures: true,
        linked: JOURNAL_TALK,
      }, FIRST),
      timeline: { ids, dates: ids.map(sentAt) },
      write: post,
      dialog: { unread: 3 },
    },
    {
      chat: channel({
        id: JOURNAL_TALK,
        title: "Journal Talk",
        kind: "supergroup",
        username: "sandbox_journal_talk",
        about: "Comments on the Journal.",
        size: COMMENTERS.length + 2,
        members: [ADMIN, OWNER.id, ...COMMENTERS],
        linked: JOURNAL,
      }, FIRST - 60),
      timeline: { ids: Int32Array.from(group.ids), dates: Int32Array.from(group.dates) },
      write: (id) => group.drafts.get(id) ?? { text: "" },
      dialog: { unread: 8, muted: true },
    },
  ];
}
