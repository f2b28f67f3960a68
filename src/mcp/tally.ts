/**
 * What messages come to when they are counted, and how that is shown.
 * @module
 */
import type { Peer } from "../telegram/map/peer.ts";
import { addTo, type Grouping, keysOf, largest, ranked, type Ranking } from "../telegram/stats.ts";
import type { Topic } from "../telegram/topics.ts";
import { labelSenders } from "./labels.ts";
import { buildPage, type Page } from "./page.ts";
import type { Scanned } from "./scan.ts";

/** Characters that the messages of an answer take. */
const BUDGET = 32_000;

/** What was counted so far. */
export interface Tally {
  /** Adds messages; newest first. */
  readonly add: (messages: readonly Scanned[]) => void;
  /** How many messages were added. */
  readonly total: () => number;
  /** By key; without a grouping nothing. */
  readonly counts: ReadonlyMap<string, number>;
  /** By sender, the newest message; only when they are counted by sender. */
  readonly samples: ReadonlyMap<string, Scanned>;
  /** The messages that have most, best first; without a ranking none. */
  readonly best: () => readonly Scanned[];
}

/** The part of an answer that is shown, in the order of its keys, and what is to be said of it. */
export interface Shown {
  readonly body: {
    readonly groups?: [key: string, count: number][];
  } & Partial<Pick<Page, "senders" | "columns" | "messages">>;
  readonly notes: readonly string[];
}

/** An empty tally, in memory that does not grow with the messages. */
export function createTally({ grouping, top, tz, limit }: {
  readonly grouping?: Grouping | undefined;
  readonly top?: Ranking | undefined;
  /** IANA time zone of the days. */
  readonly tz: string;
  /** How many of the best are kept. */
  readonly limit: number;
}): Tally {
  const keys = grouping === undefined ? undefined : keysOf(grouping, tz);
  const counts = new Map<string, number>();
  const samples = new Map<string, Scanned>();
  let total = 0;
  let best: readonly Scanned[] = [];
  return {
    add: (messages) => {
      total += messages.length;
      if (top !== undefined) best = ranked([...best, ...messages], top, limit);
      if (keys === undefined) return;
      for (const each of messages) {
        const found = keys(each);
        addTo(counts, found);
        const [[sender] = [""]] = found;
        if (grouping === "sender" && !samples.has(sender)) samples.set(sender, each);
      }
    },
    total: () => total,
    counts,
    samples,
    best: () => best,
  };
}

/** What the counts of a grouping are of, where that is not plain. */
const MEANING: Readonly<Partial<Record<Grouping, string>>> = {
  week: "A week is named by its Monday.",
  type: "A message counts for each of its types, so they add up to more than total.",
  topic: "The message that creates a topic counts for it; as a filter, topic leaves it out.",
  reaction: "Counts are of reactions, not of messages.",
  hashtag: "A message counts once for each of its hashtags.",
  domain: "A message counts once for each domain that it links to.",
};

/**
 * The largest groups under the names that a reader knows: labels of senders, titles of topics.
 * @param topics those of the forum, when it is counted by them
 */
export function nameGroups(
  { counts, samples }: Tally,
  { grouping, self, limit, topics }: {
    readonly grouping: Grouping;
    readonly self: string;
    readonly limit: number;
    readonly topics: readonly Topic[];
  },
): Shown {
  const groups = largest(counts, grouping, limit);
  if (groups.length === 0) return { body: { groups }, notes: [`None of these messages has a ${grouping}.`] };
  const labels = grouping === "sender"
    ? labelSenders(groups.flatMap(([key]) => samples.get(key) ?? []), self)
    : undefined;
  const titles = titlesOf(topics);
  const nameOf = (key: string): string => {
    if (labels !== undefined) return labels.get(key)?.label ?? "";
    return grouping === "topic" ? titles.get(key) ?? `#${key}` : key;
  };
  const named = groups.map(([key, count]): [string, number] => [nameOf(key), count]);
  const hidden = counts.size - groups.length;
  const least = Math.min(...groups.map(([, count]) => count));
  return {
    body: {
      groups: named,
      ...(labels === undefined
        ? {}
        : { senders: Object.fromEntries([...labels.values()].map(({ label, who }) => [label, who])) }),
    },
    notes: [
      ...(MEANING[grouping] === undefined ? [] : [MEANING[grouping]]),
      ...(named.some(([name]) => name === "") ? ['"" is the chat itself.'] : []),
      ...(hidden === 0
        ? []
        : [`${hidden} more groups, of at most ${least} each, are not shown; raise limit or narrow the range.`]),
    ],
  };
}

/** Titles of topics by id; those that two share are told apart by it. */
function titlesOf(topics: readonly Topic[]): ReadonlyMap<string, string> {
  const uses = Map.groupBy(topics, ({ title }) => title);
  return new Map(topics.map(({ id, title }) => [String(id), uses.get(title)?.length === 1 ? title : `${title}#${id}`]));
}

/** The best messages, best first, in the form of a page. */
export function showBest(
  chat: Peer,
  tally: Tally,
  { top, self }: { readonly top: Ranking; readonly self: string },
): Shown {
  const entries = tally.best();
  const { senders, columns, messages, count } = buildPage({
    chat,
    entries,
    hasMore: false,
    notes: [],
    self,
    fields: "compact",
    maxChars: BUDGET,
    cursorAfter: () => "",
  });
  const notes = entries.length === 0
    ? [`None of these messages has ${top}.`]
    : count < entries.length
    ? [`Only the best ${count} fit into the answer; fetch_history reads the rest.`]
    : [];
  return { body: { ...(senders === undefined ? {} : { senders }), columns, messages }, notes };
}
