/**
 * The shape of Telegram Desktop's `result.json`, its machine-readable export, so that what reads that reads this. Fields,
 * their names and their order are those of its writer
 * (https://github.com/telegramdesktop/tdesktop/blob/dev/Telegram/SourceFiles/export/output/export_output_json.cpp).
 * What it does not know keeps the names of `message/1`; what Telegram did not send is absent rather than 0 or false.
 * @module
 */
import { AppError } from "../../errors.ts";
import type { ChatKind } from "../../model/chat.ts";
import type { Message } from "../../model/message.ts";
import { bareId } from "../../telegram/ids.ts";
import { createNames } from "./chats.ts";
import { createClock } from "./clock.ts";
import { jsonMessage } from "./json_message.ts";
import type { Chunk, RenderChat, RenderContext } from "./render.ts";

const FILE = "result.json";
/** Between a basic group's ids and those that they get in its supergroup's file, where Telegram Desktop puts them too. */
const MIGRATED_SHIFT = -1_000_000_000;

/**
 * Renders messages of one chat as that chat, and of several as `{about, chats: {about, list}}`. Chats of the context beyond
 * the first ask for the latter; in it, messages of a chat that do not come together are several entries. A basic group
 * belongs to the supergroup that it has become, and its messages have ids below zero there.
 * @throws AppError UNSUPPORTED when messages are of several chats of which the context does not know
 */
export async function* renderJson(context: RenderContext, records: AsyncIterable<Message>): AsyncGenerator<Chunk> {
  const names = createNames(context);
  const clock = createClock(context.tz);
  const entryOf = (chat: RenderChat): RenderChat => context.chats.find(({ id }) => id === chat.migrated_to) ?? chat;
  const [only, ...others] = new Set(context.chats.map(entryOf));
  const several = others.length > 0;
  let current: RenderChat | undefined;
  for await (const message of records) {
    const chat = names.chatOf(message);
    const entry = entryOf(chat);
    const isNew = entry.id !== current?.id;
    if (isNew && current !== undefined && !several) throw unannounced();
    const before = !isNew
      ? ","
      : current === undefined
      ? `${several ? head(context) : ""}${begin(entry, context.self)}`
      : `${end()},${begin(entry, context.self)}`;
    const shift = entry === chat ? 0 : MIGRATED_SHIFT;
    const indented = JSON.stringify(
      jsonMessage(message, { chat, shift, names, clock }, context.mediaOf?.(message)),
      undefined,
      1,
    ).replaceAll(
      "\n",
      "\n  ",
    );
    yield { file: FILE, text: `${before}\n  ${indented}` };
    current = entry;
  }
  if (current !== undefined) yield { file: FILE, text: `${end()}${several ? "]}}" : ""}\n` };
  else if (only !== undefined && !several) yield { file: FILE, text: `${begin(only, context.self)}${end()}\n` };
  else yield { file: FILE, text: `${head(context)}]}}\n` };
}

function head({ created, query }: RenderContext): string {
  const read = created === undefined ? "" : ` They were read at ${created}.`;
  const about = `Messages exported by telegram-toolkit-mcp.${read}${query === undefined ? "" : ` Asked for: ${query}`}`;
  return `{\n "about": ${JSON.stringify(about)},\n "chats": {\n "about": "The chats of this export.",\n "list": [`;
}

function begin(chat: RenderChat, self: string | undefined): string {
  const type = chat.id === self ? "saved_messages" : typeOf(chat);
  const name = type === "saved_messages" ? "" : `\n "name": ${JSON.stringify(chat.title)},`;
  return `{${name}\n "type": ${JSON.stringify(type)},\n "id": ${bareId(chat.id)},\n "messages": [`;
}

function end(): string {
  return "\n ]\n}";
}

const PRIVATE: Readonly<Record<Exclude<ChatKind, "channel" | "supergroup" | "forum">, string>> = {
  saved: "saved_messages",
  user: "personal_chat",
  bot: "bot_chat",
  group: "private_group",
};

function typeOf({ kind, username }: RenderChat): string {
  if (kind !== "channel" && kind !== "supergroup" && kind !== "forum") return PRIVATE[kind];
  return `${username === undefined ? "private" : "public"}_${kind === "channel" ? "channel" : "supergroup"}`;
}

function unannounced(): AppError {
  return new AppError("UNSUPPORTED", "The messages are of several chats, and not all of them were named beforehand.");
}
