/**
 * The tool list_topics.
 * @module
 */
import * as z from "zod";
import { rfc3339 } from "../../telegram/map/message.ts";
import { resolveChat } from "../../telegram/resolve.ts";
import { assertForum, listTopics, type Topic } from "../../telegram/topics.ts";
import { disagrees } from "../cursor.ts";
import { neutralized } from "../../model/neutralize.ts";
import { openDirectory, type Sources } from "../reading.ts";
import { defineTool, READS_TELEGRAM, type Tool, type ToolContext } from "../registry.ts";
import { wordsMatcher } from "../words.ts";
import { chatArgument, explainLimit, limitArgument } from "./input.ts";

const NAME = "list_topics";

const output = z.object({
  count: z.int(),
  total: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).optional(),
  neutralized,
  topics: z.array(z.object({
    id: z.string(),
    title: z.string(),
    closed: z.literal(true).optional(),
    pinned: z.literal(true).optional(),
    hidden: z.literal(true).optional(),
    unread: z.int().optional(),
    last: z.iso.datetime(),
  })),
});

const envelope = z.looseObject({
  count: z.int(),
  total: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  topics: z.array(z.unknown()),
});

const positionSchema = z.object({
  chat: z.string(),
  query: z.string().optional(),
  /** The last topic shown: unix seconds and id. */
  after: z.object({ date: z.int(), id: z.int() }),
});

interface Arguments {
  readonly chat: string;
  readonly query?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Builds the tool. */
export function listTopicsTool(sources: Sources): Tool {
  return defineTool({
    name: NAME,
    title: "List a forum's topics",
    description:
      'A forum\'s topics: id, title, closed, unread, last date. Not needed when you know the title. Example: {"chat":"@sandbox_forum"}',
    scope: "read",
    hints: READS_TELEGRAM,
    input: z.strictObject({
      chat: chatArgument,
      query: z.string().max(200).describe("words of the title").optional(),
      limit: limitArgument(sources.maxPageSize, 50),
      cursor: z.string().max(8000).optional(),
    }),
    output,
    envelope,
    explain: explainLimit(NAME, sources.maxPageSize),
    run: (args, context) => run(sources, args, context),
  });
}

async function run(sources: Sources, args: Arguments, context: ToolContext): Promise<z.input<typeof output>> {
  const position = args.cursor === undefined
    ? undefined
    : sources.cursors.open(args.cursor, NAME, context.principal, positionSchema);
  if (position !== undefined && args.query !== undefined && args.query !== position.query) throw disagrees("query");
  const directory = openDirectory(sources, context);
  const { peer } = await resolveChat(directory, args.chat);
  if (position !== undefined && position.chat !== peer.id) throw disagrees("chat");
  const query = position?.query ?? args.query;
  assertForum(peer, "chat");
  const { topics, complete } = await listTopics(directory, peer);
  const matches = wordsMatcher(query);
  const chosen = topics.filter(({ title }) => matches(title));
  const rest = position === undefined ? chosen : chosen.filter((topic) => isBehind(topic, position.after));
  const page = rest.slice(0, args.limit);
  const last = page.at(-1);
  const hasMore = rest.length > page.length;
  const notes = [
    ...(complete ? [] : ["The forum has more topics than are looked at here; the oldest are missing."]),
    ...(chosen.length === 0 ? ["No topic matches query; leave it out to see all of them."] : []),
  ];
  const after = last && { date: last.lastDate, id: last.id };
  return {
    count: page.length,
    total: chosen.length,
    has_more: hasMore,
    ...(hasMore && after !== undefined
      ? { next_cursor: sources.cursors.seal(NAME, context.principal, { chat: peer.id, query, after }) }
      : {}),
    ...(notes.length === 0 ? {} : { notes }),
    topics: page.map(entry),
  };
}

/** The order of the list, against a place that may have moved since. */
function isBehind(topic: Topic, after: { readonly date: number; readonly id: number }): boolean {
  return topic.lastDate < after.date || (topic.lastDate === after.date && topic.id < after.id);
}

function entry(topic: Topic): z.input<typeof output>["topics"][number] {
  return {
    id: String(topic.id),
    title: topic.title,
    ...(topic.closed ? { closed: true } : {}),
    ...(topic.pinned ? { pinned: true } : {}),
    ...(topic.hidden ? { hidden: true } : {}),
    ...(topic.unread === 0 ? {} : { unread: topic.unread }),
    last: rfc3339(topic.lastDate),
  };
}
