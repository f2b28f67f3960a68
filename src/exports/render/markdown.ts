/**
 * Markdown (CommonMark and GitHub's extensions) for a person or a model: messages by day, each under a heading of its own.
 * Text of other people cannot make a heading, and nothing in it is interpreted but the entities that it was sent with.
 * @module
 */
import type { Message } from "../../model/message.ts";
import { visible } from "../../model/visible.ts";
import { createNames } from "./chats.ts";
import { createClock, type Shown } from "./clock.ts";
import { factLines } from "./facts.ts";
import { markdownLine, markdownText } from "./markdown_text.ts";
import type { Chunk, RenderContext } from "./render.ts";

/** See the module's text. Characters that hide or reorder text are made visible. */
export async function* renderMarkdown(context: RenderContext, records: AsyncIterable<Message>): AsyncGenerator<Chunk> {
  const file = "messages.md";
  const names = createNames(context);
  const clock = createClock(context.tz);
  const line = (text: string): string => markdownLine(visible(text.replaceAll(/\r\n?|\n/g, " ")));
  let [chatId, day] = ["", ""];
  yield { file, text: head(context, line) };
  for await (const message of records) {
    const chat = names.chatOf(message);
    const date = clock(message.date);
    let text = "";
    if (chat.id !== chatId) {
      const username = chat.username === undefined ? "" : ` @${chat.username}`;
      // It does not end with the title, of which a closing row of # would be taken away.
      text += `\n# ${line(chat.title)} (${chat.kind} ${chat.id}${line(username)})\n`;
      [chatId, day] = [chat.id, ""];
    }
    if (date.day !== day) text += `\n## ${date.day}\n`;
    day = date.day;
    const edited = message.edited === undefined ? "" : ` · edited ${editTime(clock(message.edited), date)}`;
    const { name, username } = message.sender ?? { ...chat, name: chat.title };
    const handle = username === undefined ? "" : ` ${line(`@${username}`)}`;
    text += `\n### ${line(name)}${handle} · ${date.time} · #${message.id}${edited}\n`;
    const lines = factLines(message, (id) => names.nameOf(id, message));
    if (lines.length > 0) text += "\n";
    for (const facts of lines) {
      text += `- ${facts.map(({ label, value }) => `${label}: ${line(value)}`).join(" · ")}\n`;
    }
    const files = context.mediaOf?.(message) ?? [];
    if (files.length > 0 && lines.length === 0) text += "\n";
    for (const each of files) {
      text += "file" in each ? `- file: [${each.file}](${each.file})\n` : `- file: not downloaded (${each.skipped})\n`;
    }
    if (message.text !== "") text += `\n${markdownText(message.text, message.entities)}\n`;
    yield { file, text };
  }
}

function head({ created, query, tz }: RenderContext, line: (text: string) => string): string {
  const read = created === undefined ? "" : ` Read at ${line(created)}.`;
  const asked = query === undefined ? "" : ` Asked for: ${line(query)}`;
  return `Telegram messages. Times are in ${line(tz)}.${read}${asked}\n`;
}

function editTime({ day, time }: Shown, sent: Shown): string {
  return day === sent.day ? time : `${day} ${time}`;
}
