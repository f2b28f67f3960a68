/**
 * Messages by the names that callers give them: ids of a chat, or links.
 * @module
 */
import { AppError } from "../../errors.ts";
import { discussionGroup } from "../../telegram/chats.ts";
import type { Peer } from "../../telegram/map/peer.ts";
import { type Located, placeKey, readAlbums, readMessages } from "../../telegram/messages.ts";
import { type ChatReference, type MessageReference, readMessageReference } from "../../telegram/reference.ts";
import { type Directory, findReadable, isStillNamed, resolveChat, type Resolved } from "../../telegram/resolve.ts";
import { isUnreadable } from "../../telegram/surroundings.ts";

/** A message that was asked for. */
export interface Named {
  /** As the caller named it: an id, or a link. */
  readonly as: number | string;
  readonly reference: MessageReference;
}

/** Where a named message should be. */
interface Wanted {
  readonly as: Named["as"];
  readonly chat: Peer;
  readonly id: number;
  /** The link means the whole album if the message is an item of one. */
  readonly album: boolean;
}

/** What there is of the messages asked for. */
export interface Hits {
  readonly found: readonly Located[];
  /** The names of those that do not exist, or not for this account. */
  readonly missing: readonly Named["as"][];
  /** For each of the missing whose chat cannot be read, why. */
  readonly problems: readonly AppError[];
}

/**
 * Takes names apart.
 * @throws AppError INPUT_VALIDATION for what names no message, UNSUPPORTED for links to stories, stickers and phones
 */
export function readNames(names: readonly string[]): Named[] {
  return names.map((name) => {
    const reference = readMessageReference(name);
    return { as: "id" in reference ? reference.id : name.trim(), reference };
  });
}

/**
 * Finds the messages, each once, in the order of their chats. What lies in a chat that the account cannot read is missing
 * and does not hide the others.
 * @param chat names where messages are that are named by id alone
 * @param field the argument that names come from
 */
export async function findNamed(
  directory: Directory,
  names: readonly Named[],
  chat: string | undefined,
  field = "messages",
  isAgain = false,
): Promise<Hits> {
  const found = new Map<string, Located>();
  const lost = new Set<Named["as"]>();
  const problems: AppError[] = [];
  const miss = (problem: unknown, as: readonly Named["as"][]): void => {
    if (!(problem instanceof AppError && (isUnreadable(problem) || problem.code === "MESSAGE_NOT_FOUND"))) {
      throw problem;
    }
    for (const each of as) lost.add(each);
    problems.push(...as.map(() => problem));
  };
  const wanted: Wanted[] = [];
  const { locate, isUpToDate } = locator(directory, chat, field);
  for (const named of names) {
    try {
      wanted.push(await locate(named));
    } catch (problem) {
      miss(problem, [named.as]);
    }
  }
  for (const [id, group] of Map.groupBy(wanted, (each) => each.chat.id)) {
    try {
      for (const each of await readGroup(directory, group)) found.set(placeKey(each), each);
      for (const each of group) if (!found.has(`${id}/${each.id}`)) lost.add(each.as);
    } catch (problem) {
      miss(problem, group.map(({ as }) => as));
    }
  }
  if (!isAgain && !isUpToDate()) return await findNamed(directory, names, chat, field, true);
  return { found: [...found.values()], missing: [...lost], problems };
}

/** The error for messages none of which was found. */
export function noneFound({ missing, problems: [problem] }: Hits, field = "messages"): AppError {
  if (problem !== undefined) return problem;
  const message = missing.length === 1 ? "There is no such message." : "None of these messages exists.";
  return new AppError("MESSAGE_NOT_FOUND", message, { field });
}

/** Reads messages of one chat, and whole albums where they are meant. */
async function readGroup(directory: Directory, group: readonly Wanted[]): Promise<Located[]> {
  const [first] = group;
  if (first === undefined) return [];
  const read = await readMessages(directory, first.chat, group.map(({ id }) => id));
  const albums = new Set(group.filter(({ album }) => album).map(({ id }) => id));
  const items = read.filter(({ message }) => albums.has(message.id));
  return [...read, ...await readAlbums(directory, first.chat, items)];
}

/** Says where named messages should be; each chat is looked up once. */
interface Locator {
  readonly locate: (named: Named) => Promise<Wanted>;
  /** False once an @name has turned out to have moved to another chat since it was learnt. */
  readonly isUpToDate: () => boolean;
}

function locator(directory: Directory, chat: string | undefined, field: string): Locator {
  const chats = new Map<string, Promise<Pick<Resolved, "peer" | "username">>>();
  const found: Pick<Resolved, "peer" | "username">[] = [];
  const once = async (key: string, find: () => Promise<Pick<Resolved, "peer" | "username">>): Promise<Peer> => {
    const finding = chats.get(key) ?? find();
    chats.set(key, finding);
    const chosen = await finding;
    found.push(chosen);
    return chosen.peer;
  };
  const findChat = async (reference: ChatReference): Promise<Pick<Resolved, "peer" | "username">> => ({
    peer: await findReadable(directory, reference, field),
    ...(reference.kind === "username" ? { username: reference.username } : {}),
  });
  const locate = async ({ as, reference }: Named): Promise<Wanted> => {
    if ("id" in reference) {
      if (chat === undefined) throw chatNeeded(reference.id);
      return { as, chat: await once("chat", () => resolveChat(directory, chat)), id: reference.id, album: false };
    }
    const { message, comment, single } = reference.target;
    const peer = await once(JSON.stringify(reference.chat), () => findChat(reference.chat));
    if (comment === undefined) return { as, chat: peer, id: message, album: !single };
    const group = await once(peer.id, async () => ({ peer: await discussionGroup(directory, peer, field) }));
    return { as, chat: group, id: comment, album: !single };
  };
  return { locate, isUpToDate: () => found.every((each) => isStillNamed(directory, each)) };
}

/** The error for an id that could be of any chat. */
export function chatNeeded(id: number): AppError {
  return new AppError("INPUT_VALIDATION", `chat: the id ${id} does not say of which chat.`, {
    field: "chat",
    hint: "Add chat, or send links: a page's chat.link, a slash and the id make one.",
  });
}
