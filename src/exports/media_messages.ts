/**
 * The messages of an export that have files, found again in its file of messages.
 * @module
 */
import { join } from "node:path";
import { type Message, messageSchema } from "../model/message.ts";
import { readLines } from "./lines.ts";
import { MESSAGES_FILE } from "./manifest.ts";
import { type Slot, slotsOf } from "./media_slots.ts";

/** What of a message its files are asked for and recorded by. */
export type FileMessage = Pick<Message, "schema" | "chat_id" | "id" | "media" | "media_items">;

/** A message that has files, and where its line lies; bytes. */
export interface Pending {
  readonly message: FileMessage;
  readonly slots: readonly Slot[];
  readonly begin: number;
  readonly end: number;
}

/** A place behind messages that have none. */
interface Passed {
  readonly message?: undefined;
  readonly slots?: undefined;
  readonly end: number;
}

/** Messages of one chat, which may be none, and where what follows them begins. */
export interface Batch {
  readonly pending: readonly Pending[];
  readonly end: number;
}

/** Messages that are read again at once: as many as one request takes. */
const BATCH = 100;
/** Without messages that have files, a place to go on from comes after so much. */
const STRETCH_BYTES = 1 << 20;

const fileMessageSchema = messageSchema.pick({ schema: true, chat_id: true, id: true, media: true, media_items: true });
/** One of the two fields, as JSON has it: most messages have none, and a text that says so costs a second look. */
const MAY_HAVE_FILES = /"media(_items)?":/;

/**
 * Reads the part of the messages' file, and of most lines no more than that they have no files.
 * @param folder the job's own
 * @param from where a line begins, in bytes; `to` is where to stop
 * @throws the signal's reason; Deno.errors of the file system
 */
export async function* readFileMessages(
  folder: string,
  { from = 0, to, signal }: { readonly from?: number; readonly to?: number; readonly signal: AbortSignal },
): AsyncGenerator<Pending | Passed, void, undefined> {
  let [begin, told] = [from, from];
  for await (const { text, end } of readLines(join(folder, `${MESSAGES_FILE}.part`), from, to, { signal })) {
    signal.throwIfAborted();
    // Deletions, which an export that continues another has among its messages, have no files.
    const message = MAY_HAVE_FILES.test(text) ? fileMessageSchema.safeParse(JSON.parse(text)).data : undefined;
    const slots = message === undefined ? [] : slotsOf(message);
    if (message !== undefined && slots.length > 0) {
      yield { message, slots, begin, end };
      told = end;
    } else if (end - told >= STRETCH_BYTES) {
      yield { end };
      told = end;
    }
    begin = end;
  }
}

/** The same in batches. */
export async function* readBatches(...args: Parameters<typeof readFileMessages>): AsyncGenerator<Batch> {
  let pending: Pending[] = [];
  let end = 0;
  for await (const each of readFileMessages(...args)) {
    const isOther = each.message !== undefined && each.message.chat_id !== pending[0]?.message.chat_id;
    if (pending.length > 0 && (isOther || pending.length === BATCH)) {
      yield { pending, end };
      pending = [];
    }
    if (each.message !== undefined) pending.push(each);
    else if (pending.length === 0) yield { pending: [], end: each.end };
    end = each.end;
  }
  if (pending.length > 0) yield { pending, end };
}
