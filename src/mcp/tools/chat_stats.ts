/**
 * The tool chat_stats.
 * @module
 */
import * as z from "zod";
import { AppError } from "../../errors.ts";
import { chatHeadSchema } from "../../model/chat.ts";
import { countMessages } from "../../telegram/count.ts";
import { formatPoint, readRange } from "../../telegram/dates.ts";
import { type HistoryQuery, isFilteredHere, partsOf } from "../../telegram/query.ts";
import { findSelf, isStillNamed, resolveChat } from "../../telegram/resolve.ts";
import { type Grouping, groupingSchema, type Ranking, rankingSchema } from "../../telegram/stats.ts";
import { assertForum, listTopics } from "../../telegram/topics.ts";
import { neutralized } from "../../model/neutralize.ts";
import { chatHead, pageSchema } from "../page.ts";
import { openDirectory, type Sources } from "../reading.ts";
import { defineTool, READS_TELEGRAM, type Tool, type ToolContext } from "../registry.ts";
import { type Coverage, MOST_SCANNED, MOST_SECONDS, scan } from "../scan.ts";
import { createTally, nameGroups, showBest } from "../tally.ts";
import { pauseOf } from "../walk.ts";
import { chatNotes, emptiness, toQuery } from "./chat_query.ts";
import { chatArgument, explainLimit, limitArgument } from "./input.ts";
import { filterArguments, type Filters } from "./position.ts";

const NAME = "chat_stats";
/** Progress is told about every so many messages. */
const PROGRESS_EVERY = 1000;

const { senders, columns, messages } = pageSchema.shape;

/** `range` is what was counted, absent ends those of the chat; `total` counts messages, whatever the groups count. */
const output = z.object({
  chat: chatHeadSchema,
  range: z.object({ from: z.string().optional(), to: z.string().optional() }),
  total: z.int(),
  complete: z.boolean(),
  notes: z.array(z.string()).optional(),
  neutralized,
  groups: z.array(z.tuple([z.string(), z.int()])).optional(),
  senders,
  columns,
  messages: messages.optional(),
});

/** A plain number: a whole one advertises its bounds. */
const envelope = z.looseObject({ total: z.number(), complete: z.boolean() });

/** Builds the tool. */
export function chatStats(sources: Sources): Tool {
  return defineTool({
    name: NAME,
    title: "Count a chat's messages",
    description:
      'Numbers instead of messages: how many, who most, when, which most viewed. Exact unless complete is false. Example: {"chat":"@sandbox_group","from":"30d","group_by":"sender"}',
    scope: "read",
    hints: READS_TELEGRAM,
    input: z.strictObject({
      chat: chatArgument,
      ...filterArguments,
      tz: filterArguments.tz.describe("IANA zone of days, from and to"),
      group_by: groupingSchema.optional(),
      top: rankingSchema.optional(),
      limit: limitArgument(sources.maxPageSize, 20),
    }),
    output,
    envelope,
    messagesIn: ({ messages }) => messages?.reduce((sum, each) => sum + ("rows" in each ? each.rows.length : 1), 0),
    explain: explainLimit(NAME, sources.maxPageSize, "; the largest groups and the best messages are shown"),
    run: (args, context) => run(sources, args, context),
  });
}

interface Arguments extends Pick<Filters, "from" | "to" | "tz" | "topic" | "sender" | "type"> {
  readonly chat: string;
  readonly group_by?: Grouping | undefined;
  readonly top?: Ranking | undefined;
  readonly limit: number;
}

async function run(
  sources: Sources,
  args: Arguments,
  context: ToolContext,
  isAgain = false,
): Promise<z.input<typeof output>> {
  const { group_by: grouping, top, tz = "UTC", limit } = args;
  if (grouping !== undefined && top !== undefined) throw TWO_QUESTIONS;
  const directory = openDirectory(sources, context);
  const range = readRange(args, Math.floor(sources.now() / 1000));
  const { id: self } = await findSelf(directory);
  const resolved = await resolveChat(directory, args.chat);
  if (grouping === "topic") assertForum(resolved.peer, "group_by");
  const { topics } = grouping === "topic" ? await listTopics(directory, resolved.peer) : { topics: [] };
  const query = await toQuery(directory, resolved, args, range);
  const isPlain = grouping === undefined && top === undefined;
  const tally = createTally({ grouping, top, tz, limit });
  const counted = isPlain ? await countMessages(directory.call, query, directory.options) : undefined;
  const coverage: Coverage = counted === undefined
    ? await scan(directory, query, {
      self,
      now: sources.now,
      onProgress: progressOf(context),
      onMessages: tally.add,
    })
    : {};
  // The name has moved to another chat since it was learnt: what it means now is asked anew.
  if (!isAgain && !isStillNamed(directory, resolved)) return await run(sources, args, context, true);
  const total = counted ?? tally.total();
  const shown = grouping !== undefined
    ? nameGroups(tally, { grouping, self, limit, topics })
    : top !== undefined
    ? showBest(query.chat, tally, { top, self })
    : { body: {}, notes: [] };
  const from = coverage.from === undefined ? range.from : { seconds: coverage.from };
  const notes = [
    ...await chatNotes(directory, resolved),
    ...formerNote(query, top),
    ...coverageNotes(coverage, isPlain || isFilteredHere(query)),
    ...(total > 0 ? shown.notes : coverage.stopped === undefined ? [emptiness(query)] : []),
  ];
  return {
    chat: chatHead(directory.peers.get(query.chat.id) ?? query.chat),
    range: {
      ...(from === undefined ? {} : { from: formatPoint(from) }),
      ...(range.to === undefined ? {} : { to: formatPoint(range.to) }),
    },
    total,
    complete: coverage.stopped === undefined,
    ...(notes.length === 0 ? {} : { notes }),
    ...shown.body,
  };
}

const TWO_QUESTIONS = new AppError("INPUT_VALIDATION", "top: it cannot be sent with group_by.", {
  field: "top",
  hint: "Ask twice: once with group_by, once with top.",
});

function progressOf({ progress }: ToolContext): (scanned: number) => void {
  let told = 0;
  return (scanned) => {
    if (scanned - told < PROGRESS_EVERY) return;
    told = scanned;
    progress(`Looked at ${scanned} messages`, scanned, MOST_SCANNED);
  };
}

function formerNote(query: HistoryQuery, top: Ranking | undefined): string[] {
  const isRead = query.former !== undefined && partsOf(query).length > 1;
  const shown = top === undefined ? "" : "; where shown, their last element has chat";
  return isRead ? [`Messages from before this supergroup was ${query.former?.id} count too${shown}.`] : [];
}

/** @param onlyByReading whether there is no way to have the same counted by Telegram */
function coverageNotes({ stopped, from }: Coverage, onlyByReading: boolean): string[] {
  if (stopped === undefined) return [];
  const why = stopped === "scan"
    ? `Looks at ${MOST_SCANNED} messages a call`
    : stopped === "time"
    ? `Looks for ${MOST_SECONDS} s a call`
    : `${pauseOf(stopped)} (${stopped.retryAfter} s)`;
  const end = from === undefined ? "" : formatPoint({ seconds: from });
  return [
    `${why}, newest messages first: counted are those since ${end}; the same call with to:"${end}" counts those before.`,
    ...(onlyByReading ? [] : ["Without group_by and top, total is exact for any range."]),
  ];
}
