/**
 * The tool search_messages.
 * @module
 */
import * as z from "zod";
import { AppError } from "../../errors.ts";
import { chatMissing } from "../../telegram/restrict_request.ts";
import { pageEnvelope, pageSchema } from "../page.ts";
import type { Sources } from "../reading.ts";
import { defineTool, READS_TELEGRAM, type Tool } from "../registry.ts";
import { readChatPage } from "./chat_page.ts";
import { chatArgument, explainLimit, limitArgument, pagingArguments } from "./input.ts";
import { filterArguments, positionSchema, searchArguments } from "./position.ts";
import { allPositionSchema, searchAllChats } from "./search_all_chats.ts";
import { suggestExport } from "./suggest_export.ts";

const NAME = "search_messages";

/** Builds the tool. */
export function searchMessages(sources: Sources): Tool {
  return defineTool({
    name: NAME,
    title: "Search messages",
    description:
      'Find messages by words, newest first, in one chat or, without chat, in all. Telegram\'s word search: no operators, no substrings; try synonyms as separate calls. query may be left out if chat and type or sender are given. total counts the matches. Example: {"query":"invoice","chat":"@sandbox_group","sender":"me"}',
    scope: "read",
    hints: READS_TELEGRAM,
    usedFirst: true,
    input: z.strictObject({
      ...searchArguments,
      chat: chatArgument.optional(),
      ...filterArguments,
      limit: limitArgument(sources.maxPageSize, 20),
      ...pagingArguments,
    }),
    output: pageSchema,
    envelope: pageEnvelope,
    messagesIn: ({ count }) => count,
    explain: explainLimit(NAME, sources.maxPageSize, undefined, (args) => suggestExport(args["chat"], args)),
    run: async (args, context) => {
      const position = args.cursor === undefined
        ? undefined
        : sources.cursors.open(args.cursor, NAME, context.principal, z.union([positionSchema, allPositionSchema]));
      if (position !== undefined && "offset" in position) {
        return await searchAllChats(sources, context, NAME, args, position);
      }
      const chat = args.chat ?? position?.chat;
      if (chat === undefined && context.principal.chats !== undefined) throw chatMissing();
      if (chat === undefined) return await searchAllChats(sources, context, NAME, args);
      if (position === undefined) assertSearchable(args);
      return await readChatPage(sources, context, NAME, { ...args, chat }, position);
    },
  });
}

function assertSearchable(args: z.infer<z.ZodObject<typeof searchArguments & typeof filterArguments>>): void {
  if (args.chat_kind !== undefined) {
    throw new AppError("INPUT_VALIDATION", "chat_kind: it chooses among all chats, and one chat is given.", {
      field: "chat_kind",
      hint: "Leave chat_kind or chat out.",
    });
  }
  if (args.query?.trim() || args.type !== undefined || args.sender !== undefined) return;
  throw new AppError("INPUT_VALIDATION", "query: there is nothing to look for.", {
    field: "query",
    hint: "Send words, or type or sender; to read the chat as it is use fetch_history.",
  });
}
