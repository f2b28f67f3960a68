/**
 * What an export reads: fixed when it first runs, and found again by whoever goes on with it.
 * @module
 */
import { AppError } from "../errors.ts";
import { historyEnds } from "../telegram/chats.ts";
import { countMessages } from "../telegram/count.ts";
import type { Peer } from "../telegram/map/peer.ts";
import { type HistoryQuery, partsOf } from "../telegram/query.ts";
import { type Directory, findSelf, resolveChat } from "../telegram/resolve.ts";
import { senderById } from "../telegram/senders.ts";
import type { Job, Plan, Position, Segment, Target } from "./job.ts";
import { createTally } from "./tally.ts";

/** Asks Telegram where each history ends now. A chat that cannot be read is one that was lost. */
export async function makePlan(
  directory: Directory,
  { query: { type }, targets }: Pick<Job, "query" | "targets">,
  begun: string,
): Promise<{ readonly plan: Plan; readonly position: Position }> {
  const { id: self } = await findSelf(directory);
  const segments: Segment[] = [];
  let estimated: number | undefined = 0;
  for (const target of targets) {
    try {
      for (const part of await partsOfTarget(directory, target, type)) {
        const { last } = await historyEnds(directory.call, part.chat, directory.options);
        const count = await countMessages(directory.call, part, directory.options);
        estimated = estimated === undefined || count === undefined ? undefined : estimated + count;
        segments.push(segmentOf(target, part, last?.id ?? 0));
      }
    } catch (error) {
      if (!isOfOneChat(error, targets)) throw error;
      const { former: _, migratedTo: __, ...rest } = target;
      segments.push({ ...rest, upTo: 0, lost: error.message });
    }
  }
  const plan = { self, begun, segments, ...(estimated === undefined ? {} : { estimated }) };
  return { plan, position: beginningOf(plan) };
}

/** Where whoever has nothing of a plan begins. */
export function beginningOf({ segments }: Plan): Position {
  const lost = segments.flatMap(({ lost }, segment) => lost === undefined ? [] : [{ segment, reason: lost }]);
  return { segment: 0, bytes: 0, written: 0, tally: createTally(segments).snapshot(), lost };
}

/** The chat of a segment, by the name that it had when the export began, and whose messages are wanted. */
export async function findSegment(
  directory: Directory,
  { id, kind, title, username, sender }: Segment,
): Promise<{ readonly chat: Peer; readonly sender?: Peer }> {
  const { peer } = await resolveChat(directory, id);
  return {
    chat: { ...peer, kind, title, username },
    ...(sender === undefined ? {} : { sender: senderById(directory, sender) }),
  };
}

/** Whether an error is about one of several chats, without which the others are still worth having. */
export function isOfOneChat(error: unknown, targets: readonly Target[]): error is AppError {
  return targets.length > 1 && error instanceof AppError && OF_A_CHAT.has(error.code);
}

const OF_A_CHAT: ReadonlySet<string> = new Set(["CHANNEL_PRIVATE", "CHAT_NOT_FOUND", "ACCESS_DENIED", "UNSUPPORTED"]);

async function partsOfTarget(
  directory: Directory,
  { id, former, range, topic, sender }: Target,
  type: HistoryQuery["type"],
): Promise<HistoryQuery[]> {
  const { peer: chat } = await resolveChat(directory, id);
  return partsOf({
    chat,
    former: former === undefined ? undefined : directory.peers.get(former),
    direction: "oldest_first",
    ...(range.from === undefined && range.to === undefined ? {} : { range }),
    topic,
    sender: sender === undefined ? undefined : senderById(directory, sender),
    type,
  });
}

function segmentOf({ topic, sender }: Target, { chat, range = {} }: HistoryQuery, upTo: number): Segment {
  const { id, kind, title, username } = chat;
  return {
    id,
    kind,
    title,
    ...(username === undefined ? {} : { username }),
    range,
    ...(topic === undefined ? {} : { topic }),
    ...(sender === undefined ? {} : { sender }),
    upTo,
  };
}
