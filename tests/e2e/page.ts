/**
 * Pages of messages as tests read them.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import type { WorldMessage } from "../../sandbox/world/mod.ts";
import { messageSchema } from "../../src/model/message.ts";
import type { TestServer } from "./server.ts";

const rowSchema = z.array(z.union([z.number(), z.string(), z.record(z.string(), z.unknown())]));
const base = {
  chat: z.strictObject({
    id: z.string(),
    kind: z.string(),
    title: z.string(),
    username: z.string().optional(),
    link: z.string().optional(),
    protected: z.literal(true).optional(),
  }),
  range: z.strictObject({ from: z.string().optional(), to: z.string().optional() }).optional(),
  count: z.int(),
  total: z.int().optional(),
  has_more: z.boolean(),
  next_cursor: z.string().optional(),
  notes: z.array(z.string()).optional(),
  neutralized: z.int().min(1).optional(),
};

/** A compact page, strictly. */
export const compactSchema = z.strictObject({
  ...base,
  senders: z.record(z.string(), z.string()).optional(),
  columns: z.array(z.string()),
  messages: z.array(z.strictObject({ day: z.string(), rows: z.array(rowSchema).min(1) })),
});
/** A full page, strictly: unknown keys of a message are refused too. */
export const fullSchema = z.strictObject({ ...base, messages: z.array(messageSchema.strict()) });

export type CompactPage = z.infer<typeof compactSchema>;
export type FullPage = z.infer<typeof fullSchema>;

/** A date as pages write it, less its zone. */
export const rfc = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19);

const KEYS = [
  "chat",
  "range",
  "count",
  "total",
  "has_more",
  "next_cursor",
  "notes",
  "neutralized",
  "senders",
  "columns",
  "messages",
];

/** A successful answer; asserts that its keys stand in the order in which clients may cut it. */
export async function answer(server: TestServer, tool: string, args: unknown): Promise<Record<string, unknown>> {
  const { status, body } = await server.call(tool, args);
  assert.equal(status, 200, `${tool} ${JSON.stringify(args)}: ${JSON.stringify(body)}`);
  return body;
}

/** A compact page of fetch_history. */
export async function compact(server: TestServer, args: Record<string, unknown>): Promise<CompactPage> {
  const body = await answer(server, "fetch_history", args);
  assert.deepEqual(Object.keys(body), KEYS.filter((key) => key in body));
  return compactSchema.parse(body);
}

/** A full page of fetch_history. */
export async function full(server: TestServer, args: Record<string, unknown>): Promise<FullPage> {
  const body = await answer(server, "fetch_history", { ...args, fields: "full" });
  assert.deepEqual(Object.keys(body), KEYS.filter((key) => key in body));
  return fullSchema.parse(body);
}

/** A row taken apart by the page's columns; `from` is absent where the page has no such column. */
export interface Shown {
  readonly id: number;
  /** RFC 3339, UTC. */
  readonly date: string;
  readonly from?: string;
  readonly text: string;
  readonly more: Readonly<Record<string, unknown>>;
}

/** The messages of a compact page, in order. */
export function shown(page: CompactPage): Shown[] {
  const hasFrom = page.columns.includes("from");
  assert.deepEqual(page.columns, ["id", "utc", ...(hasFrom ? ["from"] : []), "text", "more"]);
  const row = z.tuple([z.int(), z.string(), ...(hasFrom ? [z.string()] : []), z.string()]).rest(
    z.record(z.string(), z.unknown()),
  );
  return page.messages.flatMap(({ day, rows }) =>
    rows.map((cells): Shown => {
      const [id, time, ...rest] = row.parse(cells);
      const texts = rest.filter((cell) => typeof cell === "string");
      const last = rest.at(-1);
      const more = typeof last === "object" ? last : {};
      assert.equal(rest.length - texts.length <= 1 && texts.length, hasFrom ? 2 : 1);
      assert.ok(typeof last !== "object" || Object.keys(last).length > 0, "more is left out when it is empty");
      return { id, date: `${day}T${time}Z`, ...(hasFrom ? { from: texts[0] } : {}), text: texts.at(-1) ?? "", more };
    })
  );
}

/** The ids of any page, in order. */
export function idsOf(page: CompactPage | FullPage): number[] {
  return "columns" in page ? shown(page).map(({ id }) => id) : page.messages.map(({ id }) => id);
}

const NOTHING: Readonly<Record<string, unknown>> = {};

/**
 * One page, checked for itself: its messages as `chat/id`.
 * @param wanted the messages that may be shown, by the same
 * @param chat the one that a row without `chat` is of
 */
export function readPage(
  tool: string,
  body: Record<string, unknown>,
  shape: Record<string, unknown>,
  wanted: ReadonlyMap<string, WorldMessage>,
  chat: string,
): { readonly ids: string[]; readonly next?: string; readonly total?: number; readonly notes: readonly string[] } {
  const page = shape.fields === "full" ? fullSchema.parse(body) : compactSchema.parse(body);
  const limit = Number(shape.limit ?? (tool === "search_messages" ? 20 : 50));
  const notes = page.notes ?? [];
  const rows = "columns" in page
    ? shown(page).map((row) => ({ ...row, id: `${row.more.chat ?? chat}/${row.id}` }))
    : page.messages.map(({ id, chat_id, date, text }) => ({ id: `${chat_id}/${id}`, date, text, more: NOTHING }));
  assert.equal(page.count, rows.length, "count is the number of messages");
  assert.ok(rows.length <= limit, `a page of ${rows.length} exceeds limit ${limit}`);
  const size = JSON.stringify(body).length;
  assert.ok(size <= Number(shape.max_chars ?? 32_000) || rows.length <= 1, `${size} characters exceed max_chars`);
  assert.equal(page.has_more, page.next_cursor !== undefined, "has_more comes with a cursor");
  assert.ok(rows.length === limit || !page.has_more || notes.length > 0, "a short page says why");
  if (rows.length === 0) assert.ok(notes.length > 0, "an empty page explains itself");
  for (const row of rows) {
    const message = wanted.get(row.id);
    assert.equal(row.date, `${rfc(message?.date ?? 0)}Z`);
    assert.equal(row.text, message?.text.slice(0, message.text.length - Number(row.more.cut ?? 0)));
  }
  return { ids: rows.map(({ id }) => id), next: page.next_cursor, total: page.total, notes };
}
