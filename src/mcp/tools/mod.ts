/**
 * All tools, in the order in which clients list them.
 * @module
 */
import type { Sources } from "../reading.ts";
import type { Tool } from "../registry.ts";
import { cancelExport } from "./cancel_export.ts";
import { chatStats } from "./chat_stats.ts";
import { fetchHistory } from "./fetch_history.ts";
import { getExport } from "./get_export.ts";
import { getMessages } from "./get_messages.ts";
import { getMedia } from "./get_media.ts";
import { listChats } from "./list_chats.ts";
import { listExports } from "./list_exports.ts";
import { listTopicsTool } from "./list_topics.ts";
import { resolveChatTool } from "./resolve_chat.ts";
import { searchMessages } from "./search_messages.ts";
import { startExport } from "./start_export.ts";

/** Builds every tool. */
export function createTools(sources: Sources): Tool[] {
  return [
    listChats(sources),
    resolveChatTool(sources),
    fetchHistory(sources),
    searchMessages(sources),
    getMessages(sources),
    listTopicsTool(sources),
    chatStats(sources),
    getMedia(sources),
    startExport(sources),
    getExport(sources),
    listExports(sources),
    cancelExport(sources),
  ];
}
