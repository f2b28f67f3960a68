/**
 * The tool resolve_chat.
 * @module
 */
import * as z from "zod";
import { chatHeadSchema } from "../../model/chat.ts";
import { chatDetails, type HistoryEnd, historyEnds } from "../../telegram/chats.ts";
import { rfc3339 } from "../../telegram/map/message.ts";
import { readMessages } from "../../telegram/messages.ts";
import type { Target } from "../../telegram/reference.ts";
import { findSelf, resolveChat } from "../../telegram/resolve.ts";
import { countTopics, withTopic } from "../../telegram/topics.ts";
import { neutralized } from "../../model/neutralize.ts";
import { chatHead } from "../page.ts";
import { openDirectory, type Sources } from "../reading.ts";
import { defineTool, READS_TELEGRAM, type Tool, type ToolContext } from "../registry.ts";
import { chatArgument } from "./input.ts";

const endSchema = z.object({ id: z.int(), date: z.iso.datetime() });

const output = z.object({
  chat: chatHeadSchema.omit({ protected: true }).extend({
    about: z.string().optional(),
    members: z.int().optional(),
    messages: z.int().optional(),
    first: endSchema.optional(),
    last: endSchema.optional(),
    discussion: z.object({ id: z.string(), title: z.string().optional() }).optional(),
    topics: z.int().optional(),
    migrated_from: z.string().optional(),
    protected: z.literal(true).optional(),
    joined: z.boolean(),
  }),
  matched_by: z.enum(["id", "username", "link", "invite", "title", "me"]),
  target: z.object({
    message: z.int().optional(),
    topic: z.int().optional(),
    comment: z.object({ chat: z.string(), id: z.int() }).optional(),
    single: z.literal(true).optional(),
  }).optional(),
  notes: z.array(z.string()).optional(),
  neutralized,
});

const envelope = z.looseObject({ chat: z.looseObject({ id: z.string() }), matched_by: z.string() });

type Output = z.input<typeof output>;

/** Builds the tool. */
export function resolveChatTool(sources: Sources): Tool {
  return defineTool({
    name: "resolve_chat",
    title: "Look up one chat",
    description:
      'One chat in detail: about, members, message count, first and last message, discussion group, topics; for a message link, what it points to. Not needed before other tools. Example: {"chat":"https://t.me/c/2000000003/12/345"}',
    scope: "read",
    hints: READS_TELEGRAM,
    input: z.strictObject({ chat: chatArgument }),
    output,
    envelope,
    run: (args, context) => run(sources, args.chat, context),
  });
}

async function run(sources: Sources, name: string, context: ToolContext): Promise<Output> {
  const directory = openDirectory(sources, context);
  await findSelf(directory);
  const resolved = await resolveChat(directory, name);
  const { matchedBy } = resolved;
  const details = await chatDetails(directory.call, resolved.peer, directory.options);
  // That answer has told the chat anew.
  const peer = directory.peers.get(resolved.peer.id) ?? resolved.peer;
  const ends = await historyEnds(directory.call, peer, directory.options);
  const topics = peer.kind === "forum" ? await countTopics(directory, peer) : undefined;
  const pointed = resolved.target?.message === undefined
    ? undefined
    : (await readMessages(directory, peer, [resolved.target.message]))[0];
  const target = await withTopic(directory, resolved, pointed?.message);
  const { protected: isProtected, ...head } = chatHead(peer);
  const members = details.members ?? peer.members;
  const discussion = details.discussion === undefined ? undefined : directory.peers.get(details.discussion);
  const notes: string[] = [];
  if (peer.migratedTo !== undefined) {
    notes.push(`This group became the supergroup ${peer.migratedTo}; its newer messages are there.`);
  }
  const comments = peer.kind === "channel" ? details.discussion : undefined;
  if (target?.comment !== undefined && comments === undefined) {
    notes.push("The link points to a comment, but the chat has no discussion group to find it in.");
  }
  if (target?.message !== undefined && pointed === undefined) {
    notes.push(`The chat has no message ${target.message}, or not any more.`);
  }
  return {
    chat: {
      ...head,
      ...(details.about === undefined ? {} : { about: details.about }),
      ...(members === undefined ? {} : { members }),
      ...(ends.messages === undefined ? {} : { messages: ends.messages }),
      ...(ends.first === undefined ? {} : { first: showEnd(ends.first) }),
      ...(ends.last === undefined ? {} : { last: showEnd(ends.last) }),
      ...(details.discussion === undefined ? {} : {
        discussion: { id: details.discussion, ...(discussion ? { title: discussion.title } : {}) },
      }),
      ...(topics === undefined ? {} : { topics }),
      ...(details.migratedFrom === undefined ? {} : { migrated_from: details.migratedFrom }),
      ...(isProtected ? { protected: isProtected } : {}),
      joined: !peer.left,
    },
    matched_by: matchedBy,
    ...targetOf(target, comments),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

function showEnd(end: HistoryEnd): { id: number; date: string } {
  return { id: end.id, date: rfc3339(end.date) };
}

function targetOf(target: Target | undefined, discussion: string | undefined): Pick<Output, "target"> {
  if (target === undefined) return {};
  const { message, topic, comment, single } = target;
  return {
    target: {
      ...(message === undefined ? {} : { message }),
      ...(topic === undefined ? {} : { topic }),
      ...(comment === undefined || discussion === undefined ? {} : { comment: { chat: discussion, id: comment } }),
      ...(single ? { single } : {}),
    },
  };
}
