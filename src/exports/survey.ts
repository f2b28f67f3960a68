/**
 * How far an NDJSON file that was cut off is good.
 * @module
 */
import { z } from "zod";

/** The good beginning of a file. */
export interface Extent {
  readonly lines: number;
  readonly bytes: number;
  /** The id of its last message, 0 without one. */
  readonly lastId: number;
}

const LINE_FEED = 10;
const lineSchema = z.object({ schema: z.literal("message/1"), chat_id: z.string(), id: z.int() });

/**
 * Reads a file from its start: whole lines, messages of one chat, ids rising. Where that ends, whatever a crash left behind,
 * the export goes on.
 */
export async function survey(file: Deno.FsFile, chat: string): Promise<Extent> {
  const chunk = new Uint8Array(1 << 20);
  let [lines, bytes, lastId] = [0, 0, 0];
  let begun = new Uint8Array();
  await file.seek(0, Deno.SeekMode.Start);
  for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
    const data = new Uint8Array(begun.length + count);
    data.set(begun);
    data.set(chunk.subarray(0, count), begun.length);
    let start = 0;
    for (let end = data.indexOf(LINE_FEED); end !== -1; end = data.indexOf(LINE_FEED, start)) {
      const id = messageId(data.subarray(start, end), chat);
      if (id === undefined || id <= lastId) return { lines, bytes, lastId };
      [lines, bytes, lastId] = [lines + 1, bytes + end + 1 - start, id];
      start = end + 1;
    }
    begun = data.slice(start);
  }
  return { lines, bytes, lastId };
}

function messageId(line: Uint8Array, chat: string): number | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(line);
    const { data } = lineSchema.safeParse(JSON.parse(text));
    return data?.chat_id === chat ? data.id : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
