/**
 * Random queries around what a world holds, with the arguments that say them.
 * @module
 */
import type { Random } from "../../sandbox/world/random.ts";
import type { History, World, WorldChat, WorldMessage } from "../../sandbox/world/mod.ts";
import { type Bound, type Query, TYPE_WORDS, typesOf } from "./naive.ts";
import { rfc } from "./page.ts";

/** A query with the arguments that say it. */
export interface Case {
  readonly tool: string;
  readonly query: Query;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Whether something happens that does so in so many of a hundred cases. */
export const chance = (random: Random, percent: number): boolean => random.int(100) < percent;
/** One of the items, which may be undefined. */
export const oneOf = <Item>(random: Random, ...items: Item[]): Item | undefined => items[random.int(items.length)];

/** A chat that can be read, the larger ones more often. */
export function pickChat(random: Random, world: World): WorldChat {
  // A group that moved is two histories, which its own test walks.
  const all = [...world.chats.values()].filter(({ access, migratedFrom, migratedTo }) =>
    access !== "closed" && !migratedFrom && !migratedTo
  );
  const named = all.filter(({ kind, username }) => kind !== "user" && !username?.startsWith("sandbox_small_"));
  const friends = all.filter(({ id }) => id.startsWith("734201"));
  return random.pick(random.pick([named, named, friends, friends, all]));
}

/** A chat in one of the forms that name it alone. */
function nameChat(random: Random, world: World, chat: WorldChat): unknown {
  const { id, title, username } = chat;
  const forms: unknown[] = [id, Number(id)];
  const titles = [...world.dialogs.keys()].filter((key) =>
    world.chats.get(key)?.title.toLowerCase() === title.toLowerCase()
  );
  if (titles.length === 1 && world.dialogs.has(id) && chat.kind !== "saved") forms.push(title, ` ${title} `);
  if (username !== null) forms.push(`@${username}`, `https://t.me/${username}`, username.toUpperCase());
  if (id.startsWith("-100")) forms.push(`https://t.me/c/${-1e12 - Number(id)}/1`);
  if (chat.kind === "saved") forms.push("me", "me", "me");
  // A channel that is not in the chat list is known by its username alone.
  return random.pick(chat.access === "open" ? forms.slice(2, 4) : forms);
}

/** A bound near a message: at it, a second or an id beside it, in one of the forms that mean the same. */
function drawBound(random: Random, message: WorldMessage): { readonly bound: Bound; readonly text: string } {
  const shift = random.int(3) - 1;
  if (chance(random, 35)) {
    const id = Math.max(1, message.id + shift);
    return { bound: { id }, text: `#${id}` };
  }
  const at = message.date + shift;
  switch (random.int(5)) {
    case 0:
      return { bound: { at: at + 0.25 }, text: `${rfc(at)}.25Z` };
    case 1:
      return { bound: { at }, text: `${rfc(at + 7200)}+02:00` };
    case 2:
      return { bound: { at }, text: `${rfc(at - 19_800)}-05:30` };
    case 3:
      return { bound: { at }, text: `${rfc(at)}.000z` };
    default:
      return { bound: { at }, text: `${rfc(at)}Z` };
  }
}

/** A range around a message. */
function drawRange(
  random: Random,
  history: History,
  witness: number,
): Pick<Case, "args"> & { from?: Bound; to?: Bound } {
  if (history.length === 0 || chance(random, history.length > 500 ? 20 : 40)) return { args: {} };
  const width = chance(random, 20) ? 1500 : 250;
  const first = Math.max(0, witness - random.int(width));
  const last = Math.min(history.length - 1, witness + random.int(width));
  const from = chance(random, 85) ? drawBound(random, history.at(first)) : undefined;
  const to = chance(random, 85) ? drawBound(random, history.at(last)) : undefined;
  const same = from !== undefined && to !== undefined &&
    ("id" in from.bound
      ? "id" in to.bound && from.bound.id >= to.bound.id
      : "at" in to.bound && Math.ceil(from.bound.at) >= Math.ceil(to.bound.at));
  if (same) return { args: { from: from?.text }, from: from?.bound };
  return { args: { from: from?.text, to: to?.text }, from: from?.bound, to: to?.bound };
}

function drawSender(
  random: Random,
  world: World,
  chat: WorldChat,
  witness: WorldMessage | undefined,
): { readonly id: string; readonly text: unknown } {
  const owner = String(world.ownerId);
  const id = (chance(random, 90) ? witness?.from : undefined) ?? random.pick([owner, "734201334", "734201336"]);
  const user = world.users.get(id);
  const record = user ?? world.chats.get(id);
  const isTheChat = id === chat.id && chat.kind === "supergroup";
  const forms: unknown[] = [id, Number(id)];
  if (record?.username) forms.push(`@${record.username}`, `https://t.me/${record.username}`);
  if (id === owner) forms.push("me", "Me");
  const name = user && [user.firstName, user.lastName].filter(Boolean).join(" ");
  const namesakes = chat.members.filter((member) => {
    const each = world.users.get(member);
    return name === [each?.firstName, each?.lastName].filter(Boolean).join(" ");
  });
  const isUnique = namesakes.length === 1 && namesakes[0] === id;
  if (isUnique && chat.kind !== "channel" && chat.kind !== "bot" && name) forms.push(name, ` ${name}`);
  if (isTheChat) forms.push(chat.title);
  return { id, text: random.pick(forms) };
}

/** Most queries are drawn around a message that they match, the witness: else nearly all would match nothing. */
export function drawCase(random: Random, world: World, chat: WorldChat): Case {
  const history = world.messages(chat.id);
  const place = Math.max(0, random.int(history.length) - (chance(random, 20) ? 0 : random.int(30)));
  const witness = history.length > 0
    ? history.at(chance(random, 15) ? history.length - 1 - random.int(3) % history.length : place)
    : undefined;
  const { args: rangeArgs, from, to } = drawRange(random, history, place);
  const direction = oneOf(random, undefined, "newest_first", "oldest_first", "oldest_first");
  const sender = chance(random, chat.kind === "channel" ? 5 : 30)
    ? drawSender(random, world, chat, witness)
    : undefined;
  const type = chance(random, 40) ? drawType(random, witness) : undefined;
  const minViews = chance(random, witness?.views === undefined ? 2 : 20)
    ? Math.max(1, (witness?.views ?? 1) + random.int(3) - 1)
    : undefined;
  const topic = drawTopic(random, chat);
  const isCounted = (chat.kind !== "forum" || topic !== undefined) && chat.migratedTo === undefined;
  const unread = isCounted && world.dialogs.has(chat.id) && chance(random, rangeArgs.from === undefined ? 15 : 4)
    ? true
    : undefined;
  const words = drawWords(random, witness);
  const isSearch = words.length > 0 || (chance(random, 40) && (sender !== undefined || type !== undefined));
  const isOldest = !isSearch && direction === "oldest_first";
  const query: Query = {
    chat: chat.id,
    oldestFirst: isOldest,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(sender === undefined ? {} : { sender: sender.id }),
    ...(type === undefined ? {} : { type }),
    ...(isSearch || minViews === undefined ? {} : { minViews }),
    ...(isSearch || unread === undefined ? {} : { unread }),
    ...(topic === undefined ? {} : { topic: topic.id }),
    ...(words.length === 0 ? {} : { words }),
  };
  const args = { chat: nameChat(random, world, chat), ...rangeArgs, topic: topic?.text, sender: sender?.text, type };
  return isSearch
    ? { tool: "search_messages", query, args: { ...args, query: words.join(" ") || undefined } }
    : { tool: "fetch_history", query, args: { ...args, direction, min_views: minViews, unread } };
}

/** A topic in one of the forms that name it alone. */
function drawTopic(
  random: Random,
  { topics = [] }: WorldChat,
): { readonly id: number; readonly text: unknown } | undefined {
  if (topics.length === 0 || chance(random, 30)) return undefined;
  const { id, title } = random.pick(topics);
  const isUnique = topics.filter((each) => each.title === title).length === 1;
  return {
    id,
    text: random.pick([`${id}`, id, ...(isUnique ? [title, ` ${title} `] : []), ...(id === 1 ? ["general"] : [])]),
  };
}

/** Words of a message, in any case, some of them only begun. */
function drawWords(random: Random, witness: WorldMessage | undefined): string[] {
  const all = [...witness?.text.matchAll(/[\p{L}\p{N}]{3,}/gu) ?? []].map(([word]) => word)
    .filter((word) => !SPACELESS.test(word));
  if (all.length === 0 || !chance(random, 25)) return [];
  return Array.from({ length: 1 + random.int(2) }, () => {
    const word = random.pick(all);
    const begun = chance(random, 30) ? word.slice(0, 3) : word;
    return chance(random, 30) ? begun.toUpperCase() : begun;
  });
}

/** Scripts without spaces between words, where it is not documented what a word is. */
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{M}]/u;

function drawType(random: Random, witness: WorldMessage | undefined): string {
  const fitting = witness === undefined || chance(random, 30) ? TYPE_WORDS : typesOf(witness);
  return random.pick(fitting);
}

/** What may change from page to page. */
export function drawShape(random: Random): Record<string, unknown> {
  return {
    limit: oneOf(random, 1 + random.int(100), 1 + random.int(100), 1 + random.int(10), undefined, 100),
    fields: oneOf(random, undefined, "compact", "full"),
    max_chars: chance(random, 25) ? 2000 + random.int(8000) : undefined,
  };
}
