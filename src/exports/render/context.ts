/**
 * What the messages of a file tell of their chats, for a render that is told nothing else.
 * @module
 */
import type { Message } from "../../model/message.ts";
import { guessChat } from "./chats.ts";
import type { RenderChat, RenderContext } from "./render.ts";

/** Actions whose title is the chat's. */
const NAMING: ReadonlySet<string> = new Set(["chat_create", "channel_create", "chat_edit_title"]);

/**
 * Reads all messages once. A chat's title is what its latest service message says, or the name under which it writes
 * itself; without either it is its `@name` or its id.
 */
export async function readContext(records: AsyncIterable<Message>): Promise<Omit<RenderContext, "tz">> {
  const chats = new Map<string, RenderChat>();
  let self: string | undefined;
  let created: string | undefined;
  for await (const message of records) {
    const { chat_id: id, sender, service, outgoing } = message;
    if (outgoing && sender?.kind === "user") self = sender.id;
    created = message.observed_at;
    const before = chats.get(id);
    // The first message may be a bot's own, a service message, or not have a link.
    const guess = guessChat(message, self);
    const named = service !== undefined && NAMING.has(service.action) ? service.title : undefined;
    const title = named ?? (sender?.id === id ? sender.name : undefined) ?? before?.title ?? id;
    const migrated = service?.action === "chat_migrate_to" ? { migrated_to: service.chat_id } : {};
    chats.set(id, { ...before, ...guess, ...migrated, kind: kindOf(before, guess), title });
  }
  const shown = [...chats.values()].map((chat) =>
    chat.title === chat.id && chat.username !== undefined ? { ...chat, title: `@${chat.username}` } : chat
  );
  return { chats: shown, ...(self === undefined ? {} : { self }), ...(created === undefined ? {} : { created }) };
}

/** One post makes a channel, one message of its own a bot, whatever came after. */
function kindOf(before: RenderChat | undefined, { kind }: Pick<RenderChat, "kind">): RenderChat["kind"] {
  return before?.kind === "channel" || before?.kind === "bot" || before?.kind === "saved" ? before.kind : kind;
}
