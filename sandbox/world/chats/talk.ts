/**
 * What people write to each other: the big group, basic groups, private chats, saved messages.
 * @module
 */
import { lowerBound } from "../history.ts";
import { linkOf, otherMedia, photo, webpage } from "../media.ts";
import type { Draft, WorldEntity } from "../message.ts";
import { createRandom, type Random } from "../random.ts";
import { compose } from "../text.ts";
import { reactionsOf } from "./post.ts";

const OWNER_ID = "1000";

/** Texts, media and reactions of one message, whoever wrote it. */
export function say(random: Random, date: number, reactionEvery: number): Draft {
  const draft: Draft = compose(random, { sentences: 2, formatEvery: 8 });
  const link = linkOf(draft);
  const media = link
    ? webpage(random, link)
    : random.oneIn(12)
    ? photo(random)
    : random.oneIn(15)
    ? otherMedia(random)
    : undefined;
  return {
    ...(media && !link && random.oneIn(2) ? { text: "" } : draft),
    ...media && { media },
    ...random.oneIn(reactionEvery) && { reactions: reactionsOf(random, 6) },
    ...random.oneIn(14) && { edited: date + 20 + random.int(3_600) },
  };
}

const MENTION = "@sandbox_owner";

/** Puts a mention of the account in front of a text. */
function mentioning(draft: Draft): Draft {
  const shift = MENTION.length + 1;
  const moved = (draft.entities ?? []).map((entity): WorldEntity => ({ ...entity, offset: entity.offset + shift }));
  const mention: WorldEntity = { type: "mention", offset: 0, length: MENTION.length };
  return { ...draft, text: `${MENTION} ${draft.text}`, entities: [mention, ...moved], mentioned: true };
}

/** Who writes in a group. */
export interface GroupOptions {
  readonly seed: number;
  readonly chatId: string;
  readonly title: string;
  /** Decimal ids, without our own. */
  readonly members: readonly string[];
  /** Channels some members post as. */
  readonly sendAs?: readonly string[];
  /** Whether an admin writes in the name of the group. */
  readonly anonymous?: boolean;
  /** One message in so many mentions us. */
  readonly mentionEvery?: number;
}

const THREAD = 40;

/** A reply to the first message of a block of forty, or to one between. */
function replyOf(random: Random, id: number): Draft["replyTo"] {
  const root = Math.floor(id / THREAD) * THREAD + 1;
  const between = id - 1 - random.int(5);
  if (between <= root) return root < id ? { id: root } : undefined;
  return random.oneIn(3) ? { id: root } : { id: between, topId: root };
}

function comings(random: Random, members: readonly string[]): Draft {
  const user = random.pick(members);
  switch (random.int(4)) {
    case 0:
      return { text: "", from: user, service: { action: "remove_user", user } };
    case 1:
      return { text: "", from: random.pick(members), service: { action: "add_user", users: [user] } };
    case 2:
      return { text: "", from: user, service: { action: "joined_by_link", inviter: random.pick(members) } };
    default:
      return { text: "", from: user, service: { action: "add_user", users: [user] } };
  }
}

/** The message of an id in a group; few members write much, many little. */
export function writeInGroup(options: GroupOptions, id: number, date: number): Draft {
  const { members, sendAs = [], mentionEvery = 40 } = options;
  const random = createRandom(options.seed, id);
  if (random.oneIn(90)) return comings(random, members);
  const said = say(random, date, 5);
  const reply = random.oneIn(3) ? replyOf(random, id) : undefined;
  const forwarded = !reply && sendAs.length > 0 && random.oneIn(40);
  const draft = {
    ...said,
    ...reply && { replyTo: reply },
    ...forwarded && { forward: { from: random.pick(sendAs), postId: 2 + random.int(190), date: date - 3_600 } },
    ...said.media?.kind === "gif" && { viaBot: "734201344" },
  };
  if (random.oneIn(12)) return { ...draft, from: OWNER_ID, out: true };
  if (options.anonymous && random.oneIn(60)) return { ...draft, from: options.chatId, author: "Admin" };
  if (sendAs.length > 0 && random.oneIn(80)) return { ...draft, from: random.pick(sendAs) };
  const from = members[Math.min(random.int(members.length), random.int(members.length))] ?? OWNER_ID;
  return { ...(draft.text && random.oneIn(mentionEvery) ? mentioning(draft) : draft), from };
}

/** The message of an id in a private chat; `ids` are those of the chat, ascending. */
export function writeInPrivate(ids: Int32Array, userId: string, id: number, date: number): Draft {
  if (id === ids[0] && Number(userId) % 5 === 0) {
    return { text: "", from: userId, service: { action: "contact_sign_up" } };
  }
  const random = createRandom(Number(userId), id);
  const sender: Pick<Draft, "from" | "out"> = random.oneIn(2) ? { from: OWNER_ID, out: true } : { from: userId };
  if (random.oneIn(70)) {
    const missed = random.oneIn(3);
    const call = { action: "phone_call", id: String(9_000_000_000 + id) } as const;
    return { ...sender, text: "", service: missed ? { ...call, missed } : { ...call, duration: 10 + random.int(900) } };
  }
  const answered = random.oneIn(10) ? ids[lowerBound(ids, ids.length, id) - 1 - random.int(5)] : undefined;
  return { ...say(random, date, 9), ...sender, ...answered && { replyTo: { id: answered } } };
}

/** A note to ourselves, at times a saved post. */
export function writeSaved(source: string, id: number, date: number): Draft {
  const random = createRandom(1_000, id);
  const note = { ...say(random, date, 50), from: OWNER_ID };
  if (!random.oneIn(3)) return note;
  return { ...note, forward: { from: source, postId: 3 + random.int(900), date: date - 3_600 } };
}
