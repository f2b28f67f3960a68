/**
 * What stands around messages: their neighbours, and what they answer.
 * @module
 */
import { AppError } from "../errors.ts";
import { formerChat } from "./chats.ts";
import { type Place, readHistory } from "./history.ts";
import { isReachable } from "./input.ts";
import { answeredBy } from "./map/headers.ts";
import type { Peer } from "./map/peer.ts";
import { type Located, placeKey, readMessages } from "./messages.ts";
import type { HistoryQuery } from "./query.ts";
import type { Directory } from "./resolve.ts";
import { topicOfMessage } from "./topics.ts";

/** Answers to answers are followed so far. */
const DEEPEST = 20;

/**
 * The messages before and after each, in the same chat and in a forum in the same topic; those of a supergroup from before
 * its migration come before its own.
 * @param count how many on either side
 */
export async function readNeighbours(
  directory: Directory,
  messages: readonly Located[],
  count: number,
): Promise<Located[]> {
  const found: Located[] = [];
  const stretches = Map.groupBy(messages, ({ chat, message }) => `${chat.id}/${topicOfMessage(chat, message) ?? ""}`);
  for (const stretch of stretches.values()) {
    const [first] = stretch;
    if (first === undefined) continue;
    const { chat, message } = first;
    const topic = topicOfMessage(chat, message);
    const former = topic === undefined ? await formerChat(directory, chat) : undefined;
    found.push(
      ...await readAround(directory, { chat, former, topic }, stretch.map(({ message: { id } }) => id), count),
    );
  }
  return found;
}

/** Neighbours in one chat or topic. Messages that are each other's neighbours are walked past in one go. */
async function readAround(
  directory: Directory,
  where: Pick<HistoryQuery, "chat" | "former" | "topic">,
  ids: readonly number[],
  count: number,
): Promise<Located[]> {
  const { chat } = where;
  const found: Located[] = [];
  let walked = 0;
  for (const id of [...ids].sort((a, b) => a - b)) {
    if (id <= walked) continue;
    const after = { chat: chat.id, id };
    const isCrowded = ids.some((other) => other > id && other <= id + count);
    let left = count;
    for await (const older of walk(directory, { ...where, direction: "newest_first" }, after, count)) {
      found.push(older);
      if (--left === 0) break;
    }
    left = count;
    for await (
      const newer of walk(directory, { ...where, direction: "oldest_first" }, after, isCrowded ? 100 : count)
    ) {
      found.push(newer);
      if (ids.includes(newer.message.id)) [walked, left] = [newer.message.id, count];
      else if (--left === 0) break;
    }
  }
  return found;
}

async function* walk(
  { call, options }: Directory,
  query: HistoryQuery,
  after: Place,
  pageSize: number,
): AsyncGenerator<Located, void, undefined> {
  for await (const { chat, messages, peers } of readHistory(call, query, { after, pageSize, callOptions: options })) {
    for (const message of messages) yield { chat, message, peers };
  }
}

/** What messages answer, and why there is not more of it. */
export interface Answered {
  readonly found: readonly Located[];
  /** Answered messages that no longer exist. */
  readonly gone: number;
  /** Answered messages in chats that the account cannot read. */
  readonly unreadable: number;
  /** It goes on beyond the depth that is followed. */
  readonly deeper: boolean;
}

/** Follows what messages answer upwards, from chat to chat where an answer quotes another one, 20 steps at most. */
export async function readAnswered(directory: Directory, messages: readonly Located[]): Promise<Answered> {
  const known = new Set(messages.map(placeKey));
  const found: Located[] = [];
  let [level, gone, unreadable] = [messages, 0, 0];
  for (let depth = 0;; depth++) {
    const wanted = Map.groupBy(
      level.flatMap((each) => placeAnswered(each) ?? []).filter(({ chat, id }) => !known.has(`${chat}/${id}`)),
      ({ chat }) => chat,
    );
    if (wanted.size === 0) return { found, gone, unreadable, deeper: false };
    if (depth === DEEPEST) return { found, gone, unreadable, deeper: true };
    const next: Located[] = [];
    for (const [id, places] of wanted) {
      const ids = new Set(places.map((place) => place.id));
      for (const each of ids) known.add(`${id}/${each}`);
      const chat = level.find((each) => each.chat.id === id)?.chat ?? directory.peers.get(id);
      const read = await readIfAllowed(directory, chat, ids);
      if (read === undefined) unreadable += ids.size;
      else gone += ids.size - read.length;
      next.push(...read ?? []);
    }
    found.push(...next);
    level = next;
  }
}

/** Undefined for a chat that the account does not know or may not read. */
async function readIfAllowed(
  directory: Directory,
  chat: Peer | undefined,
  ids: ReadonlySet<number>,
): Promise<Located[] | undefined> {
  if (chat === undefined || chat.forbidden || !isReachable(chat)) return undefined;
  try {
    return await readMessages(directory, chat, ids);
  } catch (error) {
    if (error instanceof AppError && isUnreadable(error)) return undefined;
    throw error;
  }
}

/** Whether an error says that a chat is not there for this account, as against something that may pass. */
export function isUnreadable({ code }: AppError): boolean {
  return code === "CHANNEL_PRIVATE" || code === "CHAT_NOT_FOUND";
}

function placeAnswered({ chat, message }: Located): Place | undefined {
  const answered = answeredBy(message);
  return answered && { chat: answered.chat ?? chat.id, id: answered.id };
}
