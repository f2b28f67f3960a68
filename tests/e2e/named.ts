/**
 * Pages of get_messages as tests read them.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { messageSchema } from "../../src/model/message.ts";
import { answer } from "./page.ts";
import type { TestServer } from "./server.ts";

const envelope = {
  chat: z.looseObject({ id: z.string() }).optional(),
  count: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).optional(),
  missing: z.array(z.union([z.int(), z.string()])).optional(),
};
const fullSchema = z.strictObject({ ...envelope, messages: z.array(messageSchema.strict()) });
const compactSchema = z.strictObject({
  ...envelope,
  neutralized: z.int().optional(),
  senders: z.record(z.string(), z.string()).optional(),
  chats: z.record(z.string(), z.string()).optional(),
  columns: z.array(z.string()),
  messages: z.array(z.strictObject({ day: z.string(), rows: z.array(z.array(z.unknown())) })),
});

const hitSchema = z.looseObject({ hit: z.boolean().optional() });

/** Arguments of get_messages. */
export type Args = Readonly<Record<string, unknown>>;

/** A page of whole messages. */
export async function full(server: TestServer, args: Args): Promise<z.infer<typeof fullSchema>> {
  const page = fullSchema.parse(await answer(server, "get_messages", { ...args, fields: "full" }));
  assert.equal(page.count, page.messages.length);
  return page;
}

/** A compact page and, for every row, its id, its chat's label where there is such a column, and whether it is marked. */
export async function compact(
  server: TestServer,
  args: Args,
): Promise<
  z.infer<typeof compactSchema> & { readonly rows: { id: number; chat: unknown; hit: boolean; text: unknown }[] }
> {
  const page = compactSchema.parse(await answer(server, "get_messages", args));
  const [chat, text] = [page.columns.indexOf("chat"), page.columns.indexOf("text")];
  const rows = page.messages.flatMap(({ rows }) =>
    rows.map((cells) => ({
      id: z.int().parse(cells[0]),
      chat: chat < 0 ? undefined : cells[chat],
      hit: hitSchema.safeParse(cells[text + 1]).data?.hit ?? false,
      text: cells[text],
    }))
  );
  return { ...page, rows };
}

/** The messages of a page as `chat/id`. */
export const places = (page: z.infer<typeof fullSchema>): string[] =>
  page.messages.map(({ chat_id, id }) => `${chat_id}/${id}`);

/** All pages of a call, each message as `chat/id`. */
export async function walk(
  server: TestServer,
  args: Args,
): Promise<{ readonly places: string[]; readonly pages: number }> {
  const found: string[] = [];
  let cursor: string | undefined;
  for (let pages = 1;; pages++) {
    const page = await full(server, { ...args, cursor });
    assert.ok(page.count > 0, "no page is empty");
    found.push(...places(page));
    if (!page.has_more) return { places: found, pages };
    assert.ok(pages < 500, "the walk ends");
    cursor = page.next_cursor;
  }
}
