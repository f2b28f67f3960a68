/**
 * Posts of channels.
 * @module
 */
import { linkOf, otherMedia, photo, poll, video, webpage } from "../media.ts";
import type { Draft, WorldMedia, WorldMessage } from "../message.ts";
import { createRandom, long, mix, type Random } from "../random.ts";
import { compose } from "../text.ts";
import { REACTIONS } from "../words.ts";

const ALBUM_BLOCK = 60;

/** The album a post belongs to by its id: blocks of sixty ids, in some of them two to ten posts in a row. */
export function albumOf(seed: number, id: number): { readonly id: string; readonly place: number } | undefined {
  const block = Math.floor(id / ALBUM_BLOCK);
  const place = id - block * ALBUM_BLOCK - 20;
  const dice = mix(seed, block, 0xa1b);
  const size = 2 + (dice >>> 8) % 9;
  if (dice % 3 !== 0 || place < 0 || place >= size) return undefined;
  return { id: String(long(seed, block)), place };
}

/** Reactions: one to four kinds, most used first. */
export function reactionsOf(random: Random, most: number): NonNullable<WorldMessage["reactions"]> {
  const first = random.int(REACTIONS.length);
  let count = 1 + random.int(most);
  return Array.from({ length: 1 + random.int(4) }, (_, index) => {
    const reaction = { emoji: REACTIONS[(first + index) % REACTIONS.length] ?? "👍", count };
    count = Math.max(1, Math.floor(count / 2));
    return index === 0 && random.oneIn(9) ? { ...reaction, chosen: true } : reaction;
  });
}

function mediaOf(random: Random, draft: Draft): WorldMedia | undefined {
  const link = linkOf(draft);
  if (link) return random.oneIn(3) ? undefined : webpage(random, link);
  switch (random.int(12)) {
    case 0:
    case 1:
    case 2:
      return photo(random);
    case 3:
      return video(random);
    case 4:
      return otherMedia(random);
    case 5:
      return random.oneIn(6) ? poll(random) : undefined;
    default:
      return undefined;
  }
}

/** How a channel posts. */
export interface PostOptions {
  readonly seed: number;
  /** About how many see a post. */
  readonly reach: number;
  readonly sentences?: number;
  readonly formatEvery?: number;
  readonly signature?: string;
  /** Where forwarded posts come from: a channel's marked id and the greatest id of its posts. */
  readonly forwardsFrom?: { readonly chatId: string; readonly posts: number };
}

function forwardOf(random: Random, date: number, source: NonNullable<PostOptions["forwardsFrom"]>): Draft["forward"] {
  const earlier = date - 60 - random.int(86_400 * 20);
  switch (random.int(4)) {
    case 0:
      return { name: "Someone Hidden", date: earlier };
    case 1:
      return { from: "734201334", date: earlier };
    default:
      return { from: source.chatId, postId: 2 + random.int(source.posts - 2), date: earlier };
  }
}

/** The post of an id, the same each time. */
export function writePost(options: PostOptions, id: number, date: number): Draft {
  const { seed, reach, sentences, formatEvery, signature, forwardsFrom } = options;
  const random = createRandom(seed, id);
  const counters = { post: true, views: reach + random.int(reach * 3), forwards: random.int(1 + reach / 20) };
  const album = albumOf(seed, id);
  if (album) {
    const caption = album.place === 0 ? compose(random, { sentences: 2, formatEvery: 0 }) : { text: "" };
    return { ...caption, ...counters, media: random.oneIn(4) ? video(random) : photo(random), albumId: album.id };
  }
  const draft: Draft = compose(random, { sentences, formatEvery });
  const media = mediaOf(random, draft);
  const wordless = media !== undefined && (media.kind === "sticker" || media.kind === "poll" || media.kind === "geo");
  return {
    ...(wordless ? { text: "" } : draft),
    ...counters,
    ...media && { media },
    ...random.oneIn(2) && { reactions: reactionsOf(random, Math.max(2, Math.floor(reach / 10))) },
    ...random.oneIn(10) && { edited: date + 30 + random.int(7_200) },
    ...random.oneIn(25) && { silent: true },
    ...signature && { author: signature },
    ...forwardsFrom && random.oneIn(15) && { forward: forwardOf(random, date, forwardsFrom) },
  };
}
