/**
 * An export that continues another one, a delta: of everything that Telegram has now, what came, was edited or was deleted since.
 * @module
 */
import type { Deletion } from "../model/deletion.ts";
import type { Message } from "../model/message.ts";
import { contentOf, isEdited } from "./delta_content.ts";
import { type DeltaIndex, indexPath, type Known, type KnownMessages, openIndex } from "./delta_index.ts";
import type { Job, Plan, Position } from "./job.ts";
import { beginningOf } from "./segments.ts";
import type { Lines } from "./ndjson.ts";
import type { Page } from "./tally.ts";

/** Lines of a delta: deletions are among them. */
export type DeltaLines = Lines & Pick<Page, "deletions">;

/** What messages are held against, and how. */
export interface Comparison {
  readonly chat: string;
  /** What the earlier export had, behind where the lines begin. */
  readonly known: KnownMessages;
  /** Up to this id it was complete. */
  readonly since: number;
  /** RFC 3339. */
  readonly detectedAt: string;
  /** Asks Telegram for messages that the lines do not name and should: those there are, and the ids that it has none of. */
  readonly lookUp: (
    ids: readonly number[],
  ) => Promise<{ readonly found: readonly Message[]; readonly missing: readonly number[] }>;
}

/** Messages that are compared at once; Telegram tells of as many by their ids. */
const BATCH = 100;

/** The index that a job continues; undefined when it continues none. See {@link openIndex} for what it throws. */
export async function openBase(
  { query: { delta_of } }: Pick<Job, "query">,
  indexes: string,
  signal: AbortSignal,
): Promise<DeltaIndex | undefined> {
  return delta_of === undefined ? undefined : await openIndex(indexPath(indexes, delta_of), signal);
}

/**
 * A plan for the whole of the chats as that of a delta. It goes as far as the earlier export did, too, when the newest messages
 * are gone; how many it will have nobody can tell.
 */
export function planDelta(
  { plan }: { readonly plan: Plan },
  base: Pick<DeltaIndex, "sections">,
): { readonly plan: Plan; readonly position: Position } {
  const segments = plan.segments.map((segment) => {
    const since = base.sections.find(({ chat }) => chat === segment.id)?.upTo ?? 0;
    return { ...segment, since, upTo: Math.max(segment.upTo, since) };
  });
  const { estimated: _, ...rest } = plan;
  const whole = { ...rest, segments };
  return { plan: whole, position: beginningOf(whole) };
}

/** Keeps of a history's lines what is not as the earlier export had it. Any of them is a place to go on from. */
export async function* changesOf(lines: AsyncIterable<Lines>, comparison: Comparison): AsyncGenerator<DeltaLines> {
  const { known } = comparison;
  for await (const page of lines) {
    let rest = page;
    for (;;) {
      const before = await known.take(page.reached, BATCH);
      const end = before.length < BATCH ? page.reached : before.at(-1)?.id ?? page.reached;
      yield await compare(upTo(rest, end), before, comparison);
      if (before.length < BATCH) break;
      rest = behind(rest, end);
    }
  }
  // A search ends with the last match: what else the earlier export had comes behind it.
  for (;;) {
    const before = await known.take(Infinity, BATCH);
    const reached = before.at(-1)?.id;
    if (reached === undefined) return;
    yield await compare({ text: "", kept: [], looked: [], reached }, before, comparison);
  }
}

/** @param before what the earlier export had of the page's span */
async function compare(page: Lines, before: readonly Known[], comparison: Comparison): Promise<DeltaLines> {
  const { chat, since, detectedAt, lookUp } = comparison;
  const known = new Map(before.map((each) => [each.id, each]));
  const isChanged = (message: Message): boolean => {
    const earlier = known.get(message.id);
    return earlier === undefined || isEdited(earlier, contentOf(message));
  };
  const [kept, looked] = [idsOf(page.kept), idsOf(page.looked)];
  const unnamed = before.map(({ id }) => id).filter((id) => !kept.has(id));
  const gone = unnamed.filter((id) => isCovered(page, id) && !looked.has(id));
  const doubtful = unnamed.filter((id) => !isCovered(page, id) || looked.has(id));
  const { found, missing } = doubtful.length === 0 ? { found: [], missing: [] } : await lookUp(doubtful);
  const written = [...page.kept, ...found].filter(isChanged).sort(byId);
  const deletions = [...gone, ...missing].sort((a, b) => a - b).map((id): Deletion => ({
    schema: "deletion/1",
    chat_id: chat,
    id,
    detected_at: detectedAt,
    verdict: "deleted_after_seen",
  }));
  const edited = written.filter(({ id }) => id <= since).map(({ id }) => ({ id, verdict: "kept" as const }));
  return {
    ...page,
    text: [...written, ...deletions].sort(byId).map((record) => `${JSON.stringify(record)}\n`).join(""),
    kept: written,
    looked: [...edited, ...page.looked.filter(({ id }) => id > since)],
    deletions,
  };
}

function isCovered({ from, to }: Lines, id: number): boolean {
  return from !== undefined && to !== undefined && from <= id && id <= to;
}

/** The part of a page up to an id. Its text is left as it is: that of a delta is made of the messages. */
function upTo(page: Lines, end: number): Lines {
  const isIn = ({ id }: { readonly id: number }): boolean => id <= end;
  const { to } = page;
  const [kept, looked] = [page.kept.filter(isIn), page.looked.filter(isIn)];
  return { ...page, kept, looked, ...(to === undefined ? {} : { to: Math.min(to, end) }), reached: end };
}

function behind(page: Lines, begin: number): Lines {
  const isIn = ({ id }: { readonly id: number }): boolean => id > begin;
  const { from } = page;
  const [kept, looked] = [page.kept.filter(isIn), page.looked.filter(isIn)];
  return { ...page, kept, looked, ...(from === undefined ? {} : { from: Math.max(from, begin + 1) }) };
}

function idsOf(messages: readonly { readonly id: number }[]): ReadonlySet<number> {
  return new Set(messages.map(({ id }) => id));
}

function byId(a: { readonly id: number }, b: { readonly id: number }): number {
  return a.id - b.id;
}
