/**
 * Telegram's methods over the world: those that read, and signing in. What changes anything, read marks
 * included, is not here.
 * @module
 */
import type { Methods } from "../rpc.ts";
import type { World } from "../world/mod.ts";
import { createAnswers } from "./answers.ts";
import { checkChatInvite, getChannels, getChats } from "./chats.ts";
import { createFiles, type Files } from "./files.ts";
import { getDialogFilters, getDialogs, getPeerDialogs, getPinnedDialogs } from "./dialogs.ts";
import { getFullChannel, getFullChat, getFullUser, type Pinned } from "./full.ts";
import { getFile } from "./get_file.ts";
import { getForumTopics, getForumTopicsById } from "./get_forum_topics.ts";
import { getHistory } from "./get_history.ts";
import { getChannelMessages, getMessages } from "./get_messages.ts";
import { getParticipants } from "./get_participants.ts";
import { getDiscussionMessage, getReplies } from "./get_replies.ts";
import { getUnreadMentions } from "./get_unread_mentions.ts";
import { createLogin, type Login } from "./login/mod.ts";
import { createMatches } from "./matches.ts";
import { resolveUsername } from "./resolve_username.ts";
import { getSearchCounters, search } from "./search.ts";
import { searchGlobal } from "./search_global.ts";
import { getSearchResultsCalendar, getSearchResultsPositions } from "./search_results.ts";
import { getContacts, getUsers } from "./users.ts";

/** Creates the methods over a world, its files and the ways to sign in, by class name. */
export function createMethods(
  world: World,
  files: Files = createFiles(),
  login: Login = createLogin(world),
): Methods {
  const answers = createAnswers(world, files);
  const matches = createMatches(world);
  const pinned: Pinned = (chatId) => matches(chatId, { filter: "Pinned" });
  return Object.fromEntries([
    ...login.methods,
    getHistory(answers),
    search(answers, matches),
    getSearchCounters(answers, matches),
    getSearchResultsCalendar(answers, matches),
    getSearchResultsPositions(answers, matches),
    searchGlobal(answers, matches),
    getReplies(answers),
    getDiscussionMessage(answers),
    getUnreadMentions(answers, matches),
    getForumTopics(answers),
    getForumTopicsById(answers),
    getMessages(answers),
    getChannelMessages(answers, pinned),
    getDialogs(answers),
    getPinnedDialogs(answers),
    getPeerDialogs(answers),
    getDialogFilters(answers),
    resolveUsername(answers),
    getChannels(answers),
    getChats(answers),
    checkChatInvite(answers),
    getFullChannel(answers, pinned),
    getFullChat(answers, pinned),
    getFullUser(answers, pinned),
    getUsers(answers),
    getContacts(answers),
    getParticipants(answers),
    getFile(files),
  ]);
}
