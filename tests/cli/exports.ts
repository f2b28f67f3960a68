/**
 * Reading exported files.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";

const line = z.looseObject({
  schema: z.literal("message/1"),
  id: z.int(),
  chat_id: z.string(),
  observed_at: z.string(),
});

/** The messages of an NDJSON text, less what differs between runs. */
export function messagesOf(text: string): { readonly id: number; readonly chat_id: string }[] {
  assert.ok(text === "" || text.endsWith("\n"), "the last line is whole");
  return text.split("\n").slice(0, -1).map((each) => {
    const { observed_at: _, ...message } = line.parse(JSON.parse(each));
    return message;
  });
}

/** The messages of a file. */
export async function readExport(path: string): Promise<{ readonly id: number; readonly chat_id: string }[]> {
  return messagesOf(await Deno.readTextFile(path));
}

/** The ids of a file's messages. */
export async function idsOf(path: string): Promise<number[]> {
  return (await readExport(path)).map(({ id }) => id);
}

/** How big a file is; 0 when there is none. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** How much of an export is written that is not finished, in bytes. */
export async function sizeOfPart({ DATA_DIR }: { readonly DATA_DIR?: string | undefined }): Promise<number> {
  try {
    for await (const { name } of Deno.readDir(join(DATA_DIR ?? "", "exports"))) {
      const size = await sizeOf(join(DATA_DIR ?? "", "exports", name, "messages.ndjson.part"));
      if (size > 0) return size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return 0;
}
