/**
 * The tool fetch_history.
 * @module
 */
import * as z from "zod";
import { pageEnvelope, pageSchema } from "../page.ts";
import type { Sources } from "../reading.ts";
import { defineTool, READS_TELEGRAM, type Tool } from "../registry.ts";
import { readChatPage } from "./chat_page.ts";
import { chatArgument, explainLimit, limitArgument, pagingArguments } from "./input.ts";
import { filterArguments, historyArguments, positionSchema } from "./position.ts";
import { suggestExport } from "./suggest_export.ts";

const NAME = "fetch_history";

/** Builds the tool. */
export function fetchHistory(sources: Sources): Tool {
  return defineTool({
    name: NAME,
    title: "Read a chat's history",
    description:
      'Read one chat page by page, by date, topic, sender or type; nothing gets marked as read. Use to catch up or go through a period. To find words use search_messages, to count or rank chat_stats, for over 500 messages start_export. Example, all March: {"chat":"@sandbox_news","from":"2025-03-01T00:00:00Z","to":"2025-04-01T00:00:00Z"}',
    scope: "read",
    hints: READS_TELEGRAM,
    usedFirst: true,
    input: z.strictObject({
      chat: chatArgument,
      ...filterArguments,
      ...historyArguments,
      limit: limitArgument(sources.maxPageSize, 50),
      ...pagingArguments,
    }),
    output: pageSchema,
    envelope: pageEnvelope,
    messagesIn: ({ count }) => count,
    explain: explainLimit(NAME, sources.maxPageSize, undefined, (args) => suggestExport(args["chat"], args)),
    run: async (args, context) => {
      const position = args.cursor === undefined
        ? undefined
        : sources.cursors.open(args.cursor, NAME, context.principal, positionSchema);
      return await readChatPage(sources, context, NAME, args, position);
    },
  });
}
