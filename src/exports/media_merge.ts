/**
 * Messages together with what became of their files: two files of the same order, read side by side in constant memory.
 * @module
 */
import type { MediaRecord } from "../model/media_record.ts";
import type { Message } from "../model/message.ts";
import { readRecordsOf } from "./media_known.ts";

/** Messages, and a way from each to its records. */
export interface Merged {
  readonly messages: AsyncIterable<Message>;
  /** In the order of the message's files; none for a message that has none, or that has not been read. */
  readonly mediaOf: (message: Message) => readonly MediaRecord[];
}

/**
 * Reads the records along with the messages.
 * @param path the file of records
 * @throws ZodError and SyntaxError for a line that is no record
 */
export function mergeMedia(messages: AsyncIterable<Message>, path: string): Merged {
  const found = new WeakMap<Message, readonly MediaRecord[]>();
  return { messages: merge(messages, path, found), mediaOf: (message) => found.get(message) ?? [] };
}

async function* merge(
  messages: AsyncIterable<Message>,
  path: string,
  found: WeakMap<Message, readonly MediaRecord[]>,
): AsyncGenerator<Message> {
  const records = readRecordsOf(path);
  try {
    let next = await records.next();
    for await (const message of messages) {
      const own: MediaRecord[] = [];
      while (!next.done && next.value.id === message.id && next.value.chat_id === message.chat_id) {
        own.push(next.value);
        next = await records.next();
      }
      if (own.length > 0) found.set(message, own);
      yield message;
    }
  } finally {
    await records.return();
  }
}
