/**
 * The tool get_messages.
 * @module
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { AppError } from "../../errors.ts";
import { findSelf, resolveChat, type Resolved } from "../../telegram/resolve.ts";
import { disagrees } from "../cursor.ts";
import { namedPageSchema, type Page, pageEnvelope } from "../page.ts";
import { openDirectory, type Sources } from "../reading.ts";
import { defineTool, READS_TELEGRAM, type Tool, type ToolContext } from "../registry.ts";
import { chatArgument, explainLimit, limitArgument, messagesArgument, pagingArguments } from "./input.ts";
import { chatNeeded, type Named, readNames } from "./named_messages.ts";
import { readNamedPage } from "./named_page.ts";
import { readThreadPage } from "./thread_page.ts";

const NAME = "get_messages";

const surroundings = {
  context: z.int().min(0).max(20).optional().describe("on either side; 0 unless given"),
  chain: z.boolean().optional(),
  thread: z.boolean().optional().describe("of exactly one message"),
};

const shared = { messages: messagesArgument, chat: chatArgument.optional(), ...surroundings };

/** What a cursor holds: the arguments, the messages as a digest, and the last message shown. */
const positionSchema = z.object({
  messages: z.string(),
  chat: z.string().optional(),
  context: z.int(),
  chain: z.boolean(),
  thread: z.object({ topic: z.int(), answering: z.int().optional() }).optional(),
  after: z.object({ chat: z.string(), id: z.int() }),
});

const argumentsSchema = z.object({ ...shared, limit: z.int(), ...pagingArguments });

type Arguments = z.infer<typeof argumentsSchema>;
type Position = z.infer<typeof positionSchema>;
/** What is read around the messages. */
type Surroundings = Required<Pick<Arguments, keyof typeof surroundings>>;

/** Builds the tool. */
export function getMessages(sources: Sources): Tool {
  return defineTool({
    name: NAME,
    title: "Get known messages",
    description:
      'Known messages, whole, by id or link. context adds neighbours, chain what they answer, thread reads the replies or channel comments under one. Use after a search, for a pasted link, or for a shortened text. Example: {"messages":["https://t.me/sandbox_news/812"],"thread":true}',
    scope: "read",
    hints: READS_TELEGRAM,
    input: z.strictObject({ ...shared, limit: limitArgument(sources.maxPageSize, 50), ...pagingArguments }),
    output: namedPageSchema,
    envelope: pageEnvelope,
    messagesIn: ({ count }) => count,
    explain: explainLimit(NAME, sources.maxPageSize),
    run: (args, context) => run(sources, args, context),
  });
}

async function run(sources: Sources, args: Arguments, context: ToolContext): Promise<Page> {
  const position = args.cursor === undefined
    ? undefined
    : sources.cursors.open(args.cursor, NAME, context.principal, positionSchema);
  const names = readNames(args.messages);
  const wanted: Surroundings = {
    context: args.context ?? position?.context ?? 0,
    chain: args.chain ?? position?.chain ?? false,
    thread: args.thread ?? position?.thread !== undefined,
  };
  if (position !== undefined) assertAgreement(args, position);
  assertSense(names, args.chat ?? position?.chat, wanted);
  const directory = openDirectory(sources, context);
  const self = await findSelf(directory);
  const name = args.chat ?? position?.chat;
  const given = name === undefined ? undefined : await resolveChat(directory, name);
  if (position !== undefined && given?.peer.id !== position.chat) throw disagrees("chat");
  const frame = {
    self: self.id,
    observedAt: new Date(sources.now()).toISOString(),
    limit: args.limit,
    fields: args.fields,
    maxChars: args.max_chars,
    notes: notesOf(given),
    cursorAfter: (after: Position["after"], thread?: Position["thread"]): string => {
      const { context: neighbours, chain } = wanted;
      const next: Position = {
        messages: digestOf(args.messages),
        chat: given?.peer.id,
        context: neighbours,
        chain,
        thread,
        after,
      };
      return sources.cursors.seal(NAME, context.principal, next);
    },
  };
  const query = { names, chat: name, context: wanted.context, chain: wanted.chain, after: position?.after };
  if (!wanted.thread) return await readNamedPage(directory, query, frame);
  const { thread, after } = position ?? {};
  return await readThreadPage(directory, query, frame, thread && after && { thread, after });
}

/** Many names are long, and a cursor is to stay short. */
function digestOf(messages: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(messages.map((name) => name.trim()))).digest("base64url");
}

/** @throws AppError INVALID_CURSOR naming an argument that the cursor was not made with */
function assertAgreement(args: Arguments, position: Position): void {
  if (digestOf(args.messages) !== position.messages) throw disagrees("messages");
  if (args.context !== undefined && args.context !== position.context) throw disagrees("context");
  if (args.chain !== undefined && args.chain !== position.chain) throw disagrees("chain");
  if (args.thread !== undefined && args.thread !== (position.thread !== undefined)) throw disagrees("thread");
}

/** @throws AppError INPUT_VALIDATION for arguments that do not go together */
function assertSense(names: readonly Named[], chat: string | undefined, wanted: Surroundings): void {
  const bare = names.flatMap(({ reference }) => "id" in reference ? [reference.id] : [])[0];
  if (bare !== undefined && chat === undefined) throw chatNeeded(bare);
  if (!wanted.thread) return;
  if (names.length !== 1) {
    throw new AppError("INPUT_VALIDATION", "thread: it reads the replies under exactly one message.", {
      field: "thread",
      hint: "Send one message with thread, or leave thread out.",
    });
  }
  const other = wanted.context > 0 ? "context" : wanted.chain ? "chain" : undefined;
  if (other === undefined) return;
  throw new AppError("INPUT_VALIDATION", `${other}: a thread is read by itself.`, {
    field: other,
    hint: `Leave ${other} or thread out.`,
  });
}

function notesOf(given: Resolved | undefined): string[] {
  if (given?.target?.message === undefined) return [];
  return ["The message of the link in chat is not applied; to get it put the link into messages."];
}
